/**
 * The head of a message in a frame: fields in fixed places, little endian, so that nothing of it is parsed. The body follows
 * as msgpack; the next message begins at a multiple of 8.
 *
 *     0 kind u8 | 1 flags u8 | 4 size of head and body u32 | 8 target u32 | 12 type u32 | 16 sender u32 | 20 ask u32
 *     24 what is left of the deadline, ms, f64
 *     32 trace ID, 16 bytes | 48 span ID, 8 bytes | 56 sent at, wall clock, ms, f64      (with the flag TRACED only)
 *
 * Targets, types and senders are numbers that a `names` message of the same link has given before (see `link-encoder.ts`).
 */
export const HEAD_BYTES = 32;
export const TRACED_HEAD_BYTES = 64;

export const KIND = {
  /** Anything rare: the body is the whole message. */
  other: 0,
  user: 1,
  answered: 2,
  /** An answer that is `not-delivered` or `unknown`; the body is the result. */
  unanswered: 3,
  /** New numbers for objects and words; the body is a list of `[number, value]`. */
  names: 4,
  /** All numbers given so far are void. */
  forget: 5,
  /** Shapes of records that later bodies refer to; the body is a list of lists of keys. */
  shapes: 6,
} as const;

export const FLAG = { sender: 1, asked: 2, deadline: 4, traced: 8, sampled: 16, refs: 32 } as const;

export const AT = {
  kind: 0,
  flags: 1,
  size: 4,
  target: 8,
  type: 12,
  sender: 16,
  ask: 20,
  leftMs: 24,
  traceId: 32,
  spanId: 48,
  sentAtMs: 56,
} as const;

export const aligned = (bytes: number): number => (bytes + 7) & ~7;
