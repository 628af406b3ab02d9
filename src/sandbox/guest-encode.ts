/**
 * Guest code, as text: how a value leaves the isolate. It is evaluated in a fresh realm before any skill code, takes its
 * builtins at once, and afterwards looks nothing up that a skill could have replaced.
 *
 * `encode(value, cap)` writes JSON by reading own data properties only. It never calls a getter, `toJSON` or `toString`; a
 * proxy's traps do run, inside the isolate and its limits, each property once. What is not plain JSON data is refused by
 * name and place rather than turned into something else. `cap` bounds bytes (as UTF-16 units here, exactly in the host),
 * depth and values, each checked before the work it bounds.
 *
 * JSON's habits are kept for `undefined`: null at the top and in lists, left out of objects.
 */
export const GUEST_ENCODE = `
const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
const { isArray } = Array;
const { create, freeze, hasOwn } = Object;
const { isFinite } = Number;
const { parse, stringify } = JSON;
const ObjectPrototype = Object.prototype;
const stringSlice = String.prototype.slice;
const { isWellFormed, toWellFormed } = String.prototype;
const cut = (text, length) => apply(toWellFormed, apply(stringSlice, text, [0, length]), []);

let refusal = null;
const refuse = (facts) => { refusal = facts; throw facts; };
const isRefusal = (thrown) => refusal !== null && thrown === refusal;
const invalid = (pointer, found, expected) =>
  refuse({ __proto__: null, kind: 'invalid', pointer: cut(pointer, 200), found, expected });
const tooLarge = (unit) => refuse({ __proto__: null, kind: 'large', unit });

const KINDS = [
  [Array.prototype, 'an array of another class'], [Date.prototype, 'a Date'], [Map.prototype, 'a Map'],
  [Set.prototype, 'a Set'], [RegExp.prototype, 'a RegExp'], [Promise.prototype, 'a Promise'],
  [Error.prototype, 'an Error'], [ArrayBuffer.prototype, 'an ArrayBuffer'], [DataView.prototype, 'a DataView'],
  [getPrototypeOf(Uint8Array.prototype), 'a typed array'], [Number.prototype, 'a Number object'],
  [String.prototype, 'a String object'], [Boolean.prototype, 'a Boolean object'],
  [BigInt.prototype, 'a BigInt object'], [Symbol.prototype, 'a Symbol object'],
];
const nameKind = (prototype) => {
  for (let up = prototype, hops = 0; up !== null && hops < 8; up = getPrototypeOf(up), hops++) {
    for (let i = 0; i < KINDS.length; i++) if (KINDS[i][0] === up) return KINDS[i][1];
  }
  return 'an instance of a class';
};

const encode = (root, cap) => {
  let text = '';
  let nodes = 0;
  const put = (part) => {
    if (text.length + part.length > cap.bytes) tooLarge('bytes');
    text += part;
  };
  const putString = (value, pointer) => {
    if (text.length + value.length + 2 > cap.bytes) tooLarge('bytes');
    if (!apply(isWellFormed, value, [])) invalid(pointer, 'half of a character', 'well-formed text');
    put(stringify(value));
  };
  const dataOf = (descriptor, pointer) => {
    if (!hasOwn(descriptor, 'value')) invalid(pointer, 'an accessor property', 'a plain property');
    return descriptor.value;
  };
  const putList = (list, pointer, parents) => {
    const { value: length } = getOwnPropertyDescriptor(list, 'length');
    if (typeof length !== 'number' || !(length <= cap.nodes - nodes)) tooLarge('values');
    put('[');
    for (let i = 0; i < length; i++) {
      if (i > 0) put(',');
      const descriptor = getOwnPropertyDescriptor(list, i);
      visit(descriptor === undefined ? null : dataOf(descriptor, pointer + '/' + i), pointer + '/' + i, parents);
    }
    put(']');
  };
  const putRecord = (record, pointer, parents) => {
    const prototype = getPrototypeOf(record);
    if (prototype !== null && prototype !== ObjectPrototype) invalid(pointer, nameKind(prototype), 'plain JSON data');
    const keys = ownKeys(record);
    if (keys.length > cap.nodes - nodes) tooLarge('values');
    let first = true;
    put('{');
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (typeof key !== 'string') continue;
      const descriptor = getOwnPropertyDescriptor(record, key);
      if (descriptor === undefined || !descriptor.enumerable) continue;
      if (key === '__proto__') invalid(pointer + '/__proto__', 'a key named __proto__', 'another name');
      const value = dataOf(descriptor, pointer + '/' + key);
      if (value === undefined) continue;
      if (!first) put(',');
      first = false;
      putString(key, pointer);
      put(':');
      visit(value, pointer + '/' + key, parents);
    }
    put('}');
  };
  const putObject = (value, pointer, parents) => {
    if (parents.depth >= cap.depth) tooLarge('levels');
    for (let up = parents; up !== null; up = up.parent) {
      if (up.value === value) invalid(pointer, 'a cycle', 'plain JSON data');
    }
    const here = { __proto__: null, value, parent: parents, depth: parents.depth + 1 };
    if (isArray(value)) putList(value, pointer, here);
    else putRecord(value, pointer, here);
  };
  const visit = (value, pointer, parents) => {
    if (++nodes > cap.nodes) tooLarge('values');
    switch (typeof value) {
      case 'string': return putString(value, pointer);
      case 'number':
        if (!isFinite(value)) invalid(pointer, '' + value, 'a finite number');
        return put('' + value);
      case 'boolean': return put(value ? 'true' : 'false');
      case 'undefined': return put('null');
      case 'object': return value === null ? put('null') : putObject(value, pointer, parents);
      default: return invalid(pointer, 'a ' + typeof value, 'plain JSON data');
    }
  };
  visit(root, '', { __proto__: null, value: undefined, parent: null, depth: 0 });
  return text;
};
`;
