/**
 * Guest code, as text: notes when the memory limit refuses a buffer. V8 tells a skill so by a RangeError, which it may
 * catch and turn into a result: that result depends on a limit, and the run has to say so (`limitTouched`). Constructors
 * are wrapped by proxies that only watch `construct`; species and `from` lead back to them, other methods that allocate are
 * wrapped by name. An error that is not caught ends the run as what it is, a memory limit.
 */
export const GUEST_BUFFERS = `
const { isError } = Error;
const isAllocationFailure = (thrown) => {
  if (!isError(thrown)) return false;
  const message = getOwnPropertyDescriptor(thrown, 'message');
  return message !== undefined && hasOwn(message, 'value') && message.value === 'Array buffer allocation failed';
};
const note = (thrown) => { if (isAllocationFailure(thrown)) limitTouched = true; };

const wrapConstructor = (name) => {
  const Real = globalThis[name];
  const Watched = new Proxy(Real, freeze({
    __proto__: null,
    construct(target, args, newTarget) {
      try { return construct(target, args, newTarget === Watched ? target : newTarget); }
      catch (thrown) { note(thrown); throw thrown; }
    },
  }));
  hide(Real.prototype, 'constructor', Watched);
  hide(globalThis, name, Watched);
};
const wrapMethods = (prototype, names) => {
  for (const name of names) {
    const real = prototype[name];
    if (typeof real !== 'function') continue;
    hide(prototype, name, { [name](...args) {
      try { return apply(real, this, args); }
      catch (thrown) { note(thrown); if (name === 'resize') limitTouched = true; throw thrown; }
    } }[name]);
  }
};
const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
for (const name of ['ArrayBuffer', 'Uint8Array', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array',
  'BigUint64Array', 'BigInt64Array', 'Uint8ClampedArray', 'Float16Array', 'Float32Array', 'Float64Array']) {
  wrapConstructor(name);
}
wrapMethods(ArrayBuffer.prototype, ['resize', 'transfer', 'transferToFixedLength']);
wrapMethods(TypedArrayPrototype, ['toReversed', 'toSorted', 'with']);
`;
