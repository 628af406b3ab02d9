/**
 * Packets of one session as they come: repeated ones are dropped, those that come too early wait for the ones before them, and frames
 * that were cut into packets are put together. Bounded by the window, which a sender that keeps to the rules never exceeds.
 */
import { LIMITS } from '../contracts/index.ts';
import { ageOf, PACKET_FLAG, PACKET_HEAD_BYTES } from './packet.ts';

interface Arrived {
  readonly packet: Uint8Array;
  readonly atMs: number;
}

/** One packet, taken in order. */
export interface Taken {
  readonly packetBytes: number;
  /** The frame that it completes, if it does. */
  readonly frame: Uint8Array | undefined;
  /** What the frame's first packet has waited at both ends. */
  readonly ageMs: number;
}

export class Arrivals {
  readonly #inOrder: Arrived[] = [];
  readonly #early = new Map<number, Arrived>();
  #earlyBytes = 0;
  #firstEarly: number | undefined;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #partsAgeMs = 0;
  #takenSeq = 0;

  /** The last packet that was taken; all before it were, too. */
  get takenSeq(): number {
    return this.#takenSeq;
  }

  /** The first packet behind a hole; undefined when there is none. */
  get behindHole(): number | undefined {
    return this.#firstEarly;
  }

  put(seq: number, packet: Uint8Array, atMs: number): 'repeated' | 'early' | 'in order' {
    const expected = this.#takenSeq + this.#inOrder.length + 1;
    if (seq < expected) return 'repeated';
    if (seq > expected) {
      const isRoom = this.#earlyBytes + packet.byteLength <= LIMITS.peerWindowBytes;
      if (isRoom && !this.#early.has(seq)) {
        this.#early.set(seq, { packet, atMs });
        this.#earlyBytes += packet.byteLength;
        this.#firstEarly = Math.min(this.#firstEarly ?? seq, seq);
      }
      return 'early';
    }
    this.#inOrder.push({ packet, atMs });
    for (let next = seq + 1; this.#early.size > 0; next++) {
      const early = this.#early.get(next);
      if (!early) break;
      this.#early.delete(next);
      this.#earlyBytes -= early.packet.byteLength;
      this.#inOrder.push(early);
    }
    if (!this.#early.has(this.#firstEarly ?? 0)) this.#firstEarly = this.#findFirstEarly();
    return 'in order';
  }

  /** The next packet in order, if it is there. @throws when a frame is over its limit. */
  take(nowMs: number): Taken | undefined {
    const next = this.#inOrder.shift();
    if (!next) return undefined;
    this.#takenSeq++;
    const { packet, atMs } = next;
    const ageMs = ageOf(packet) + nowMs - atMs;
    const body = packet.subarray(PACKET_HEAD_BYTES);
    const isMore = ((packet[3] as number) & PACKET_FLAG.more) !== 0;
    const packetBytes = packet.byteLength;
    if (!isMore && this.#parts.length === 0) return { packetBytes, frame: body, ageMs };
    if (this.#parts.length === 0) this.#partsAgeMs = ageMs;
    this.#parts.push(body);
    this.#partsBytes += body.byteLength;
    if (this.#partsBytes > LIMITS.peerFrameBytes) {
      throw new RangeError(`a frame is over the limit of ${LIMITS.peerFrameBytes} bytes`);
    }
    return { packetBytes, frame: isMore ? undefined : this.#joined(), ageMs: this.#partsAgeMs };
  }

  clear(): void {
    this.#inOrder.length = 0;
    this.#early.clear();
    this.#firstEarly = undefined;
    this.#parts = [];
  }

  #findFirstEarly(): number | undefined {
    let first: number | undefined;
    for (const seq of this.#early.keys()) first = Math.min(first ?? seq, seq);
    return first;
  }

  #joined(): Uint8Array {
    const frame = Buffer.concat(this.#parts, this.#partsBytes);
    this.#parts = [];
    this.#partsBytes = 0;
    return frame;
  }
}
