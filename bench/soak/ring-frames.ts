/** Sizes of the frames of the ring check: 16 to 1,015 bytes, so that ten million of them take the counters round 2^32. */
export const frameSize = (number: number): number =>
  16 + ((Math.imul(number, 2_654_435_761) >>> 8) % 1_000);
