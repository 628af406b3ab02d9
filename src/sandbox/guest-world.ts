/**
 * Guest code, as text: the world a skill sees. What shows the machine's clock, its chance, its collector or memory outside
 * the counted heap is removed or replaced: SharedArrayBuffer, Atomics, WebAssembly, WeakRef and FinalizationRegistry are
 * gone; `Date`, `Temporal.Now` and the "now" inside `Intl.DateTimeFormat` read the virtual clock; `Math.random` is seeded
 * (xoshiro128**). The clock stands still between answers of the host.
 *
 * Prototypes are left writable on purpose. The realm is made for one run and dies with it, and nothing of ours looks up
 * anything in it after start-up, so freezing would protect nobody, while it breaks honest programs through the override
 * mistake (`this.name = 'MyError'` throws once Error.prototype is frozen).
 */
export const GUEST_WORLD = `
for (const name of ['SharedArrayBuffer', 'Atomics', 'WebAssembly', 'WeakRef', 'FinalizationRegistry', 'console']) {
  delete globalThis[name];
}

let nowMs = 0;
let limitTouched = false;
const hide = (object, key, value) =>
  defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

const RealDate = Date;
const dateToString = RealDate.prototype.toString;
const VirtualDate = { Date: function (...parts) {
  if (new.target === undefined) return apply(dateToString, construct(RealDate, [nowMs]), []);
  return construct(RealDate, parts.length === 0 ? [nowMs] : parts, new.target);
} }.Date;
defineProperty(VirtualDate, 'length', { __proto__: null, value: 7, configurable: true });
defineProperty(VirtualDate, 'prototype', { __proto__: null, value: RealDate.prototype, writable: false });
hide(VirtualDate, 'now', { now: () => nowMs }.now);
hide(VirtualDate, 'parse', RealDate.parse);
hide(VirtualDate, 'UTC', RealDate.UTC);
hide(RealDate.prototype, 'constructor', VirtualDate);
hide(globalThis, 'Date', VirtualDate);

const dateFormat = Intl.DateTimeFormat.prototype;
const formatOf = getOwnPropertyDescriptor(dateFormat, 'format').get;
const formatToParts = dateFormat.formatToParts;
const orNow = (date) => (date === undefined ? nowMs : date);
defineProperty(dateFormat, 'format', {
  __proto__: null, configurable: true, enumerable: false,
  get() { const format = apply(formatOf, this, []); return (date) => format(orNow(date)); },
});
hide(dateFormat, 'formatToParts', { formatToParts(date) { return apply(formatToParts, this, [orNow(date)]); } }.formatToParts);

if (typeof Temporal === 'object') {
  const { fromEpochMilliseconds } = Temporal.Instant;
  const { toZonedDateTimeISO } = Temporal.Instant.prototype;
  const { toPlainDateTime, toPlainDate, toPlainTime } = Temporal.ZonedDateTime.prototype;
  const TemporalInstant = Temporal.Instant;
  const at = () => apply(fromEpochMilliseconds, TemporalInstant, [nowMs]);
  const zoned = (zone) => apply(toZonedDateTimeISO, at(), [zone === undefined ? 'UTC' : zone]);
  hide(Temporal.Now, 'instant', at);
  hide(Temporal.Now, 'timeZoneId', () => 'UTC');
  hide(Temporal.Now, 'zonedDateTimeISO', zoned);
  hide(Temporal.Now, 'plainDateTimeISO', (zone) => apply(toPlainDateTime, zoned(zone), []));
  hide(Temporal.Now, 'plainDateISO', (zone) => apply(toPlainDate, zoned(zone), []));
  hide(Temporal.Now, 'plainTimeISO', (zone) => apply(toPlainTime, zoned(zone), []));
}

const { imul } = Math;
let s0 = 0, s1 = 0, s2 = 0, s3 = 1;
const rotate = (word, by) => (word << by) | (word >>> (32 - by));
const nextWord = () => {
  const word = imul(rotate(imul(s1, 5), 7), 9) >>> 0;
  const shifted = s1 << 9;
  s2 ^= s0; s3 ^= s1; s1 ^= s2; s0 ^= s3; s2 ^= shifted;
  s3 = rotate(s3, 11);
  return word;
};
hide(Math, 'random', { random: () => ((nextWord() >>> 5) * 67108864 + (nextWord() >>> 6)) / 9007199254740992 }.random);
`;
