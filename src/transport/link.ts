/**
 * A link to one other thread: messages that become ready in the same turn leave as one frame, in order. Lossless and
 * ordered as the port beneath is; when that closes, the link is over and says so once.
 */
import { type FramePort, LIMITS, reasonOf } from '../contracts/index.ts';
import { decode, type Encoded, encode } from './codec.ts';
import type { WireMessage } from './wire-message.ts';

export interface LinkEvents {
  readonly onMessage: (message: WireMessage) => void;
  /** A frame that cannot be read ends the link: nothing after it can be trusted to be in order. */
  readonly onClosed: (reason: string) => void;
}

export class Link {
  readonly #port: FramePort;
  readonly #events: LinkEvents;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #open = true;

  constructor(port: FramePort, events: LinkEvents) {
    this.#port = port;
    this.#events = events;
    port.onFrame((frame) => this.#receive(frame));
    port.onClose(() => this.close('the other end closed'));
  }

  /** Takes the message's value now; it leaves with the next `flush`, or at once when the frame is full. */
  send(message: WireMessage): Encoded {
    const encoded = encode(message);
    if (!encoded.ok) return encoded;
    this.#waiting.push(encoded.bytes);
    this.#waitingBytes += encoded.bytes.byteLength;
    if (this.#waiting.length >= LIMITS.frameEnvelopes || this.#waitingBytes >= LIMITS.frameBytes) {
      this.flush();
    }
    return encoded;
  }

  flush(): void {
    if (this.#waiting.length === 0 || !this.#open) return;
    const frame = new Uint8Array(this.#waitingBytes);
    let offset = 0;
    for (const bytes of this.#waiting) {
      frame.set(bytes, offset);
      offset += bytes.byteLength;
    }
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#port.post(frame);
  }

  close(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#port.close();
    this.#events.onClosed(reason);
  }

  #receive(frame: Uint8Array): void {
    if (!this.#open) return;
    try {
      for (const message of decode(frame)) this.#events.onMessage(message);
    } catch (thrown) {
      this.close(`a frame could not be read: ${reasonOf(thrown)}`);
    }
  }
}
