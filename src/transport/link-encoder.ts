/**
 * Messages into frames, for one link. What every message repeats (who it is for, of which type, from whom, the shape of its
 * body) is said once and referred to by a number from then on; both sides keep the same tables because frames arrive in order.
 * A message is encoded when it is sent: what the sender changes afterwards stays with the sender. One that is no value (it
 * holds a function, a symbol, a promise, a cycle) is refused with a reason and leaves no trace in the next.
 */
import { LIMITS, reasonOf } from '../contracts/index.ts';
import { type BodyWriter, betweenThreads, type Written } from './dialect.ts';
import { AT, aligned, FLAG, HEAD_BYTES, KIND, TRACED_HEAD_BYTES } from './message-header.ts';
import type { Answer, OtherMessage, UserMessage } from './wire-message.ts';

export type Encoded = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Beyond this many names the tables begin anew. */
const NAMES_MAX = 16_384;
const ENCODED: Encoded = { ok: true };

export class LinkEncoder {
  readonly #post: (frame: Uint8Array) => void;
  readonly #writer: BodyWriter;
  readonly #names = new Map<unknown, number>();
  readonly #targets = new LastName((value) => this.#newName(value));
  readonly #types = new LastName((value) => this.#newName(value));
  readonly #senders = new LastName((value) => this.#newName(value));
  #frame = Buffer.allocUnsafeSlow(LIMITS.frameBytes);
  #view = new DataView(this.#frame.buffer);
  #end = 0;
  #messages = 0;
  readonly #words = new WordCopy();

  /** `post` gets whole frames, and copies what it gets. */
  constructor(post: (frame: Uint8Array) => void, writer: BodyWriter = betweenThreads.writer()) {
    this.#post = post;
    this.#writer = writer;
  }

  user(message: UserMessage): Encoded {
    const { target, sender, type, askId, leftMs, trace } = message;
    try {
      if (this.#names.size > NAMES_MAX) this.#forgetNames();
      const body = this.#write(message.payload);
      const targetName = this.#targets.nameOf(target);
      const typeName = this.#types.nameOf(type);
      const senderName = sender === undefined ? 0 : this.#senders.nameOf(sender);
      const headBytes = trace === undefined ? HEAD_BYTES : TRACED_HEAD_BYTES;
      const at = this.#begin(headBytes, body);
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
      this.#finish(at, KIND.user, flags, headBytes, body);
      return ENCODED;
    } catch (thrown) {
      return { ok: false, reason: reasonOf(thrown) };
    }
  }

  answer(askId: number, answer: Answer): Encoded {
    try {
      const isAnswered = answer.kind === 'answered';
      const body = isAnswered ? this.#write(answer.value) : this.#writer.writePlain(answer);
      const at = this.#begin(HEAD_BYTES, body);
      this.#view.setUint32(at + AT.ask, askId, true);
      this.#finish(at, isAnswered ? KIND.answered : KIND.unanswered, 0, HEAD_BYTES, body);
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
    const body = this.#writer.writePlain(value);
    this.#finish(this.#begin(HEAD_BYTES, body), kind, 0, HEAD_BYTES, body);
  }

  #write(value: unknown): Written {
    const body = this.#writer.write(value);
    // A body that needs a new shape is sent after it.
    const shapes = this.#writer.newShapes();
    if (shapes !== undefined) this.#put(KIND.shapes, shapes);
    const sizeBytes = body.end - body.start;
    const maxBytes = this.#writer.messageBytesMax;
    if (sizeBytes > maxBytes)
      throw new RangeError(`${sizeBytes} bytes, over the limit of ${maxBytes}`);
    return body;
  }

  /** A name that is new is told before the message that uses it. */
  readonly #newName = (value: unknown): number => {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = this.#names.size + 1;
    this.#put(KIND.names, [name, value]);
    this.#names.set(value, name);
    return name;
  };

  #forgetNames(): void {
    this.#put(KIND.forget, null);
    this.#names.clear();
    for (const last of [this.#targets, this.#types, this.#senders]) last.forget();
  }

  /** @returns where in the frame the message begins; a frame that has no room for it leaves first. */
  #begin(headBytes: number, body: Written): number {
    const bytes = aligned(headBytes + body.end - body.start);
    const isFull = this.#end + bytes > LIMITS.frameBytes || this.#messages >= LIMITS.frameEnvelopes;
    if (isFull) this.flush();
    if (bytes > this.#frame.byteLength) this.#useFrame(bytes);
    if (this.#writer.isForeign) this.#frame.fill(0, this.#end, this.#end + headBytes);
    return this.#end;
  }

  #finish(at: number, kind: number, flags: number, headBytes: number, body: Written): void {
    const { bytes, start, end } = body;
    const bodyBytes = end - start;
    this.#frame[at + AT.kind] = kind;
    this.#frame[at + AT.flags] = body.hasRefs ? flags | FLAG.refs : flags;
    this.#view.setUint32(at + AT.size, headBytes + bodyBytes, true);
    this.#words.copy(bytes, start, bodyBytes, this.#frame, at + headBytes);
    const padding = at + headBytes + bodyBytes;
    this.#end = aligned(padding);
    if (this.#writer.isForeign) this.#frame.fill(0, padding, this.#end);
    this.#messages++;
  }

  #useFrame(bytes: number): void {
    this.#frame = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.#frame.buffer);
  }
}

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
