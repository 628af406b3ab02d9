/**
 * A link to one other thread, of this node or another: messages that become ready in the same turn leave as one frame, in
 * order. Lossless and ordered as the port beneath is; when that closes, the link is over and says so once. When the other side
 * does not keep up, messages of actors are refused beyond a bound, those of who sends most first; answers and signals, which are
 * bounded by what they answer, still go.
 */
import { type FramePort, reasonOf } from '../contracts/index.ts';
import { betweenThreads, type Dialect } from './dialect.ts';
import { FairShare } from './fair-share.ts';
import { type DecodedEvents, LinkDecoder } from './link-decoder.ts';
import { type Encoded, LinkEncoder } from './link-encoder.ts';
import type { Answer, OtherMessage, UserMessage } from './wire-message.ts';

export interface LinkEvents extends DecodedEvents {
  /** A frame that cannot be read ends the link: nothing after it can be trusted to be in order. */
  readonly onClosed: (reason: string) => void;
  /** Such a frame has come. */
  readonly onUnreadable?: () => void;
}

export class Link {
  readonly #port: FramePort;
  readonly #events: LinkEvents;
  readonly #encoder: LinkEncoder;
  readonly #decoder: LinkDecoder;
  readonly #share = new FairShare();
  #open = true;

  constructor(port: FramePort, events: LinkEvents, dialect: Dialect = betweenThreads) {
    this.#port = port;
    this.#events = events;
    this.#encoder = new LinkEncoder((frame) => port.post(frame), dialect.writer());
    this.#decoder = new LinkDecoder(events, dialect.reader());
  }

  /** From here on it hears what comes: what has come already at once, so whoever made it has to be ready. */
  listen(): void {
    this.#port.onFrame((frame, ageMs = 0) => this.#receive(frame, ageMs));
    this.#port.onClose((reason) => this.close(reason));
  }

  /** Whether this sender's next message may go: too much may wait for the other side already. */
  admits(sender: unknown): boolean {
    return this.#share.admits(sender, this.#port.backlogBytes());
  }

  get isAway(): boolean {
    return this.#port.isAway?.() ?? false;
  }

  /** Takes the message's value now; it leaves with the next `flush`, or at once when the frame is full. */
  user(message: UserMessage): Encoded {
    return this.#encoder.user(message);
  }

  answer(askId: number, answer: Answer): Encoded {
    return this.#encoder.answer(askId, answer);
  }

  other(message: OtherMessage): Encoded {
    return this.#encoder.other(message);
  }

  flush(): void {
    if (this.#open) this.#encoder.flush();
  }

  close(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#port.close();
    this.#events.onClosed(reason);
  }

  #receive(frame: Uint8Array, ageMs: number): void {
    if (!this.#open) return;
    try {
      this.#decoder.decode(frame, ageMs);
    } catch (thrown) {
      this.#events.onUnreadable?.();
      this.close(`a frame could not be read: ${reasonOf(thrown)}`);
    }
  }
}
