/**
 * Frames between two threads of different nodes, whole, once and in order, over paths that may lose, repeat and reorder
 * packets. Sequence numbers, cumulative acknowledgement with a window in bytes, and repetition of what is missing: TCP's means
 * (RFC 9293), because a session outlives any one connection and may move from one path to another in the middle.
 *
 * A session never begins anew: when the other end has forgotten it, or is silent for too long, it is over, and what was not
 * acknowledged may or may not have been taken.
 */
import {
  type Clock,
  type FramePort,
  LIMITS,
  reasonOf,
  type TimerHandle,
  type Timers,
} from '../contracts/index.ts';
import { Arrivals, type Taken } from './arrivals.ts';
import {
  newPacket,
  PACKET,
  PACKET_FLAG,
  PACKET_HEAD_BYTES,
  type PacketHead,
  renewPacket,
} from './packet.ts';

export interface SessionPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Takes a packet; may lose it. The packet is not changed while `send` runs, and may be changed after. */
  readonly send: (packet: Uint8Array) => void;
  readonly isAway: () => boolean;
  /** Asks the other end whether it still knows the session. `doubts`: repetitions since anything was acknowledged. */
  readonly probe: (doubts: number) => void;
  readonly ended: () => void;
}

interface Sent {
  readonly packet: Uint8Array;
  readonly seq: number;
  readonly queuedMs: number;
  sentMs: number;
  /** When it was last sent again. */
  repeatedMs: number;
}

const ACK_DELAY_MS = 20;
/** After as many packets, or as much of the window, an acknowledgement goes out by itself. */
const ACK_PACKETS = 32;
const ACK_WINDOW_SHARE = 4;
const REPEAT_MS_MIN = 200;
const REPEAT_MS_MAX = 2_000;
const HOLE_MS_MIN = 50;
const KEEP_ALIVE_MS = 5_000;
/** A silence after which the other end may have forgotten the session: then the question has to be signed. */
const DOUBT_SILENCE_MS = 9_000;
/** Packets taken before the actors that got them have their turn: a burst must not fill mailboxes that would keep up. */
const PACKETS_PER_TURN = 8;

export class Session implements FramePort {
  readonly id: number;
  /** The other end's number for this session; 0 until it is known. */
  remoteId = 0;
  readonly #ports: SessionPorts;
  #isOpen = false;
  #isOver = false;
  #receive: ((frame: Uint8Array, ageMs: number) => void) | undefined;
  #closed: ((reason: string) => void) | undefined;

  /** Cut, numbered, and held back by the window; then on their way. */
  #queue: Sent[] = [];
  #unacked: Sent[] = [];
  #queuedBytes = 0;
  #unackedBytes = 0;
  #lastSeq = 0;
  #windowBytes: number = LIMITS.peerWindowBytes;

  readonly #arrivals = new Arrivals();
  /** While packets wait for an earlier one: when to tell of the hole again, and how long to wait then. */
  #holeTimer: TimerHandle | undefined;
  #holeMs = HOLE_MS_MIN;
  /** The first packet behind the hole that was told of, and how far all had come then. */
  #toldHole: number | undefined;
  #toldTakenSeq = 0;
  /** After a pause without news: all up to this one may be lost. Repeated in batches that double with each news. */
  #doubtedSeq = 0;
  #doubtedMs = 0;
  #repeatPackets = 1;
  #doubts = 0;
  #owedPackets = 0;
  #owedBytes = 0;
  #isTurnPlanned = false;
  #takenThisTurn = 0;

  #heardMs: number;
  #repeatMs = REPEAT_MS_MIN;
  #ackTimer: TimerHandle | undefined;
  #lifeTimer: TimerHandle | undefined;
  #isLifeTimerShort = false;

  constructor(id: number, ports: SessionPorts) {
    this.id = id;
    this.#ports = ports;
    this.#heardMs = ports.clock.monotonicMs();
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isOver;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  // --- the port ---------------------------------------------------------------------------------------------------

  /** Takes a copy. Nothing is refused here: whoever sends looks at `backlogBytes` first. */
  post(frame: Uint8Array): void {
    if (this.#isOver) return;
    for (let at = 0; at < frame.byteLength; at += LIMITS.packetBytes) {
      const part = frame.subarray(at, at + LIMITS.packetBytes);
      const isMore = at + LIMITS.packetBytes < frame.byteLength;
      this.#enqueue(part, isMore ? PACKET_FLAG.more : 0);
    }
    this.#sendQueued();
  }

  /** Not acknowledged yet, whether sent or held back. */
  backlogBytes(): number {
    return this.#queuedBytes + this.#unackedBytes;
  }

  isAway(): boolean {
    return this.#ports.isAway();
  }

  onFrame(receive: (frame: Uint8Array, ageMs: number) => void): void {
    this.#receive = receive;
    this.#planTurn();
  }

  onClose(closed: (reason: string) => void): void {
    this.#closed = closed;
  }

  /** Ends it on both sides, as far as the news gets through. */
  close(): void {
    if (this.isOpen) this.#ports.send(newPacket(this.#head(PACKET.reset, 0, 0), 0));
    this.end('closed here');
  }

  // --- for the table of sessions -----------------------------------------------------------------------------------

  /** Both ends know each other's number: what waited goes out. */
  open(remoteId: number): void {
    if (this.#isOpen || this.#isOver) return;
    this.remoteId = remoteId;
    this.#isOpen = true;
    this.#heard();
    this.#sendQueued();
    this.#watchLife();
  }

  end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ackTimer?.cancel();
    this.#holeTimer?.cancel();
    this.#lifeTimer?.cancel();
    this.#queue = [];
    this.#unacked = [];
    this.#arrivals.clear();
    this.#ports.ended();
    this.#closed?.(reason);
  }

  /** A path came or went: what it may have lost is sent again. */
  pathChanged(): void {
    if (!this.isOpen) return;
    this.#repeatMs = REPEAT_MS_MIN;
    for (const sent of this.#unacked) this.#transmit(sent);
    this.#sendAck(0, 0);
  }

  /** A packet that is addressed to this session by its other end. */
  receive(head: PacketHead, packet: Uint8Array): void {
    if (!this.isOpen) return;
    this.#heard();
    this.#acknowledged(head);
    if ((head.flags & PACKET_FLAG.ask) !== 0) this.#sendAck(0, 0);
    if (head.kind === PACKET.data) this.#takeData(head, packet);
  }

  /** Says that this end is there, with all that it knows. */
  answerProbe(): void {
    this.#sendAck(0, 0);
  }

  // --- sending ----------------------------------------------------------------------------------------------------

  #enqueue(part: Uint8Array, flags: number): void {
    const seq = ++this.#lastSeq;
    const packet = newPacket(this.#head(PACKET.data, flags, seq), part.byteLength);
    packet.set(part, PACKET_HEAD_BYTES);
    const queuedMs = this.#ports.clock.monotonicMs();
    this.#queue.push({ packet, seq, queuedMs, sentMs: 0, repeatedMs: 0 });
    this.#queuedBytes += packet.byteLength;
  }

  #sendQueued(): void {
    if (!this.isOpen || this.#queue.length === 0) return;
    let count = 0;
    for (const sent of this.#queue) {
      const bytes = sent.packet.byteLength;
      const fits = this.#unackedBytes + bytes <= this.#windowBytes;
      if (!fits && this.#unacked.length > 0) break;
      this.#unacked.push(sent);
      this.#unackedBytes += bytes;
      this.#queuedBytes -= bytes;
      this.#transmit(sent);
      count++;
    }
    if (count === this.#queue.length) this.#queue = [];
    else if (count > 0) this.#queue.splice(0, count);
    if (count > 0) this.#watchLife();
  }

  #transmit(sent: Sent): void {
    const nowMs = this.#ports.clock.monotonicMs();
    if (sent.sentMs > 0) sent.repeatedMs = nowMs;
    sent.sentMs = nowMs;
    renewPacket(sent.packet, this.remoteId, this.#arrivals.takenSeq, sent.sentMs - sent.queuedMs);
    this.#owedPackets = 0;
    this.#owedBytes = 0;
    this.#ports.send(sent.packet);
  }

  #acknowledged({ ack, windowBytes, flags, seq }: PacketHead): void {
    if (ack > this.#lastSeq) return;
    this.#windowBytes = windowBytes;
    let count = 0;
    while (count < this.#unacked.length && (this.#unacked[count] as Sent).seq <= ack) {
      this.#unackedBytes -= (this.#unacked[count] as Sent).packet.byteLength;
      count++;
    }
    if (count > 0) {
      this.#unacked.splice(0, count);
      this.#repeatMs = REPEAT_MS_MIN;
      this.#doubts = 0;
      if (ack < this.#doubtedSeq) this.#repeatDoubted();
    }
    if ((flags & PACKET_FLAG.hole) !== 0) {
      const nowMs = this.#ports.clock.monotonicMs();
      for (const sent of this.#unacked) {
        if (sent.seq >= seq) break;
        // What was repeated only now is on its way.
        if (nowMs - sent.repeatedMs >= HOLE_MS_MIN) this.#transmit(sent);
      }
    }
    this.#sendQueued();
  }

  #repeatDoubted(): void {
    this.#repeatPackets *= 2;
    const doubted = ({ seq, sentMs }: Sent) => seq <= this.#doubtedSeq && sentMs < this.#doubtedMs;
    for (const sent of this.#unacked.filter(doubted).slice(0, this.#repeatPackets)) {
      this.#transmit(sent);
    }
  }

  // --- receiving --------------------------------------------------------------------------------------------------

  #takeData({ seq }: PacketHead, packet: Uint8Array): void {
    const came = this.#arrivals.put(seq, packet, this.#ports.clock.monotonicMs());
    if (came === 'repeated') return this.#owe(0);
    if (came === 'early') return this.#holeTimer ? undefined : this.#tellHole();
    this.#deliver();
    // The next hole is told of at once; the same one, while it is filled, is not: each telling brings all that is missing.
    if (this.#arrivals.behindHole === this.#toldHole) return;
    this.#holeTimer?.cancel();
    this.#holeTimer = undefined;
    this.#holeMs = HOLE_MS_MIN;
    this.#tellHole();
  }

  #tellHole(): void {
    this.#holeTimer = undefined;
    const { behindHole, takenSeq } = this.#arrivals;
    const isFilling = behindHole === this.#toldHole && takenSeq > this.#toldTakenSeq;
    this.#toldHole = behindHole;
    this.#toldTakenSeq = takenSeq;
    if (!this.isOpen || behindHole === undefined) return;
    if (isFilling) this.#holeMs = HOLE_MS_MIN;
    else this.#sendAck(PACKET_FLAG.hole, behindHole);
    this.#holeTimer = this.#ports.timers.after(this.#holeMs, () => this.#tellHole());
    this.#holeMs = Math.min(this.#holeMs * 2, REPEAT_MS_MAX);
  }

  /** Gives on what is in order; after some packets the actors come first. */
  #deliver(): void {
    while (this.#receive && !this.#isOver) {
      if (this.#takenThisTurn >= PACKETS_PER_TURN) return this.#planTurn();
      const taken = this.#takeNext();
      if (!taken) return;
      if (this.#takenThisTurn++ === 0) this.#planTurn();
      this.#owe(taken.packetBytes);
      if (taken.frame) this.#receive(taken.frame, taken.ageMs);
    }
  }

  #takeNext(): Taken | undefined {
    try {
      return this.#arrivals.take(this.#ports.clock.monotonicMs());
    } catch (thrown) {
      this.end(reasonOf(thrown));
      return undefined;
    }
  }

  #planTurn(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    this.#ports.timers.immediate(() => {
      this.#isTurnPlanned = false;
      this.#takenThisTurn = 0;
      this.#deliver();
    });
  }

  #owe(bytes: number): void {
    this.#owedPackets++;
    this.#owedBytes += bytes;
    const isDue =
      bytes === 0 ||
      this.#owedPackets >= ACK_PACKETS ||
      this.#owedBytes >= LIMITS.peerWindowBytes / ACK_WINDOW_SHARE;
    if (isDue) this.#sendAck(0, 0);
    else this.#ackTimer ??= this.#ports.timers.after(ACK_DELAY_MS, () => this.#ackLate());
  }

  #ackLate(): void {
    this.#ackTimer = undefined;
    if (this.#owedPackets > 0) this.#sendAck(0, 0);
  }

  #sendAck(flags: number, seq: number): void {
    if (!this.isOpen) return;
    this.#owedPackets = 0;
    this.#owedBytes = 0;
    this.#ports.send(newPacket(this.#head(PACKET.ack, flags, seq), 0));
  }

  #head(kind: number, flags: number, seq: number): PacketHead {
    const { id: from, remoteId: to } = this;
    const windowBytes = LIMITS.peerWindowBytes;
    return { kind, flags, windowBytes, from, to, seq, ack: this.#arrivals.takenSeq, ageMs: 0 };
  }

  // --- life -------------------------------------------------------------------------------------------------------

  #heard(): void {
    this.#heardMs = this.#ports.clock.monotonicMs();
  }

  /** One timer: for what has to be repeated, for an end that is silent, and for a look at one that has nothing to say. */
  #watchLife(): void {
    if (!this.isOpen) return;
    const isShort = this.#unacked.length > 0;
    if (this.#lifeTimer && (this.#isLifeTimerShort || !isShort)) return;
    this.#lifeTimer?.cancel();
    this.#isLifeTimerShort = isShort;
    const delayMs = isShort ? this.#repeatMs : KEEP_ALIVE_MS;
    this.#lifeTimer = this.#ports.timers.after(delayMs, () => {
      this.#lifeTimer = undefined;
      this.#look();
    });
  }

  #look(): void {
    const nowMs = this.#ports.clock.monotonicMs();
    const silentMs = nowMs - this.#heardMs;
    if (silentMs >= LIMITS.peerSilentMs) {
      return this.end(`nothing was heard for ${Math.round(silentMs)} ms`);
    }
    const [oldest] = this.#unacked;
    if (oldest && nowMs - oldest.sentMs >= this.#repeatMs) this.#doubt(oldest, nowMs);
    else if (!oldest && silentMs >= DOUBT_SILENCE_MS) this.#ports.probe(0);
    else if (!oldest && silentMs >= KEEP_ALIVE_MS) this.#sendAck(PACKET_FLAG.ask, 0);
    this.#watchLife();
  }

  #doubt(oldest: Sent, nowMs: number): void {
    this.#doubtedSeq = this.#unacked.at(-1)?.seq ?? 0;
    this.#doubtedMs = nowMs;
    this.#repeatPackets = 1;
    this.#transmit(oldest);
    this.#ports.probe(++this.#doubts);
    this.#repeatMs = Math.min(this.#repeatMs * 2, REPEAT_MS_MAX);
  }
}
