/**
 * Direct links: when two threads that met on the bus can reach each other, their packets take a stream of their own. The end
 * with the lower number dials, by the unix socket of the same machine or by TLS; both prove that they hold the session's key.
 * Sequence numbers are the session's, so the change of way loses, repeats and reorders nothing. When the stream breaks, the
 * bus carries on and the dialler tries again.
 */
import { timingSafeEqual } from 'node:crypto';
import Type from 'typebox';
import {
  type ByteStream,
  checker,
  type Log,
  type Random,
  type Result,
  type StreamAddress,
  type StreamListener,
  type Streams,
  success,
  type TimerHandle,
  type Timers,
} from '../contracts/index.ts';
import { backoffDelayMs } from './backoff.ts';
import type { DirectPath, DirectWays, SessionFacts } from './direct-ways.ts';
import { newPacket, PACKET, PACKET_HEAD_BYTES, readPacket, shortHead } from './packet.ts';
import { PacketStream } from './packet-stream.ts';
import type { PeerSessions } from './peer-sessions.ts';
import { proofOf } from './session-keys.ts';

export interface DirectOptions {
  readonly sessions: PeerSessions;
  readonly streams: Streams;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Address of this machine on which others may dial by TLS; without it only the unix socket is offered. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
}

const OfferSchema = Type.Object(
  {
    machine: Type.String({ maxLength: 128 }),
    socket: Type.String({ maxLength: 255 }),
    tls: Type.Union([
      Type.Null(),
      Type.Object(
        {
          host: Type.String({ minLength: 1, maxLength: 255 }),
          port: Type.Integer({ minimum: 1, maximum: 65_535 }),
        },
        { additionalProperties: false },
      ),
    ]),
  },
  { additionalProperties: false },
);
const checkOffer = checker(OfferSchema);

const PROOF_BYTES = 32;
const JOIN_MS = 2_000;
const REDIAL = { minMs: 100, maxMs: 60_000, jitterRatio: 0.2 };

/** One session that may go direct. */
interface Candidate {
  readonly facts: SessionFacts;
  readonly key: Uint8Array;
  /** Where the other end listens; undefined for the end that waits to be dialled. */
  readonly address: StreamAddress | undefined;
  attempt: number;
  redial: TimerHandle | undefined;
}

export class DirectLinks implements DirectWays {
  readonly #options: DirectOptions;
  readonly #random: Random;
  readonly #listeners: readonly StreamListener[];
  readonly #removeFolder: () => Promise<void>;
  readonly #candidates = new Map<number, Candidate>();
  readonly #open = new Set<ByteStream>();
  #isClosed = false;

  /** Failure: PORT_UNAVAILABLE. */
  static async start(options: DirectOptions): Promise<Result<DirectLinks>> {
    const { streams, sessions, host, port = 0 } = options;
    const folder = await streams.socketFolder();
    const addresses: StreamAddress[] = [{ kind: 'unix', path: `${folder.path}/link` }];
    if (host !== undefined) addresses.push({ kind: 'tls', host, port });
    const listeners: StreamListener[] = [];
    let links: DirectLinks | undefined;
    for (const address of addresses) {
      const listener = await streams.listen(
        address,
        (name) => links?.keyOf(name),
        (stream) => (links ? links.#welcome(stream, address.kind) : stream.close()),
      );
      if (!listener.ok) {
        for (const each of listeners) await each.close();
        await folder.close();
        return listener;
      }
      listeners.push(listener.value);
    }
    links = new DirectLinks(options, listeners, folder.close);
    sessions.useDirect(links);
    return success(links);
  }

  private constructor(
    options: DirectOptions,
    listeners: readonly StreamListener[],
    removeFolder: () => Promise<void>,
  ) {
    this.#options = options;
    this.#random = options.random.fork('direct links');
    this.#listeners = listeners;
    this.#removeFolder = removeFolder;
  }

  /** For a dialler that names the session it comes for. */
  keyOf(name: string): Uint8Array | undefined {
    return this.#candidates.get(Number(name))?.key;
  }

  offer(): unknown {
    const [socket, network] = this.#listeners.map(({ address }) => address);
    return {
      machine: this.#options.streams.hostId(),
      socket: socket?.kind === 'unix' ? socket.path : '',
      tls: network?.kind === 'tls' ? { host: network.host, port: network.port } : null,
    };
  }

  opened(facts: SessionFacts, peerOffer: unknown, key: Uint8Array): void {
    const offer = checkOffer(peerOffer);
    if (!offer.ok || this.#isClosed) return;
    const { machine, socket, tls } = offer.value;
    const isSameMachine = machine === this.#options.streams.hostId() && socket !== '';
    const network = tls === null ? undefined : ({ kind: 'tls', ...tls } as const);
    const address = isSameMachine ? ({ kind: 'unix', path: socket } as const) : network;
    const isDialler = facts.id < facts.remoteId;
    const candidate: Candidate = {
      facts,
      key,
      address: isDialler ? address : undefined,
      attempt: 0,
      redial: undefined,
    };
    this.#candidates.set(facts.id, candidate);
    void this.#dial(candidate);
  }

  ended({ id }: SessionFacts): void {
    this.#candidates.get(id)?.redial?.cancel();
    this.#candidates.delete(id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { redial } of this.#candidates.values()) redial?.cancel();
    for (const stream of this.#open) stream.close();
    for (const listener of this.#listeners) await listener.close();
    await this.#removeFolder();
  }

  // --- dialling ---------------------------------------------------------------------------------------------------

  async #dial(candidate: Candidate): Promise<void> {
    const { facts, key, address } = candidate;
    if (!address || !this.#isCurrent(candidate)) return;
    candidate.attempt++;
    const name = String(facts.remoteId);
    const dialled = await this.#options.streams.dial(address, { name, key });
    if (!this.#isCurrent(candidate)) return dialled.ok ? dialled.value.close() : undefined;
    if (!dialled.ok) return this.#redialLater(candidate);
    const stream = dialled.value;
    let isJoined = false;
    const packets: PacketStream = new PacketStream(stream, (packet) => {
      if (isJoined) return this.#options.sessions.receiveDirect(facts.id, packet);
      if (!provesJoin(packet, candidate)) return stream.close();
      isJoined = true;
      candidate.attempt = 0;
      this.#attach(candidate, stream, packets, address.kind);
    });
    packets.send(joinOf(candidate));
    this.#options.timers.after(JOIN_MS, () => isJoined || stream.close());
    this.#track(stream, () => this.#redialLater(candidate));
  }

  #redialLater(candidate: Candidate): void {
    if (!this.#isCurrent(candidate)) return;
    const delayMs = backoffDelayMs(REDIAL, Math.max(1, candidate.attempt), this.#random);
    candidate.redial = this.#options.timers.after(delayMs, () => void this.#dial(candidate));
  }

  // --- being dialled ----------------------------------------------------------------------------------------------

  #welcome(stream: ByteStream, kind: StreamAddress['kind']): void {
    let joined: Candidate | undefined;
    const packets: PacketStream = new PacketStream(stream, (packet) => {
      if (joined) return this.#options.sessions.receiveDirect(joined.facts.id, packet);
      const candidate = this.#candidates.get(readPacket(packet)?.to ?? 0);
      if (!candidate || !provesJoin(packet, candidate)) return stream.close();
      joined = candidate;
      packets.send(joinOf(candidate));
      this.#attach(candidate, stream, packets, kind);
    });
    this.#options.timers.after(JOIN_MS, () => joined || stream.close());
    this.#track(stream, () => undefined);
  }

  // --- both -------------------------------------------------------------------------------------------------------

  #attach(
    { facts }: Candidate,
    stream: ByteStream,
    packets: PacketStream,
    kind: StreamAddress['kind'],
  ): void {
    const { sessions, log } = this.#options;
    const path: DirectPath = {
      kind,
      send: (packet) => packets.send(packet),
      close: () => packets.close(),
    };
    if (!sessions.attach(facts.id, path)) return stream.close();
    stream.onClose(() => sessions.detach(facts.id, path));
    log.debug('a link is direct', { ...facts.peer, kind });
  }

  #track(stream: ByteStream, closed: () => void): void {
    if (this.#isClosed) return stream.close();
    this.#open.add(stream);
    stream.onClose(() => {
      this.#open.delete(stream);
      if (!this.#isClosed) closed();
    });
  }

  #isCurrent(candidate: Candidate): boolean {
    return !this.#isClosed && this.#candidates.get(candidate.facts.id) === candidate;
  }
}

function joinOf({ facts: { id: from, remoteId: to }, key }: Candidate): Uint8Array {
  const packet = newPacket(shortHead(PACKET.join, { from, to }), PROOF_BYTES);
  packet.set(proofOf(key, from), PACKET_HEAD_BYTES);
  return packet;
}

function provesJoin(packet: Uint8Array, { facts, key }: Candidate): boolean {
  const head = readPacket(packet);
  if (head?.kind !== PACKET.join || head.to !== facts.id || head.from !== facts.remoteId)
    return false;
  const proof = packet.subarray(PACKET_HEAD_BYTES);
  return proof.byteLength === PROOF_BYTES && timingSafeEqual(proof, proofOf(key, facts.remoteId));
}
