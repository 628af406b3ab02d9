/**
 * Messages as bytes, between threads of one process: msgpack with record structures (https://github.com/kriszyp/msgpackr).
 * Each message stands alone, so one that is refused leaves no trace in the next. A message is encoded when it is sent:
 * what the sender changes afterwards stays with the sender. What is no value (a function, a symbol, a promise, a cycle) is
 * refused with a reason.
 */
import { Packr, Unpackr } from 'msgpackr';
import { LIMITS, reasonOf } from '../contracts/index.ts';
import type { WireMessage } from './wire-message.ts';

export type Encoded =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

const OPTIONS = { useRecords: true, moreTypes: true } as const;

const packr = Object.assign(new Packr(OPTIONS), {
  writeFunction: () => {
    throw new TypeError('a function cannot be sent to another thread');
  },
});
const unpackr = new Unpackr(OPTIONS);

export function encode(message: WireMessage): Encoded {
  try {
    const bytes = packr.pack(message);
    if (bytes.byteLength <= LIMITS.messageBytes) return { ok: true, bytes };
    return {
      ok: false,
      reason: `${bytes.byteLength} bytes, over the limit of ${LIMITS.messageBytes}`,
    };
  } catch (thrown) {
    return { ok: false, reason: reasonOf(thrown) };
  }
}

/** @throws when the frame is not what `encode` of this version wrote. */
export function decode(frame: Uint8Array): readonly WireMessage[] {
  return (unpackr.unpackMultiple(frame) ?? []) as readonly WireMessage[];
}
