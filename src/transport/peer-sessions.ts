/**
 * The sessions of one thread with threads of other nodes, all over one bus: who speaks is settled by a handshake in three
 * steps, as TCP opens a connection, so that a packet of an earlier life can neither open a session nor end one.
 *
 *     hello(from a, to 0) ->   <- hello(from b, to a)   -> anything(from a, to b)
 *
 * An end that began anew is believed when it answers to a number that was only now made for it; then the old session is over.
 */
import {
  type Clock,
  type FramePort,
  failure,
  isSafeName,
  LIMITS,
  type NodeId,
  type PacketBus,
  type Random,
  type Result,
  reasonOf,
  success,
  type ThreadName,
  type Timers,
} from '../contracts/index.ts';
import { backoffDelayMs } from './backoff.ts';
import { decodeForeign, encodeForeign } from './foreign-codec.ts';
import { newPacket, PACKET, PACKET_HEAD_BYTES, type PacketHead, readPacket } from './packet.ts';
import { Session } from './session.ts';
import { WIRE_VERSION } from './wire-message.ts';

/** A thread of a node. */
export interface Peer {
  readonly node: NodeId;
  readonly thread: ThreadName;
}

/** Another way than the bus for the packets of one session: faster, and free to vanish. */
export interface DirectPath {
  readonly kind: 'unix' | 'tls';
  readonly send: (packet: Uint8Array) => void;
  readonly close: () => void;
}

/** What two ends tell each other about direct ways, each in its hello. The table itself does not look into it. */
export interface DirectWays {
  readonly offer: (session: SessionFacts) => unknown;
  /** Both ends know each other: the moment to look for a better way. */
  readonly opened: (session: SessionFacts, peerOffer: unknown) => void;
  readonly ended: (session: SessionFacts) => void;
  readonly close: () => Promise<void>;
}

export interface SessionFacts {
  readonly id: number;
  readonly remoteId: number;
  readonly peer: Peer;
}

export interface PeerStatus extends Peer {
  readonly path: 'nats' | 'unix' | 'tls' | 'opening';
  /** Sent or waiting, not acknowledged. */
  readonly backlogBytes: number;
}

export interface PeerSessionsOptions {
  readonly self: Peer;
  readonly cluster: string;
  readonly bus: PacketBus;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A session that another node opened, or opened anew. */
  readonly onPeer: (peer: Peer, port: FramePort) => void;
  readonly onRefused: (reason: string) => void;
}

interface Entry {
  readonly session: Session;
  readonly peer: Peer;
  readonly key: string;
  /** Whether others find this session by its peer; one that only was asked for is not believed yet. */
  isCurrent: boolean;
  direct: DirectPath | undefined;
  directSinceMs: number;
  peerOffer: unknown;
}

/** Why a session is over whose other end closed it, or does not know it. */
export const ENDED_THERE = 'the other end has ended it';

const HELLO_BACKOFF = { minMs: 50, maxMs: 1_000, jitterRatio: 0.2 };
/** Repetitions without news after which a direct path is not believed any more. */
const DIRECT_DOUBTS_MAX = 3;
/** What was on the bus when a path became direct has come by then. */
const DIRECT_SETTLED_MS = 1_000;
const SESSION_IDS = 2 ** 48;

export const subjectOf = (cluster: string, { node, thread }: Peer): string =>
  `skein.${cluster}.thread.${node}.${thread}`;

const keyOf = ({ node, thread }: Peer): string => `${node}/${thread}`;

export class PeerSessions {
  readonly #options: PeerSessionsOptions;
  readonly #random: Random;
  readonly #byId = new Map<number, Entry>();
  readonly #byPeer = new Map<string, Entry>();
  /** Asked for and not believed yet: one a peer, the newest. */
  readonly #candidates = new Map<string, Entry>();
  readonly #unsubscribe: () => void;
  #direct: DirectWays | undefined;

  constructor(options: PeerSessionsOptions) {
    this.#options = options;
    this.#random = options.random.fork('sessions');
    const { bus, cluster, self } = options;
    this.#unsubscribe = bus.subscribe(subjectOf(cluster, self), (packet) => this.receive(packet));
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
    const entry = this.#newEntry(peer);
    this.#become(entry);
    this.#callOut(entry, 1, this.#options.clock.monotonicMs());
    return entry.session;
  }

  /** A packet by the bus, or by a direct path. What is no packet of ours is refused and counted, never answered. */
  receive(packet: Uint8Array, isDirect = false): void {
    const head = readPacket(packet);
    if (!head) return this.#options.onRefused('not a packet of this version');
    if (head.kind === PACKET.hello) return this.#receiveHello(head, packet);
    const entry = this.#byId.get(head.to);
    if (!entry || entry.session.remoteId !== head.from || head.from === 0) return;
    if (head.kind === PACKET.reset) return entry.session.end(ENDED_THERE);
    this.#believe(entry);
    if (!isDirect && head.kind === PACKET.data) this.#doubtDirect(entry);
    entry.session.receive(head, packet);
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

  // --- opening ----------------------------------------------------------------------------------------------------

  #newEntry(peer: Peer): Entry {
    const { clock, timers, bus, cluster } = this.#options;
    const subject = subjectOf(cluster, peer);
    const session = new Session(this.#newId(), {
      clock,
      timers,
      send: (packet) => {
        if (entry.direct) entry.direct.send(packet);
        else bus.publish(subject, packet);
      },
      probe: (doubts) => {
        if (doubts >= DIRECT_DOUBTS_MAX) this.#dropDirect(entry);
        this.#hello(entry);
      },
      ended: () => this.#ended(entry),
    });
    const key = keyOf(peer);
    const entry: Entry = {
      session,
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

  /** By the bus, always: it finds whoever lives there now. */
  #hello({ session, peer }: Entry): void {
    const { self, bus, cluster } = this.#options;
    const facts = { id: session.id, remoteId: session.remoteId, peer };
    const said = { ...self, wire: WIRE_VERSION, direct: this.#direct?.offer(facts) ?? null };
    const body = encodeForeign(said);
    const ids = { from: session.id, to: session.remoteId };
    const packet = newPacket(headOf(PACKET.hello, ids), body.byteLength);
    packet.set(body, PACKET_HEAD_BYTES);
    bus.publish(subjectOf(cluster, peer), packet);
  }

  #receiveHello(head: PacketHead, packet: Uint8Array): void {
    const read = readHello(packet.subarray(PACKET_HEAD_BYTES));
    if (!read.ok) return this.#options.onRefused(read.error.message);
    const { peer, direct } = read.value;
    if (head.to === 0) return this.#invited(head.from, peer, direct);
    const entry = this.#byId.get(head.to);
    if (!entry || entry.key !== keyOf(peer)) return this.#tellReset(head, peer);
    const { session } = entry;
    if (session.isOpen && session.remoteId !== head.from) return;
    session.remoteId = head.from;
    entry.peerOffer = direct;
    this.#believe(entry);
    session.answerProbe();
  }

  /** Somebody wants a session. What a stale packet asks for is never confirmed, and so does no harm. */
  #invited(from: number, peer: Peer, direct: unknown): void {
    const key = keyOf(peer);
    const current = this.#byPeer.get(key);
    if (current && (current.session.remoteId === from || !current.session.isOpen)) {
      current.session.remoteId = from;
      current.peerOffer = direct;
      return this.#hello(current);
    }
    let candidate = this.#candidates.get(key);
    if (candidate?.session.remoteId !== from) {
      candidate?.session.end('asked for anew');
      if (this.#byId.size >= LIMITS.peerSessions) {
        return this.#options.onRefused(`${LIMITS.peerSessions} sessions are open`);
      }
      candidate = this.#newEntry(peer);
      candidate.session.remoteId = from;
      this.#candidates.set(key, candidate);
      this.#dropLater(candidate);
    }
    candidate.peerOffer = direct;
    this.#hello(candidate);
  }

  #dropLater(candidate: Entry): void {
    this.#options.timers.after(LIMITS.peerConnectMs, () => {
      if (!candidate.isCurrent) candidate.session.end('it was asked for and not taken up');
    });
  }

  /** The other end has used the number that was made for it: it is there, now. */
  #believe(entry: Entry): void {
    const { session, peer, key } = entry;
    if (session.isOpen || session.isOver) return;
    if (!entry.isCurrent) {
      this.#candidates.delete(key);
      this.#byPeer.get(key)?.session.end(`${key} began anew`);
      this.#become(entry);
      this.#options.onPeer(peer, session);
    }
    session.open(session.remoteId);
    const facts = { id: session.id, remoteId: session.remoteId, peer };
    this.#direct?.opened(facts, entry.peerOffer);
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
    const { bus, cluster } = this.#options;
    const head = headOf(PACKET.reset, { from: to, to: from });
    bus.publish(subjectOf(cluster, peer), newPacket(head, 0));
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

const headOf = (kind: number, ids: { readonly from: number; readonly to: number }): PacketHead => ({
  kind,
  flags: 0,
  windowBytes: 0,
  seq: 0,
  ack: 0,
  ageMs: 0,
  ...ids,
});

interface Hello {
  readonly peer: Peer;
  readonly direct: unknown;
}

const HELLO_KEYS = ['node', 'thread', 'wire', 'direct'];

function readHello(body: Uint8Array): Result<Hello> {
  const refuse = (reason: string) => failure('FRAME_INVALID', { reason: `hello: ${reason}` });
  let said: Readonly<Record<string, unknown>>;
  try {
    said = decodeForeign(body) as typeof said;
  } catch (thrown) {
    return refuse(reasonOf(thrown));
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return refuse('not a map');
  const unknown = Object.keys(said).find((key) => !HELLO_KEYS.includes(key));
  if (unknown !== undefined) return refuse(`unknown key ${JSON.stringify(unknown.slice(0, 64))}`);
  const { node, thread, wire, direct } = said;
  if (wire !== WIRE_VERSION)
    return refuse(`wire version ${String(wire).slice(0, 20)}, not ${WIRE_VERSION}`);
  if (typeof node !== 'string' || typeof thread !== 'string') return refuse('no node and thread');
  if (!isSafeName(node) || !isSafeName(thread)) return refuse('node or thread is no name');
  const peer = { node: node as NodeId, thread: thread as ThreadName };
  return success({ peer, direct });
}
