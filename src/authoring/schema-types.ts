/**
 * TypeScript types from the JSON Schemas of a manifest: the keywords that authors use. What it does not know becomes `unknown`, so a
 * type is never narrower than its schema, but for fields that a schema merely puts up with: those an author has to declare.
 */
type Schema = Readonly<Record<string, unknown>>;

export interface SchemaTypes {
  /** The type of the whole. */
  readonly type: string;
  /** Declarations for `$defs` that are used. */
  readonly declarations: readonly string[];
}

const DEPTH_MAX = 32;

/** `prefix` sets the names of declarations apart: `Input`, `Output`. */
export function typesOfSchema(schema: unknown, prefix: string): SchemaTypes {
  const writer = new SchemaWriter(schema, prefix);
  const type = writer.write(schema, 0);
  return { type, declarations: writer.declarations() };
}

class SchemaWriter {
  readonly #root: unknown;
  readonly #prefix: string;
  readonly #named = new Map<string, string>();
  readonly #bodies = new Map<string, string>();

  constructor(root: unknown, prefix: string) {
    this.#root = root;
    this.#prefix = prefix;
  }

  declarations(): readonly string[] {
    return [...this.#bodies].map(([name, body]) => `export type ${name} = ${body};`);
  }

  write(schema: unknown, depth: number): string {
    if (schema === false) return 'never';
    if (!isObject(schema) || depth > DEPTH_MAX) return 'unknown';
    const parts = [
      ...this.#reference(schema, depth),
      ...values(schema),
      ...this.#alternatives(schema, depth),
      ...list(schema.allOf).map((each) => this.write(each, depth + 1)),
    ].filter((part) => part !== 'unknown');
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    if (parts.length > 0) return parts.map(inBrackets).join(' & ');
    return this.#byType(schema, depth);
  }

  #reference({ $ref: ref }: Schema, depth: number): string[] {
    if (typeof ref !== 'string') return [];
    const [, key = ''] = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(ref) ?? [];
    const known = this.#named.get(ref);
    if (known !== undefined) return [known];
    const target = isObject(this.#root)
      ? Object.entries({ ...asObject(this.#root.definitions), ...asObject(this.#root.$defs) }).find(
          ([name]) => name === key,
        )?.[1]
      : undefined;
    if (target === undefined) return ['unknown'];
    const name = this.#newName(key);
    this.#named.set(ref, name);
    this.#bodies.set(name, 'unknown');
    this.#bodies.set(name, this.write(target, depth + 1));
    return [name];
  }

  #newName(key: string): string {
    const base = `${this.#prefix}${key.replace(/\W+/g, '_').replace(/^./, (c) => c.toUpperCase())}`;
    let name = base;
    for (let at = 2; this.#bodies.has(name); at++) name = `${base}${at}`;
    return name;
  }

  #alternatives(schema: Schema, depth: number): string[] {
    const all = [...list(schema.anyOf), ...list(schema.oneOf)];
    if (all.length === 0) return [];
    const base = schema.properties === undefined ? [] : [this.#byType(schema, depth)];
    return [...base, union(all.map((each) => this.write(each, depth + 1)))];
  }

  #byType(schema: Schema, depth: number): string {
    const types = typeof schema.type === 'string' ? [schema.type] : list(schema.type);
    if (types.length > 0) return union(types.map((type) => this.#ofType(type, schema, depth)));
    if (schema.properties !== undefined) return this.#object(schema, depth);
    if (schema.items !== undefined || schema.prefixItems !== undefined)
      return this.#array(schema, depth);
    return 'unknown';
  }

  #ofType(type: unknown, schema: Schema, depth: number): string {
    switch (type) {
      case 'string':
      case 'boolean':
      case 'null':
        return type;
      case 'number':
      case 'integer':
        return 'number';
      case 'array':
        return this.#array(schema, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        return 'unknown';
    }
  }

  #array({ items, prefixItems, minItems }: Schema, depth: number): string {
    const needed = typeof minItems === 'number' ? minItems : 0;
    const first = list(prefixItems).map(
      (each, at) => `${inBrackets(this.write(each, depth + 1))}${at < needed ? '' : '?'}`,
    );
    const rest = items === undefined ? 'unknown' : this.write(items, depth + 1);
    if (first.length === 0) return `${inBrackets(rest)}[]`;
    return rest === 'never'
      ? `[${first.join(', ')}]`
      : `[${first.join(', ')}, ...${inBrackets(rest)}[]]`;
  }

  #object({ properties, required, additionalProperties }: Schema, depth: number): string {
    const fields = Object.entries(asObject(properties));
    const needed = new Set(list(required));
    const pad = '  '.repeat(depth + 1);
    const lines = fields.map(([name, schema]) => {
      const optional = needed.has(name) ? '' : '?';
      const type = this.write(schema, depth + 1);
      return `${noteOf(schema, pad)}${pad}${keyOf(name)}${optional}: ${type};`;
    });
    const open = this.#openFields(additionalProperties, fields.length, depth);
    if (open !== undefined) lines.push(`${pad}[name: string]: ${open};`);
    return lines.length === 0
      ? 'Record<string, never>'
      : `{\n${lines.join('\n')}\n${'  '.repeat(depth)}}`;
  }

  /** Fields beside those with a name: beside some they may be of any type, or those would not fit. */
  #openFields(additional: unknown, named: number, depth: number): string | undefined {
    if (additional === false) return undefined;
    if (named > 0) return additional === undefined ? undefined : 'unknown';
    return isObject(additional) ? this.write(additional, depth + 1) : 'unknown';
  }
}

const values = (schema: Schema): string[] => {
  if (schema.const !== undefined) return [literal(schema.const)];
  const all = list(schema.enum);
  return all.length > 0 ? [union(all.map(literal))] : [];
};

/** Null is a value too. Objects and lists as constants are rare, and their schema says more. */
const literal = (value: unknown): string =>
  typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value);

const union = (types: readonly string[]): string => {
  const all = [...new Set(types.flatMap((type) => (type === 'never' ? [] : [type])))];
  if (all.includes('unknown')) return 'unknown';
  const [only = 'never'] = all;
  return all.length < 2 ? only : all.map(inBrackets).join(' | ');
};

/** A type that stands beside others. */
function inBrackets(type: string): string {
  const isOne = /^[\w.]+(\[\])*$/.test(type) || /^"[^"]*"$/.test(type) || isOneGroup(type);
  return isOne ? type : `(${type})`;
}

/** One pair of brackets or braces around the whole, with array signs behind. */
function isOneGroup(type: string): boolean {
  let depth = 0;
  const end = type.replace(/(\[\])+$/, '');
  for (let at = 0; at < end.length; at++) {
    const character = end[at] ?? '';
    if ('{(['.includes(character)) depth++;
    else if ('})]'.includes(character)) depth--;
    if (depth === 0) return at === end.length - 1 && at > 0;
  }
  return false;
}

const keyOf = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);

/** The description, so that an editor shows it. */
function noteOf(schema: unknown, pad: string): string {
  const description = isObject(schema) ? schema.description : undefined;
  if (typeof description !== 'string' || description === '') return '';
  return `${pad}/** ${description.replaceAll('*/', '*\\/').replace(/\s+/g, ' ')} */\n`;
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asObject = (value: unknown): Schema => (isObject(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
