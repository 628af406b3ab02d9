/**
 * The sessions of one thread with threads of other nodes, all over one bus: who speaks is settled by a handshake in three
 * steps, as TCP opens a connection, so that a packet of an earlier life can neither open a session nor end one.
 *
 *     hello(from a, to 0) ->   <- hello(from b, to a)   -> anything(from a, to b)
 *
 * An end that began anew is believed when it answers to a number that was only now made for it; then the old session is over.
 * Hellos are signed by the node's key, everything else is sealed with a key that both ends make of their hellos.
 */
import { type FramePort, LIMITS, type Random, type SkeinError } from '../contracts/index.ts';
import { backoffDelayMs } from './backoff.ts';
import type { DirectPath, DirectWays } from './direct-ways.ts';
import { type Hello, keyOf, type Peer, subjectOf, writeHello } from './hello.ts';
import { HelloGate } from './hello-gate.ts';
import {
  PACKET,
  PACKET_BYTES_MAX,
  PACKET_FLAG,
  type PacketHead,
  readPacket,
  shortHead,
} from './packet.ts';
import { ENDED_THERE, type PeerSessionsOptions, type PeerStatus } from './peer-sessions-options.ts';
import type { Mismatches, Refusal, RefusalCounts } from './refused-packets.ts';
import { SEAL_BYTES } from './sealing.ts';
import { Session } from './session.ts';
import { SessionGuard } from './session-guard.ts';
import { type ExchangeKey, newExchangeKey } from './session-keys.ts';
import { WIRE_VERSIONS, type WireRange } from './wire-versions.ts';

interface Entry {
  readonly session: Session;
  readonly guard: SessionGuard;
  readonly peer: Peer;
  readonly key: string;
  /** Whether others find this session by its peer; one that only was asked for is not believed yet. */
  isCurrent: boolean;
  direct: DirectPath | undefined;
  directSinceMs: number;
  peerOffer: unknown;
}

const HELLO_BACKOFF = { minMs: 50, maxMs: 1_000, jitterRatio: 0.2 };
/** Repetitions without news after which a direct path is not believed any more. */
const DIRECT_DOUBTS_MAX = 3;
/** What was on the bus when a path became direct has come by then. */
const DIRECT_SETTLED_MS = 1_000;
const SESSION_IDS = 2 ** 48;
const SEALED_BYTES_MAX = PACKET_BYTES_MAX + SEAL_BYTES;

export class PeerSessions {
  readonly #options: PeerSessionsOptions;
  readonly #random: Random;
  readonly #byId = new Map<number, Entry>();
  readonly #byPeer = new Map<string, Entry>();
  /** Asked for and not believed yet: one a peer, the newest. */
  readonly #candidates = new Map<string, Entry>();
  readonly #unsubscribe: () => void;
  readonly #gate: HelloGate;
  readonly #wire: WireRange;
  readonly #exchange: ExchangeKey;
  /** Counts hellos, and all else that is signed. */
  #signed = 0;
  #direct: DirectWays | undefined;

  constructor(options: PeerSessionsOptions) {
    this.#options = options;
    this.#random = options.random.fork('sessions');
    this.#exchange = newExchangeKey(options.random.fork('exchange'));
    const { bus, cluster, self, clock, identity } = options;
    const subject = subjectOf(cluster, self);
    this.#wire = options.wire ?? WIRE_VERSIONS;
    this.#gate = new HelloGate({ subject, book: identity.book, clock, wire: this.#wire });
    this.#unsubscribe = bus.subscribe(subject, (packet) => this.#receive(packet));
    bus.onReturn(() => {
      for (const { session, direct } of this.#byPeer.values()) if (!direct) session.pathChanged();
    });
  }

  useDirect(direct: DirectWays): void {
    this.#direct = direct;
  }

  /** The session with a peer; a new one begins when there is none. */
  open(peer: Peer): FramePort {
    const known = this.#byPeer.get(keyOf(peer));
    if (known) return known.session;
    const entry = this.#takeCandidate(keyOf(peer)) ?? this.#newEntry(peer);
    this.#become(entry);
    this.#callOut(entry, 1, this.#options.clock.monotonicMs());
    return entry.session;
  }

  /** A packet on the direct path of one session, which needs no seal there and may be of no other. */
  receiveDirect(id: number, packet: Uint8Array): void {
    const head = readPacket(packet);
    const entry = this.#byId.get(id);
    if (head?.to !== id || !entry || !isOf(entry, head)) return this.#refuse('stale', entry);
    this.#take(entry, head, packet);
  }

  /** Why nothing is understood of a node, by its ID and thread. */
  mismatches(): Mismatches {
    return this.#options.refused.mismatches();
  }

  /** What was refused so far, by reason. */
  refused(): RefusalCounts {
    return this.#options.refused.totals();
  }

  /** Packets of the session take this way from now on. @returns false when the session is over. */
  attach(id: number, path: DirectPath): boolean {
    const entry = this.#byId.get(id);
    if (!entry) return false;
    entry.direct?.close();
    entry.direct = path;
    entry.directSinceMs = this.#options.clock.monotonicMs();
    return true;
  }

  /** The way is gone. */
  detach(id: number, path: DirectPath): void {
    const entry = this.#byId.get(id);
    if (entry?.direct === path) this.#dropDirect(entry);
  }

  status(): readonly PeerStatus[] {
    return [...this.#byPeer.values()].map(({ peer, session, direct }) => ({
      ...peer,
      path: session.isOpen ? (direct?.kind ?? 'nats') : 'opening',
      backlogBytes: session.backlogBytes(),
    }));
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    for (const { session } of [...this.#byId.values()]) session.close();
    await this.#direct?.close();
  }

  // --- packets ----------------------------------------------------------------------------------------------------

  /** What is not sound, or not authentic, is refused and counted, never answered. */
  #receive(bytes: Uint8Array): void {
    if (bytes.byteLength > SEALED_BYTES_MAX) return this.#refuse('too large');
    const head = readPacket(bytes);
    if (!head) return this.#refuse('malformed');
    const isReset = head.kind === PACKET.reset;
    if (head.kind === PACKET.hello || (isReset && (head.flags & PACKET_FLAG.signed) !== 0)) {
      return this.#receiveSigned(head, bytes);
    }
    const entry = this.#byId.get(head.to);
    if (!entry || !isOf(entry, head)) return this.#refuse('stale', entry);
    const opened = entry.guard.open(bytes);
    if (typeof opened === 'string') return this.#refuse(opened, entry);
    this.#believe(entry);
    if (head.kind === PACKET.data) this.#doubtDirect(entry);
    this.#take(entry, head, opened);
  }

  #take({ session }: Entry, head: PacketHead, packet: Uint8Array): void {
    if (head.kind === PACKET.reset) session.end(ENDED_THERE);
    else if (head.kind === PACKET.data || head.kind === PACKET.ack) session.receive(head, packet);
  }

  #receiveSigned(head: PacketHead, packet: Uint8Array): void {
    const admission = this.#gate.admit(head, packet);
    if (!('hello' in admission)) {
      if ('from' in admission) return this.#mismatched(head, admission.from, admission.error);
      if ('isUnwanted' in admission) return;
      return this.#options.refused.count(admission.refusal, admission.sender);
    }
    const { hello } = admission;
    if (head.kind === PACKET.hello) return this.#receiveHello(head, hello);
    const entry = this.#byId.get(head.to);
    if (entry && isOf(entry, head) && entry.key === keyOf(hello)) entry.session.end(ENDED_THERE);
  }

  /** Both sides are to know why. Who asks is told the versions of this node by a hello, which the other refuses as well. */
  #mismatched({ kind, from, to }: PacketHead, hello: Hello, error: SkeinError): void {
    this.#options.refused.mismatch(keyOf(hello), error);
    if (kind !== PACKET.hello) return;
    const entry = this.#byId.get(to);
    if (to === 0) this.#sayAsNode(hello, shortHead(PACKET.hello, { from: 0, to: from }), null);
    else if (entry?.key === keyOf(hello)) entry.session.end(error.message);
  }

  #refuse(reason: Refusal, entry?: Entry): void {
    this.#options.refused.count(reason, entry?.key);
  }

  // --- opening ----------------------------------------------------------------------------------------------------

  /**
   * Both ends want a session at the same time: they have to mean the same one, or the second would end the first with all that waits
   * in it. Whom its hello came from is asked again, since a stale hello makes a candidate as well.
   */
  #takeCandidate(key: string): Entry | undefined {
    const candidate = this.#candidates.get(key);
    if (!candidate) return undefined;
    this.#candidates.delete(key);
    candidate.session.remoteId = 0;
    return candidate;
  }

  #newEntry(peer: Peer): Entry {
    const { clock, timers, bus, cluster } = this.#options;
    const subject = subjectOf(cluster, peer);
    const session = new Session(this.#newId(), {
      clock,
      timers,
      send: (packet) => {
        if (entry.direct) entry.direct.send(packet);
        else bus.publish(subject, entry.guard.seal(packet));
      },
      isAway: () => entry.direct === undefined && !bus.isConnected(),
      probe: (doubts) => {
        if (doubts >= DIRECT_DOUBTS_MAX) this.#dropDirect(entry);
        this.#hello(entry);
      },
      ended: () => this.#ended(entry),
    });
    const key = keyOf(peer);
    const { self, identity } = this.#options;
    const { publicKey } = identity.key;
    const wire = this.#wire;
    const own = { id: session.id, subject: subjectOf(cluster, self), publicKey, wire };
    const entry: Entry = {
      session,
      guard: new SessionGuard(this.#exchange, own),
      peer,
      key,
      isCurrent: false,
      direct: undefined,
      directSinceMs: 0,
      peerOffer: undefined,
    };
    this.#byId.set(session.id, entry);
    return entry;
  }

  #newId(): number {
    const id = 1 + Math.floor(this.#random.next() * (SESSION_IDS - 1));
    return this.#byId.has(id) ? this.#newId() : id;
  }

  #callOut(entry: Entry, attempt: number, startedMs: number): void {
    const { session } = entry;
    if (session.isOpen || session.isOver) return;
    const { clock, timers } = this.#options;
    const waitedMs = clock.monotonicMs() - startedMs;
    if (waitedMs >= LIMITS.peerConnectMs) {
      return session.end(`${entry.key} did not answer in ${Math.round(waitedMs)} ms`);
    }
    this.#hello(entry);
    const delayMs = backoffDelayMs(HELLO_BACKOFF, attempt, this.#random);
    timers.after(delayMs, () => this.#callOut(entry, attempt + 1, startedMs));
  }

  #hello({ session, peer }: Entry): void {
    const facts = { id: session.id, remoteId: session.remoteId, peer };
    const head = shortHead(PACKET.hello, { from: session.id, to: session.remoteId });
    this.#sayAsNode(peer, head, this.#direct?.offer(facts) ?? null);
  }

  /** By the bus, always: it finds whoever lives there now. */
  #sayAsNode(peer: Peer, head: PacketHead, direct: unknown): void {
    const { self, identity, bus, cluster, epoch } = this.#options;
    const { key } = identity;
    const subject = subjectOf(cluster, peer);
    const half = this.#exchange.public;
    const hello = { ...self, epoch, key: key.publicKey, half, direct, wire: this.#wire };
    bus.publish(subject, writeHello({ ...head, seq: ++this.#signed }, hello, { key, subject }));
  }

  #receiveHello(head: PacketHead, hello: Hello): void {
    const peer = { node: hello.node, thread: hello.thread };
    if (head.to === 0) return this.#invited(head.from, peer, hello);
    const entry = this.#byId.get(head.to);
    if (!entry || entry.key !== keyOf(peer)) return this.#tellReset(head, peer);
    const { session } = entry;
    if (session.isOpen && session.remoteId !== head.from) return;
    if (!this.#meet(entry, head.from, hello)) return;
    this.#believe(entry);
    session.answerProbe();
  }

  /** @returns false when there is no key to make with it. */
  #meet(entry: Entry, from: number, { key: publicKey, half, direct, wire }: Hello): boolean {
    const { cluster } = this.#options;
    const other = { id: from, subject: subjectOf(cluster, entry.peer), publicKey, half, wire };
    if (!entry.guard.meet(other)) {
      this.#refuse('wrong key', entry);
      return false;
    }
    entry.session.remoteId = from;
    entry.peerOffer = direct;
    return true;
  }

  /** Somebody wants a session. What a stale packet asks for is never confirmed, and so does no harm. */
  #invited(from: number, peer: Peer, hello: Hello): void {
    const key = keyOf(peer);
    const current = this.#byPeer.get(key);
    if (current && (current.session.remoteId === from || !current.session.isOpen)) {
      if (this.#meet(current, from, hello)) this.#hello(current);
      return;
    }
    let candidate = this.#candidates.get(key);
    if (candidate?.session.remoteId !== from) {
      candidate?.session.end('asked for anew');
      if (this.#byId.size >= LIMITS.peerSessions) {
        return this.#options.refused.count('too many', key);
      }
      candidate = this.#newEntry(peer);
      this.#candidates.set(key, candidate);
      this.#dropLater(candidate);
    }
    if (this.#meet(candidate, from, hello)) this.#hello(candidate);
  }

  #dropLater(candidate: Entry): void {
    this.#options.timers.after(LIMITS.peerConnectMs, () => {
      if (!candidate.isCurrent) candidate.session.end('it was asked for and not taken up');
    });
  }

  /** The other end has used the number that was made for it: it is there, now. */
  #believe(entry: Entry): void {
    const { session, peer, key, guard } = entry;
    if (session.isOpen || session.isOver) return;
    if (!entry.isCurrent) {
      this.#candidates.delete(key);
      this.#byPeer.get(key)?.session.end(`${key} began anew`);
      this.#become(entry);
      this.#options.onPeer(peer, session);
    }
    session.open(session.remoteId);
    const facts = { id: session.id, remoteId: session.remoteId, peer };
    this.#direct?.opened(facts, entry.peerOffer, guard.directKey);
  }

  #become(entry: Entry): void {
    entry.isCurrent = true;
    this.#byPeer.set(entry.key, entry);
  }

  /** The other end sends by the bus again, so it does not hear the direct path either. */
  #doubtDirect(entry: Entry): void {
    const sinceMs = this.#options.clock.monotonicMs() - entry.directSinceMs;
    if (sinceMs > DIRECT_SETTLED_MS) this.#dropDirect(entry);
  }

  /** What it may have lost goes out again on the bus. */
  #dropDirect(entry: Entry): void {
    const { direct } = entry;
    if (!direct) return;
    entry.direct = undefined;
    direct.close();
    entry.session.pathChanged();
  }

  #tellReset({ from, to }: PacketHead, peer: Peer): void {
    const head = { ...shortHead(PACKET.reset, { from: to, to: from }), flags: PACKET_FLAG.signed };
    this.#sayAsNode(peer, head, null);
  }

  #ended(entry: Entry): void {
    const { session, key, peer } = entry;
    this.#byId.delete(session.id);
    if (this.#byPeer.get(key) === entry) this.#byPeer.delete(key);
    if (this.#candidates.get(key) === entry) this.#candidates.delete(key);
    this.#direct?.ended({ id: session.id, remoteId: session.remoteId, peer });
    entry.direct?.close();
    entry.direct = undefined;
  }
}

const isOf = ({ session }: Entry, { from }: PacketHead): boolean =>
  from !== 0 && session.remoteId === from;
