/** Frames into messages, for one link: the other half of `link-encoder.ts`, with the same tables built from what it tells. */
import { type CorrelationId, invariant, type TraceContext } from '../contracts/index.ts';
import { type BodyReader, betweenThreads } from './dialect.ts';
import { AT, aligned, FLAG, HEAD_BYTES, KIND, TRACED_HEAD_BYTES } from './message-header.ts';
import type { Answer, OtherMessage, UserMessage } from './wire-message.ts';

export interface DecodedEvents {
  readonly onUser: (message: UserMessage) => void;
  readonly onAnswer: (askId: number, answer: Answer) => void;
  readonly onOther: (message: OtherMessage) => void;
}

export class LinkDecoder {
  readonly #events: DecodedEvents;
  readonly #names: unknown[] = [undefined];
  readonly #reader: BodyReader;
  /** What deadlines in this frame have lost already. */
  #ageMs = 0;

  constructor(events: DecodedEvents, reader: BodyReader = betweenThreads.reader()) {
    this.#events = events;
    this.#reader = reader;
  }

  /** Gives on what is in the frame, in order. The frame is the decoder's from here on. @throws when it cannot be read. */
  decode(bytes: Uint8Array, ageMs = 0): void {
    this.#ageMs = ageMs;
    invariant(bytes.byteLength > 0, 'a frame holds a message');
    const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    for (let at = 0; at < frame.byteLength; ) {
      const sizeBytes = view.getUint32(at + AT.size, true);
      invariant(
        sizeBytes >= HEAD_BYTES && at + sizeBytes <= frame.byteLength,
        'a message lies within its frame',
      );
      this.#message(frame, view, at, at + sizeBytes);
      at += aligned(sizeBytes);
    }
  }

  #message(frame: Buffer, view: DataView, at: number, end: number): void {
    switch (frame[at + AT.kind]) {
      case KIND.user:
        return this.#user(frame, view, at, end);
      case KIND.answered: {
        const value = this.#body(frame, frame[at + AT.flags] as number, at + HEAD_BYTES, end);
        return this.#events.onAnswer(view.getUint32(at + AT.ask, true), {
          kind: 'answered',
          value,
        });
      }
      case KIND.unanswered:
        return this.#events.onAnswer(
          view.getUint32(at + AT.ask, true),
          this.#plain(frame, at, end) as Answer,
        );
      case KIND.other:
        return this.#events.onOther(this.#plain(frame, at, end) as OtherMessage);
      case KIND.names: {
        const [name, value] = this.#plain(frame, at, end) as [number, unknown];
        invariant(name === this.#names.length, 'names are given in order');
        this.#names.push(value);
        return;
      }
      case KIND.forget:
        this.#names.length = 1;
        return;
      case KIND.shapes:
        return this.#reader.addShapes(this.#plain(frame, at, end) as string[][]);
      default:
        invariant(false, 'a message is of a kind that is known');
    }
  }

  #user(frame: Buffer, view: DataView, at: number, end: number): void {
    const flags = frame[at + AT.flags] as number;
    const isTraced = (flags & FLAG.traced) !== 0;
    const start = at + (isTraced ? TRACED_HEAD_BYTES : HEAD_BYTES);
    this.#events.onUser({
      target: this.#name(view.getUint32(at + AT.target, true)) as object,
      sender: this.#names[view.getUint32(at + AT.sender, true)] as object | undefined,
      type: this.#name(view.getUint32(at + AT.type, true)) as string,
      payload: this.#body(frame, flags, start, end),
      askId: view.getUint32(at + AT.ask, true),
      leftMs:
        (flags & FLAG.deadline) === 0
          ? undefined
          : view.getFloat64(at + AT.leftMs, true) - this.#ageMs,
      trace: isTraced ? traceIn(frame, at, flags) : undefined,
      sentAtMs: isTraced ? view.getFloat64(at + AT.sentAtMs, true) : 0,
    });
  }

  #body(frame: Buffer, flags: number, start: number, end: number): unknown {
    return this.#reader.read(frame, start, end, (flags & FLAG.refs) !== 0);
  }

  #name(name: number): unknown {
    const value = this.#names[name];
    invariant(value !== undefined, 'a name is told before it is used');
    return value;
  }

  #plain(frame: Buffer, at: number, end: number): unknown {
    return this.#reader.readPlain(frame, at + HEAD_BYTES, end);
  }
}

const traceIn = (frame: Buffer, at: number, flags: number): TraceContext => ({
  correlationId: frame.toString('hex', at + AT.traceId, at + AT.spanId) as CorrelationId,
  spanId: frame.toString('hex', at + AT.spanId, at + AT.sentAtMs),
  sampled: (flags & FLAG.sampled) !== 0,
});
