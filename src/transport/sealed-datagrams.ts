/**
 * Single packets between nodes, authentic and sent once: what is lost is lost. For those who say the same again anyway and must not
 * wait, as gossip does. Who speaks is settled as for sessions, by hellos that are signed and packets that are sealed:
 *
 *     hello(from a, to 0) ->   <- hello(from b, to a)   -> sealed(from a, to b)
 *
 * An end is met when it has used a number that was only now made for it, so nothing that was recorded earlier, be it from another
 * life, has an effect. A hello to all is signed and says who is there; nobody is met by it, but who hears it
 * and wants to introduces itself.
 */
import {
  type Clock,
  LIMITS,
  type NodeId,
  type PacketBus,
  type Random,
  type SkeinError,
  type Timers,
} from '../contracts/index.ts';
import { type Hello, keyOf, type Peer, writeHello } from './hello.ts';
import { type Call, HelloGate } from './hello-gate.ts';
import type { Identity } from './known-keys.ts';
import {
  newPacket,
  PACKET,
  PACKET_BYTES_MAX,
  PACKET_HEAD_BYTES,
  type PacketHead,
  readPacket,
  shortHead,
} from './packet.ts';
import type { RefusedPackets } from './refused-packets.ts';
import { SEAL_BYTES } from './sealing.ts';
import { SessionGuard } from './session-guard.ts';
import { type ExchangeKey, newExchangeKey } from './session-keys.ts';
import { WIRE_VERSIONS, type WireRange } from './wire-versions.ts';

export type CallUse = 'none' | 'hear' | 'meet';

export interface DatagramEvents {
  /**
   * What a call is good for, asked before its signature is checked: nothing, or to be listened to, if its author was met in the life that
   * speaks (`isMet`), or to meet its author, which shows that it is there now. Default: the second where it can be, else the third.
   */
  readonly useOf?: (node: NodeId, said: unknown, isMet: boolean) => CallUse;
  /** Whether to meet one that was not met yet and whose call is authentic. Default: all. */
  readonly isWelcome?: (node: NodeId) => boolean;
  /** The other end is there, now, and what it sends is taken. */
  readonly onMet: (node: NodeId) => void;
  readonly onPacket: (node: NodeId, body: Uint8Array) => void;
  /** What somebody who was met says to all. */
  readonly onCall: (node: NodeId, said: unknown) => void;
}

export interface SealedDatagramsOptions extends DatagramEvents {
  readonly self: Peer;
  readonly identity: Identity;
  /** Which life of the thread this is; a later one has a higher number. Hellos of earlier ones are refused. */
  readonly epoch: number;
  /** Where a node listens, and all of them. */
  readonly subjectOf: (node: NodeId | 'all') => string;
  readonly bus: PacketBus;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly refused: RefusedPackets;
  /** Default: what this build speaks. */
  readonly wire?: WireRange;
}

interface Entry {
  readonly id: number;
  readonly node: NodeId;
  readonly guard: SessionGuard;
  /** What could not go yet, the oldest first. */
  readonly waiting: Uint8Array[];
  remoteId: number;
  /** Which life of the other end it is. */
  epoch: number;
  isMet: boolean;
  helloAtMs: number;
  /** Packets since anything came from it. */
  unheard: number;
}

const WAITING_MAX = 4;
/** An answer and a question; who is still silent may have begun anew, and is asked for its number. */
const UNHEARD_MAX = 2;
const CALL_MS = 250;
const CALLS = 3;
const SESSION_IDS = 2 ** 48;
const SEALED_BYTES_MAX = PACKET_BYTES_MAX + SEAL_BYTES;
const NOTHING = new Uint8Array(0);

export class SealedDatagrams {
  readonly #options: SealedDatagramsOptions;
  readonly #random: Random;
  readonly #exchange: ExchangeKey;
  readonly #gate: HelloGate;
  readonly #wire: WireRange;
  readonly #byId = new Map<number, Entry>();
  readonly #byNode = new Map<NodeId, Entry>();
  /** Asked for and not met yet: one a node, the newest. */
  readonly #candidates = new Map<NodeId, Entry>();
  readonly #ends: readonly (() => void)[];
  readonly counts = { sentPackets: 0, sentBytes: 0 };
  #signed = 0;

  constructor(options: SealedDatagramsOptions) {
    this.#options = options;
    this.#random = options.random.fork('datagrams');
    this.#exchange = newExchangeKey(options.random.fork('datagram exchange'));
    const { bus, subjectOf, self, identity, clock } = options;
    const [own, all] = [subjectOf(self.node), subjectOf('all')];
    this.#wire = options.wire ?? WIRE_VERSIONS;
    this.#gate = new HelloGate({ subject: own, book: identity.book, clock, wire: this.#wire });
    this.#ends = [
      bus.subscribe(own, (packet) => this.#receive(packet)),
      bus.subscribe(all, (packet) => this.#receiveCall(packet, all)),
    ];
  }

  /** Sends it once; first of all it meets the other end, and keeps up to four packets for it until then. */
  send(node: NodeId, body: Uint8Array): void {
    const entry = this.#byNode.get(node) ?? this.#open(node);
    if (!entry) return;
    if (!entry.isMet) {
      entry.waiting.push(body);
      if (entry.waiting.length > WAITING_MAX) entry.waiting.shift();
      return;
    }
    this.#seal(entry, body);
    const sinceMs = this.#options.clock.monotonicMs() - entry.helloAtMs;
    if (++entry.unheard > UNHEARD_MAX && sinceMs >= CALL_MS) this.#hello(entry);
  }

  /** To everybody, signed. `said` is taken by those who have met this node. */
  call(said: unknown): void {
    const { subjectOf } = this.#options;
    const head = shortHead(PACKET.hello, { from: 0, to: 0 });
    this.#sign(subjectOf('all'), head, said);
  }

  /** A later life of the node is known to have begun: what was agreed with an earlier one is of no more use. */
  forgetEarlier(node: NodeId, epoch: number): void {
    const entry = this.#byNode.get(node);
    if (entry?.isMet && entry.epoch < epoch) this.#forget(entry);
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#byId.clear();
    this.#byNode.clear();
    this.#candidates.clear();
  }

  // --- packets

  #receive(bytes: Uint8Array): void {
    const { refused } = this.#options;
    if (bytes.byteLength > SEALED_BYTES_MAX) return refused.count('too large');
    const head = readPacket(bytes);
    if (!head) return refused.count('malformed');
    if (head.kind === PACKET.hello) {
      const hello = this.#admit(head, bytes);
      if (hello) this.#receiveHello(head, hello);
      return;
    }
    if (head.kind !== PACKET.data && head.kind !== PACKET.ack) return refused.count('malformed');
    const entry = this.#byId.get(head.to);
    if (!entry || head.from === 0 || entry.remoteId !== head.from) return refused.count('stale');
    const opened = entry.guard.open(bytes);
    const name = keyOf({ node: entry.node, thread: this.#options.self.thread });
    if (typeof opened === 'string') return refused.count(opened, name);
    entry.unheard = 0;
    this.#meet(entry);
    const body = opened.subarray(PACKET_HEAD_BYTES);
    if (head.kind === PACKET.data) this.#options.onPacket(entry.node, body);
    else if (body.byteLength > 0) refused.count('malformed', name);
  }

  #receiveCall(bytes: Uint8Array, subject: string): void {
    const { refused, onCall } = this.#options;
    if (bytes.byteLength > SEALED_BYTES_MAX) return refused.count('too large');
    const head = readPacket(bytes);
    if (!head || head.kind !== PACKET.hello || head.from !== 0 || head.to !== 0) {
      return refused.count('malformed');
    }
    const { useOf, isWelcome } = this.#options;
    let use: CallUse = 'none';
    const isWanted = ({ node, epoch, direct }: Hello): boolean => {
      const isMet = this.#isMet(node, epoch);
      use = useOf?.(node, direct, isMet) ?? (isMet ? 'hear' : 'meet');
      return use === 'meet' || (use === 'hear' && isMet);
    };
    const hello = this.#admit(head, bytes, { subject, isWanted });
    if (!hello) return;
    if ((use as CallUse) === 'hear') return onCall(hello.node, hello.direct);
    if (isWelcome?.(hello.node) === false) return;
    const entry = this.#byNode.get(hello.node);
    if (!entry) this.#open(hello.node);
    else this.#hello(entry.isMet ? this.#candidate(hello.node) : entry);
  }

  #isMet(node: NodeId, epoch: number): boolean {
    const entry = this.#byNode.get(node);
    return entry?.isMet === true && entry.epoch === epoch;
  }

  #admit(head: PacketHead, bytes: Uint8Array, call?: Call): Hello | undefined {
    const { refused, self } = this.#options;
    const admission = this.#gate.admit(head, bytes, call);
    if ('isUnwanted' in admission) return undefined;
    if (!('hello' in admission)) {
      if ('from' in admission) this.#mismatched(head, admission.from, admission.error);
      else refused.count(admission.refusal, admission.sender);
      return undefined;
    }
    const { hello } = admission;
    if (hello.thread === self.thread && hello.node !== self.node) return hello;
    refused.count(hello.node === self.node ? 'replayed' : 'malformed', keyOf(hello));
    return undefined;
  }

  /** Who asked, or called for the first time, is told the versions of this node by a hello, which it refuses as well. */
  #mismatched({ from, to }: PacketHead, hello: Hello, error: SkeinError): void {
    const isNews = this.#options.refused.mismatch(keyOf(hello), error);
    if (to !== 0 || hello.node === this.#options.self.node || (from === 0 && !isNews)) return;
    const head = shortHead(PACKET.hello, { from: 0, to: from });
    this.#sign(this.#options.subjectOf(hello.node), head, null);
  }

  #receiveHello({ from, to }: PacketHead, hello: Hello): void {
    if (from === 0) return this.#options.refused.count('malformed', keyOf(hello));
    const entry = this.#byId.get(to);
    if (!entry || entry.node !== hello.node) return this.#invited(from, hello);
    if (entry.isMet) {
      // Asked whether it is still there; or by one that has begun anew.
      if (entry.remoteId === from) this.#sayHere(entry);
      else this.#invited(from, hello);
      return;
    }
    if (!this.#exchangeWith(entry, from, hello)) return;
    const isAwaited = entry.waiting.length > 0;
    this.#meet(entry);
    // Only what is sealed shows the other end that this one is there.
    if (!isAwaited) this.#sayHere(entry);
  }

  /** What an old hello asks for is never taken up, and so does no harm. */
  #invited(from: number, hello: Hello): void {
    const { node } = hello;
    const current = this.#byNode.get(node);
    const isCurrent = current && (!current.isMet || current.remoteId === from);
    const entry = isCurrent ? current : current ? this.#candidate(node) : this.#enter(node);
    if (entry && this.#exchangeWith(entry, from, hello)) this.#hello(entry);
  }

  // --- ends

  /** @returns undefined when there are too many */
  #enter(node: NodeId): Entry | undefined {
    if (this.#byNode.size >= LIMITS.clusterNodes) {
      this.#options.refused.count('too many', node);
      return undefined;
    }
    const entry = this.#newEntry(node);
    this.#byNode.set(node, entry);
    return entry;
  }

  #open(node: NodeId): Entry | undefined {
    const entry = this.#enter(node);
    if (entry) this.#callOut(entry, CALLS);
    return entry;
  }

  #callOut(entry: Entry, calls: number): void {
    if (entry.isMet || calls === 0 || this.#byId.get(entry.id) !== entry) return;
    this.#hello(entry);
    this.#options.timers.after(CALL_MS, () => this.#callOut(entry, calls - 1));
  }

  #candidate(node: NodeId): Entry {
    const known = this.#candidates.get(node);
    if (known) return known;
    const entry = this.#newEntry(node);
    this.#candidates.set(node, entry);
    return entry;
  }

  #newEntry(node: NodeId): Entry {
    const { self, identity, subjectOf, timers } = this.#options;
    const id = this.#newId();
    const { publicKey } = identity.key;
    const own = { id, subject: subjectOf(self.node), publicKey, wire: this.#wire };
    const entry: Entry = {
      id,
      node,
      guard: new SessionGuard(this.#exchange, own),
      waiting: [],
      remoteId: 0,
      epoch: 0,
      isMet: false,
      helloAtMs: Number.NEGATIVE_INFINITY,
      unheard: 0,
    };
    this.#byId.set(id, entry);
    timers.after(LIMITS.peerConnectMs, () => entry.isMet || this.#forget(entry));
    return entry;
  }

  #newId(): number {
    const id = 1 + Math.floor(this.#random.next() * (SESSION_IDS - 1));
    return this.#byId.has(id) ? this.#newId() : id;
  }

  #exchangeWith(entry: Entry, from: number, { key, half, epoch, wire }: Hello): boolean {
    const subject = this.#options.subjectOf(entry.node);
    const other = { id: from, subject, publicKey: key, half, wire };
    if (!entry.guard.meet(other)) {
      this.#options.refused.count('wrong key', entry.node);
      return false;
    }
    entry.remoteId = from;
    entry.epoch = epoch;
    return true;
  }

  #meet(entry: Entry): void {
    if (entry.isMet) return;
    entry.isMet = true;
    const before = this.#byNode.get(entry.node);
    if (before && before !== entry) this.#byId.delete(before.id);
    if (this.#candidates.get(entry.node) === entry) this.#candidates.delete(entry.node);
    this.#byNode.set(entry.node, entry);
    const late = before && before !== entry ? before.waiting : [];
    for (const body of [...late.splice(0), ...entry.waiting.splice(0)]) this.#seal(entry, body);
    this.#options.onMet(entry.node);
  }

  #forget(entry: Entry): void {
    this.#byId.delete(entry.id);
    if (this.#byNode.get(entry.node) === entry) this.#byNode.delete(entry.node);
    if (this.#candidates.get(entry.node) === entry) this.#candidates.delete(entry.node);
  }

  // --- sending

  #sayHere(entry: Entry): void {
    this.#seal(entry, NOTHING, PACKET.ack);
  }

  #seal({ id, remoteId, node, guard }: Entry, body: Uint8Array, kind: number = PACKET.data): void {
    const head = shortHead(kind, { from: id, to: remoteId });
    const packet = newPacket(head, body.byteLength);
    packet.set(body, PACKET_HEAD_BYTES);
    this.#publish(this.#options.subjectOf(node), guard.seal(packet));
  }

  #hello(entry: Entry): void {
    entry.helloAtMs = this.#options.clock.monotonicMs();
    const head = shortHead(PACKET.hello, { from: entry.id, to: entry.remoteId });
    this.#sign(this.#options.subjectOf(entry.node), head, null);
  }

  #sign(subject: string, head: PacketHead, direct: unknown): void {
    const { self, identity, epoch } = this.#options;
    const { key } = identity;
    const half = this.#exchange.public;
    const hello = { ...self, epoch, key: key.publicKey, half, direct, wire: this.#wire };
    const packet = writeHello({ ...head, seq: ++this.#signed }, hello, { key, subject });
    this.#publish(subject, packet);
  }

  #publish(subject: string, packet: Uint8Array): void {
    this.counts.sentPackets++;
    this.counts.sentBytes += packet.byteLength;
    this.#options.bus.publish(subject, packet);
  }
}
