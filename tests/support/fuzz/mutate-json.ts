/** JSON made hostile: values that parsers, prototypes and limits stumble over, put anywhere into a valid value. */
import type { Draw } from './draw.ts';

type Holder = Record<string | number, unknown>;

const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`);

/** Objects are made by the parser: `__proto__` is then a key like any other. */
const OBJECTS = [
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":1,"valueOf":1,"toJSON":1,"then":1,"length":-1}',
  '{"__defineGetter__":1,"hasOwnProperty":1}',
  '{"":{"":{"":0}}}',
  '[]',
  '{}',
];

const TEXTS = [
  '',
  '\0',
  '__proto__',
  'constructor',
  'prototype',
  'then',
  '\ud800',
  'a\udc00b',
  '\u202e\u2028\u001b[2J',
  '../../../../etc/passwd',
  '/etc/passwd',
  'a/../../b',
  'http://169.254.169.254/latest/meta-data',
  'http://api.example.com@127.0.0.1/',
  'https://api.example.com/',
  'http://[::ffff:7f00:1]/',
  'file:///etc/passwd',
  'javascript:1',
  'NaN',
  '%s%n%x',
  '${process.exit(1)}',
  '*',
  'a\r\nx-injected: 1',
];

const NUMBERS = [0, -0, -1, 1, 1.5, 255, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, -1e308, 5e-324];

export function hostileValue(draw: Draw): unknown {
  switch (draw.below(9)) {
    case 0:
      return draw.pick([null, true, false]);
    case 1:
      return draw.pick(NUMBERS);
    case 2:
    case 3:
      return draw.pick(TEXTS);
    case 4:
      return draw.below(10);
    case 5:
      return JSON.parse(draw.pick(OBJECTS));
    case 6:
      return draw.chance(0.1) ? nested(draw.pick([30, 40, 70, 500])) : [draw.pick(TEXTS)];
    case 7:
      return draw.pick(TEXTS).repeat(draw.chance(0.02) ? 20_000 : 1 + draw.below(40));
    default:
      return draw.chance(0.05)
        ? Array.from({ length: draw.pick([1_000, 12_000]) }, (_, at) => at)
        : Object.fromEntries([[draw.pick(TEXTS.slice(0, 6)), draw.pick(NUMBERS)]]);
  }
}

/** A copy of `value` with one thing in it changed. */
export function mutatedValue(value: unknown, draw: Draw): unknown {
  const root: { value: unknown } = { value: structuredClone(value) };
  const places: [Holder, string | number][] = [];
  const visit = (holder: Holder, key: string | number): void => {
    places.push([holder, key]);
    const held = holder[key];
    if (Array.isArray(held)) for (let at = 0; at < held.length; at++) visit(held as never, at);
    else if (typeof held === 'object' && held !== null)
      for (const inner of Object.keys(held)) visit(held as Holder, inner);
  };
  visit(root as Holder, 'value');
  const [holder, key] = draw.pick(places);
  const set = (to: unknown): void => {
    Object.defineProperty(holder, key, {
      ...{ value: to, writable: true, enumerable: true, configurable: true },
    });
  };
  const held = holder[key];
  const isObject = typeof held === 'object' && held !== null;
  switch (draw.below(8)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      set(draw.chance(0.5) ? [held] : { value: held });
      break;
    case 2: {
      const [other, otherKey] = draw.pick(places);
      set(structuredClone(other[otherKey]));
      break;
    }
    case 3:
      if (typeof held === 'number') set(held + draw.pick([-1, 1, 0.5, 2 ** 31]));
      else if (typeof held === 'string') set(held.slice(0, draw.below(held.length + 1)));
      else set(hostileValue(draw));
      break;
    case 4:
      if (typeof held === 'string') set(held + draw.pick(TEXTS));
      else set(hostileValue(draw));
      break;
    case 5:
      if (isObject && !Array.isArray(held)) {
        const added = draw.pick(TEXTS.slice(0, 6));
        const facts = { value: hostileValue(draw), enumerable: true, configurable: true };
        Object.defineProperty(held, added, { ...facts, writable: true });
      } else set(hostileValue(draw));
      break;
    default:
      set(hostileValue(draw));
  }
  return root.value ?? null;
}

/** JSON text of a hostile value; a lone surrogate stays one, as an escape. */
export const textOf = (value: unknown): string => JSON.stringify(value) ?? 'null';
