/**
 * Messages into frames, for one link. What every message repeats (who it is for, of which type, from whom, the shape of its
 * body) is said once and referred to by a number from then on; both sides keep the same tables because frames arrive in order.
 * A message is encoded when it is sent: what the sender changes afterwards stays with the sender. One that is no value (it
 * holds a function, a symbol, a promise, a cycle) is refused with a reason and leaves no trace in the next.
 */
import { Packr, REUSE_BUFFER_MODE } from 'msgpackr';
import { LIMITS, reasonOf } from '../contracts/index.ts';
import { AT, aligned, FLAG, HEAD_BYTES, KIND, TRACED_HEAD_BYTES } from './message-header.ts';
import type { Answer, OtherMessage, UserMessage } from './wire-message.ts';
import './wire-types.ts';

export type Encoded = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Shapes that a link shares; a body of another shape carries it along. */
const SHAPES_MAX = 256;
/** Beyond this many names the tables begin anew. */
const NAMES_MAX = 16_384;
const ENCODED: Encoded = { ok: true };
const functionRefused = {
  writeFunction: () => {
    throw new TypeError('a function cannot be sent to another thread');
  },
};

const plain = Object.assign(new Packr({ useRecords: false, moreTypes: true }), functionRefused);

export class LinkEncoder {
  readonly #post: (frame: Uint8Array) => void;
  readonly #packr: Packr;
  readonly #names = new Map<unknown, number>();
  readonly #targets = new LastName((value) => this.#newName(value));
  readonly #types = new LastName((value) => this.#newName(value));
  readonly #senders = new LastName((value) => this.#newName(value));
  #frame = Buffer.allocUnsafeSlow(LIMITS.frameBytes);
  #view = new DataView(this.#frame.buffer);
  #end = 0;
  #messages = 0;
  /** How many of the packer's shapes the other side knows. */
  #shapesTold = 0;
  /** Where the body that was packed last lies. The packer never writes over what it has given out. */
  #body: Uint8Array = this.#frame;
  #bodyStart = 0;
  #bodyEnd = 0;
  readonly #words = new WordCopy();

  /** `post` gets whole frames, and copies what it gets. */
  constructor(post: (frame: Uint8Array) => void) {
    this.#post = post;
    const options = {
      useRecords: true,
      moreTypes: true,
      structures: [],
      maxSharedStructures: SHAPES_MAX,
      saveStructures: () => undefined,
    };
    this.#packr = Object.assign(new Packr(options), functionRefused);
  }

  user(message: UserMessage): Encoded {
    const { target, sender, type, askId, leftMs, trace } = message;
    try {
      if (this.#names.size > NAMES_MAX) this.#forgetNames();
      this.#pack(message.payload);
      const targetName = this.#targets.nameOf(target);
      const typeName = this.#types.nameOf(type);
      const senderName = sender === undefined ? 0 : this.#senders.nameOf(sender);
      const headBytes = trace === undefined ? HEAD_BYTES : TRACED_HEAD_BYTES;
      const at = this.#begin(headBytes);
      const view = this.#view;
      view.setUint32(at + AT.target, targetName, true);
      view.setUint32(at + AT.type, typeName, true);
      view.setUint32(at + AT.sender, senderName, true);
      view.setUint32(at + AT.ask, askId, true);
      let flags = 0;
      if (leftMs !== undefined) {
        flags = FLAG.deadline;
        view.setFloat64(at + AT.leftMs, leftMs, true);
      }
      if (trace !== undefined) {
        flags |= trace.sampled ? FLAG.traced | FLAG.sampled : FLAG.traced;
        this.#frame.write(trace.correlationId, at + AT.traceId, 16, 'hex');
        this.#frame.write(trace.spanId, at + AT.spanId, 8, 'hex');
        view.setFloat64(at + AT.sentAtMs, message.sentAtMs, true);
      }
      this.#finish(at, KIND.user, flags, headBytes);
      return ENCODED;
    } catch (thrown) {
      return { ok: false, reason: reasonOf(thrown) };
    }
  }

  answer(askId: number, answer: Answer): Encoded {
    try {
      if (answer.kind === 'answered') this.#pack(answer.value);
      else this.#take(plain.pack(answer));
      const at = this.#begin(HEAD_BYTES);
      this.#view.setUint32(at + AT.ask, askId, true);
      const kind = answer.kind === 'answered' ? KIND.answered : KIND.unanswered;
      this.#finish(at, kind, 0, HEAD_BYTES);
      return ENCODED;
    } catch (thrown) {
      return { ok: false, reason: reasonOf(thrown) };
    }
  }

  other(message: OtherMessage): Encoded {
    try {
      this.#put(KIND.other, message);
      return ENCODED;
    } catch (thrown) {
      return { ok: false, reason: reasonOf(thrown) };
    }
  }

  /** Sends what is there, if anything. */
  flush(): void {
    if (this.#end === 0) return;
    this.#post(this.#frame.subarray(0, this.#end));
    this.#end = 0;
    this.#messages = 0;
    if (this.#frame.byteLength > LIMITS.frameBytes) this.#useFrame(LIMITS.frameBytes);
  }

  #put(kind: number, value: unknown): void {
    this.#take(plain.pack(value));
    this.#finish(this.#begin(HEAD_BYTES), kind, 0, HEAD_BYTES);
  }

  #take(bytes: Buffer): void {
    this.#body = bytes;
    this.#bodyStart = 0;
    this.#bodyEnd = bytes.byteLength;
  }

  #pack(value: unknown): void {
    const packed = this.#packr.pack(value, REUSE_BUFFER_MODE) as Packed;
    const { start = 0, end = packed.byteLength } = packed;
    const shapes = (this.#packr as unknown as { readonly structures: Shapes }).structures;
    const known = shapes.sharedLength ?? 0;
    // A body that needs a new shape is sent after it.
    if (known > this.#shapesTold) {
      this.#put(
        KIND.shapes,
        Array.from(shapes.slice(this.#shapesTold, known), (keys) => [...keys]),
      );
      this.#shapesTold = known;
    }
    if (end - start > LIMITS.messageBytes)
      throw new RangeError(`${end - start} bytes, over the limit of ${LIMITS.messageBytes}`);
    this.#body = packed;
    this.#bodyStart = start;
    this.#bodyEnd = end;
  }

  /** A name that is new is told before the message that uses it; the body of that message stays as it is. */
  readonly #newName = (value: unknown): number => {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const body = this.#body;
    const start = this.#bodyStart;
    const end = this.#bodyEnd;
    const name = this.#names.size + 1;
    this.#put(KIND.names, [name, value]);
    this.#names.set(value, name);
    this.#body = body;
    this.#bodyStart = start;
    this.#bodyEnd = end;
    return name;
  };

  #forgetNames(): void {
    this.#put(KIND.forget, null);
    this.#names.clear();
    for (const last of [this.#targets, this.#types, this.#senders]) last.forget();
  }

  /** @returns where in the frame the message begins; a frame that has no room for it leaves first. */
  #begin(headBytes: number): number {
    const bytes = aligned(headBytes + this.#bodyEnd - this.#bodyStart);
    const isFull = this.#end + bytes > LIMITS.frameBytes || this.#messages >= LIMITS.frameEnvelopes;
    if (isFull) this.flush();
    if (bytes > this.#frame.byteLength) this.#useFrame(bytes);
    return this.#end;
  }

  #finish(at: number, kind: number, flags: number, headBytes: number): void {
    const start = this.#bodyStart;
    const bodyBytes = this.#bodyEnd - start;
    this.#frame[at + AT.kind] = kind;
    this.#frame[at + AT.flags] = flags;
    this.#view.setUint32(at + AT.size, headBytes + bodyBytes, true);
    this.#words.copy(this.#body, start, bodyBytes, this.#frame, at + headBytes);
    this.#end = at + aligned(headBytes + bodyBytes);
    this.#messages++;
  }

  #useFrame(bytes: number): void {
    this.#frame = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.#frame.buffer);
  }
}

type Packed = Buffer & { readonly start?: number; readonly end?: number };
type Shapes = readonly (readonly string[])[] & { readonly sharedLength?: number };

/** Streams repeat themselves: the last name is looked at before the table is. */
class LastName {
  readonly #look: (value: unknown) => number;
  #value: unknown;
  #name = 0;

  constructor(look: (value: unknown) => number) {
    this.#look = look;
  }

  nameOf(value: unknown): number {
    if (value === this.#value) return this.#name;
    const name = this.#look(value);
    this.#value = value;
    this.#name = name;
    return name;
  }

  forget(): void {
    this.#value = undefined;
  }
}

/** Below this, a loop over words is faster than a view and a native copy. */
const LOOP_BYTES = 512;

/** Bytes as words of 4, kept as long as the same bytes come again: making such a view costs more than a short copy. */
class Words {
  #bytes: Uint8Array = new Uint8Array(0);
  all: Int32Array = new Int32Array(0);

  /** @returns whether the bytes can be seen as words. */
  see(bytes: Uint8Array): boolean {
    if (bytes === this.#bytes) return true;
    if (bytes.byteOffset % 4 !== 0) return false;
    this.#bytes = bytes;
    this.all = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    return true;
  }
}

/** Up to 7 bytes more than asked for may be copied, into the padding of the message. */
class WordCopy {
  readonly #from = new Words();
  readonly #to = new Words();

  copy(from: Uint8Array, start: number, bytes: number, to: Uint8Array, at: number): void {
    const end = start + aligned(bytes);
    const fits = bytes <= LOOP_BYTES && start % 4 === 0 && end <= from.byteLength;
    if (!fits || !this.#from.see(from) || !this.#to.see(to)) {
      return to.set(from.subarray(start, start + bytes), at);
    }
    const source = this.#from.all;
    const target = this.#to.all;
    let write = at >> 2;
    for (let read = start >> 2; read < end >> 2; read++) target[write++] = source[read] as number;
  }
}
