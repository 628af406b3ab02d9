/**
 * Where hellos are judged, the cheap questions first: a signature costs 100 us, and nobody may make this thread check more of them
 * than it can bear. What was refused changes nothing here but the one bucket for all.
 */
import { type Clock, LIMITS, type SkeinError } from '../contracts/index.ts';
import {
  HELLO_BYTES_MIN,
  type Hello,
  isHelloTooLarge,
  keyOf,
  readHello,
  signatureOf,
  signedBytes,
} from './hello.ts';
import type { KeyBook } from './known-keys.ts';
import { isSignedBy } from './node-key.ts';
import type { PacketHead } from './packet.ts';
import type { Refusal } from './refused-packets.ts';
import { ReplayWindow } from './replay-window.ts';
import { TokenBucket } from './token-bucket.ts';
import { commonVersion, type WireRange } from './wire-versions.ts';

export interface HelloGateOptions {
  /** What this thread listens on. */
  readonly subject: string;
  readonly book: KeyBook;
  readonly clock: Clock;
  /** Versions that this node speaks. */
  readonly wire: WireRange;
}

/** One thread that has proved itself, in its latest life. */
interface Sender {
  readonly epoch: number;
  readonly window: ReplayWindow;
  readonly bucket: TokenBucket;
}

/** A hello to all. */
export interface Call {
  /** Where it came. */
  readonly subject: string;
  /** Asked before the signature is checked, of who says to have made it. */
  readonly isWanted: (hello: Hello) => boolean;
}

export type Admission =
  | { readonly hello: Hello }
  /** Nothing is wrong with it, as far as it was looked at. */
  | { readonly isUnwanted: true }
  /** It is authentic, but nothing that follows could be understood. */
  | {
      readonly refusal: 'version';
      readonly sender: string;
      readonly from: Hello;
      readonly error: SkeinError;
    }
  | { readonly refusal: Refusal; readonly sender?: string };

const WINDOW_WORDS = 9;
/** All of a burst are checked in one go, while everything else waits. */
const ALL = { perSecond: LIMITS.hellosPerSecond, burst: LIMITS.hellosAtOnce };
const ONE = { perSecond: LIMITS.hellosPerSecondOfOne, burst: 2 * LIMITS.hellosPerSecondOfOne };

export class HelloGate {
  readonly #options: HelloGateOptions;
  readonly #all: TokenBucket;
  /** By node and thread, the one that was heard longest ago first. */
  readonly #senders = new Map<string, Sender>();

  constructor(options: HelloGateOptions) {
    this.#options = options;
    this.#all = new TokenBucket(ALL, options.clock.monotonicMs());
  }

  /** `call`: of a packet that came to all and not to this thread alone. */
  admit({ seq }: PacketHead, packet: Uint8Array, call?: Call): Admission {
    if (isHelloTooLarge(packet)) return { refusal: 'too large' };
    if (packet.byteLength < HELLO_BYTES_MIN) return { refusal: 'unsigned' };
    const nowMs = this.#options.clock.monotonicMs();
    if (!this.#all.has(nowMs)) return { refusal: 'too many' };
    const read = readHello(packet);
    // What is unwanted takes nothing of what others need.
    if (read.ok && call && !call.isWanted(read.value)) return { isUnwanted: true };
    this.#all.take(nowMs);
    if (!read.ok) return { refusal: 'malformed' };
    const hello = read.value;
    const sender = keyOf(hello);
    const known = this.#senders.get(sender);
    const refuse = (refusal: Refusal): Admission => ({ refusal, sender });
    if (!this.#options.book.accepts(hello.node, hello.key)) return refuse('wrong key');
    if (known && hello.epoch < known.epoch) return refuse('stale');
    const isSameLife = known?.epoch === hello.epoch;
    const verdict = isSameLife ? known.window.judge(seq) : 'new';
    if (verdict !== 'new') return refuse(verdict);
    if (known && !known.bucket.has(nowMs)) return refuse('too many');
    const signed = signedBytes(packet, call?.subject ?? this.#options.subject);
    if (!isSignedBy(hello.key, signed, signatureOf(packet))) return refuse('forged');
    const window = isSameLife ? known.window : new ReplayWindow(WINDOW_WORDS);
    const bucket = known?.bucket ?? new TokenBucket(ONE, nowMs);
    window.take(seq);
    bucket.take(nowMs);
    this.#remember(sender, { epoch: hello.epoch, window, bucket });
    this.#options.book.proved(hello.node, hello.key);
    const version = commonVersion(sender, this.#options.wire, hello.wire);
    if (version.ok) return { hello };
    return { refusal: 'version', sender, from: hello, error: version.error };
  }

  #remember(name: string, sender: Sender): void {
    this.#senders.delete(name);
    this.#senders.set(name, sender);
    if (this.#senders.size <= LIMITS.peerKeys) return;
    for (const oldest of this.#senders.keys()) return void this.#senders.delete(oldest);
  }
}
