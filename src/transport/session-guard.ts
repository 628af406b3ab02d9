/** What keeps one session on the bus authentic: its keys, the numbers of what was sent, and a window of what has come. */
import { invariant } from '../contracts/index.ts';
import { PACKET_HEAD_BYTES } from './packet.ts';
import type { Refusal } from './refused-packets.ts';
import { ReplayWindow } from './replay-window.ts';
import { SEAL_BYTES } from './sealing.ts';
import {
  type ExchangeKey,
  type SessionEnd,
  type SessionKeys,
  sessionKeys,
} from './session-keys.ts';

/** 4,096 packets: more than that and an early one are sent again anyway. */
const WINDOW_WORDS = 129;

export class SessionGuard {
  readonly #exchange: ExchangeKey;
  readonly #self: SessionEnd;
  #other: SessionEnd | undefined;
  #keys: SessionKeys | undefined;
  #sent = 0;
  readonly #window = new ReplayWindow(WINDOW_WORDS);

  constructor(exchange: ExchangeKey, self: Omit<SessionEnd, 'half'>) {
    this.#exchange = exchange;
    this.#self = { ...self, half: exchange.public };
  }

  /** The other end has said who it is, in a hello that is authentic. @returns false when its half makes no key. */
  meet(other: SessionEnd): boolean {
    if (this.#keys && this.#other && isSame(this.#other, other)) return true;
    try {
      this.#keys = sessionKeys(this.#exchange, this.#self, other);
    } catch {
      return false;
    }
    this.#other = other;
    return true;
  }

  /** For direct links. */
  get directKey(): Uint8Array {
    return this.#met().direct;
  }

  seal(packet: Uint8Array): Uint8Array {
    const { sealing, send } = this.#met();
    return sealing.seal(packet, send, ++this.#sent);
  }

  /** @returns the packet without its seal, or why it is refused. */
  open(sealed: Uint8Array): Uint8Array | Refusal {
    if (sealed.byteLength < PACKET_HEAD_BYTES + SEAL_BYTES) return 'unsigned';
    const { sealing, receive } = this.#met();
    const opened = sealing.unseal(sealed, receive);
    if (!opened) return 'forged';
    const verdict = this.#window.judge(opened.number);
    if (verdict !== 'new') return verdict;
    this.#window.take(opened.number);
    return opened.packet;
  }

  #met(): SessionKeys {
    invariant(this.#keys !== undefined, 'packets are exchanged with an end that said who it is');
    return this.#keys;
  }
}

const isSame = (one: SessionEnd, other: SessionEnd): boolean =>
  one.id === other.id &&
  Buffer.compare(one.publicKey, other.publicKey) === 0 &&
  Buffer.compare(one.half, other.half) === 0 &&
  one.wire[0] === other.wire[0] &&
  one.wire[1] === other.wire[1];
