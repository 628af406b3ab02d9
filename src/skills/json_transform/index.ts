type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Op = { [name: string]: Json };
interface Input {
  /** JSON, whatever it is. */
  value: unknown;
  ops: unknown[];
}

/** Applies the operations in order: each takes what the one before gave. Same input, same bytes. */
export default function jsonTransform({ value, ops }: Input): Json {
  return (ops as Op[]).reduce((before, op, index) => apply(before, op, index), value as Json);
}

function apply(value: Json, op: Op, index: number): Json {
  const [name = '', argument = null] = Object.entries(op)[0] ?? [];
  const operation = OPERATIONS[name];
  if (!operation)
    throw new TypeError(
      `/ops/${index}: unknown operation ${name}; there are ${Object.keys(OPERATIONS).join(', ')}`,
    );
  try {
    return operation(value, argument);
  } catch (error) {
    throw new TypeError(
      `/ops/${index}/${name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

const OPERATIONS: { [name: string]: (value: Json, argument: Json) => Json } = {
  get: (value, path) => at(value, path),
  pick: (value, names) =>
    each(value, (item) =>
      Object.fromEntries(list(names).map((name) => [String(name), at(item, name)])),
    ),
  filter: (value, test) => list(value).filter((item) => holds(item, test)),
  sortBy: (value, path) => [...list(value)].sort((a, b) => order(at(a, path), at(b, path))),
  slice: (value, range) => list(value).slice(...(list(range) as [number, number])),
  map: (value, template) => each(value, (item) => fill(template, item)),
  object: (value, template) => fill(template, value),
  count: (value) => list(value).length,
  sum: (value, path) => numbers(value, path).reduce((sum, n) => sum + n, 0),
  mean: (value, path) => {
    const all = numbers(value, path);
    return all.length === 0 ? null : all.reduce((sum, n) => sum + n, 0) / all.length;
  },
  min: (value, path) => extreme(value, path, (a, b) => a < b),
  max: (value, path) => extreme(value, path, (a, b) => a > b),
  first: (value) => list(value)[0] ?? null,
  last: (value) => list(value).at(-1) ?? null,
  round: (value, digits) => Number(number(value).toFixed(number(digits))),
};

/** `a.b[0].c`; an empty path or null is the value itself. A missing part gives null. */
function at(value: Json, path: Json): Json {
  if (path === null || path === '') return value;
  let found: Json | undefined = value;
  for (const part of String(path)
    .split(/[.[\]]+/)
    .filter((p) => p !== '')) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, part)) return null;
    found = (found as { [key: string]: Json })[part];
  }
  return found ?? null;
}

/** A template: strings that start with `$.` are paths into the item, the rest is taken as it is. */
function fill(template: Json, item: Json): Json {
  if (typeof template === 'string' && template.startsWith('$.')) return at(item, template.slice(2));
  if (template === '$') return item;
  if (Array.isArray(template)) return template.map((part) => fill(part, item));
  if (template === null || typeof template !== 'object') return template;
  return Object.fromEntries(Object.entries(template).map(([key, part]) => [key, fill(part, item)]));
}

function holds(item: Json, test: Json): boolean {
  const { path = null, is = null, above, below } = (test ?? {}) as { [key: string]: Json };
  const found = at(item, path);
  if (above !== undefined) return number(found) > number(above);
  if (below !== undefined) return number(found) < number(below);
  return JSON.stringify(found) === JSON.stringify(is);
}

const each = (value: Json, change: (item: Json) => Json): Json =>
  Array.isArray(value) ? value.map(change) : change(value);

function list(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`found ${typeof value}, expected an array`);
}

function number(value: Json): number {
  if (typeof value === 'number') return value;
  throw new TypeError(`found ${JSON.stringify(value)}, expected a number`);
}

const numbers = (value: Json, path: Json): number[] =>
  list(value).map((item) => number(at(item, path)));

function extreme(value: Json, path: Json, wins: (a: number, b: number) => boolean): Json {
  const all = numbers(value, path);
  return all.length === 0 ? null : all.reduce((best, n) => (wins(n, best) ? n : best));
}

const order = (a: Json, b: Json): number => (a === b ? 0 : (a ?? '') < (b ?? '') ? -1 : 1);
