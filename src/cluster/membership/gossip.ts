/** Membership on a bus: the state machine, with a clock, timers and packets around it. */
import type { Log, NodeId, PacketBus, Ports, TimerHandle } from '../../contracts/index.ts';
import { decodeGossip, encodeGossip } from './gossip-codec.ts';
import type { MemberFacts, MemberReport } from './member.ts';
import { Membership, type MembershipOutput, type MembershipTimes } from './membership.ts';

export interface GossipOptions {
  readonly self: NodeId;
  readonly cluster: string;
  readonly facts: MemberFacts;
  /** A connection of its own, so that work on another does not hold it up. */
  readonly bus: PacketBus;
  readonly ports: Ports;
  readonly log: Log;
  readonly onChange?: (member: MemberReport) => void;
  readonly times?: MembershipTimes;
}

export interface GossipCounts {
  sentPackets: number;
  sentBytes: number;
  receivedPackets: number;
  refusedPackets: number;
}

/** Refused packets are logged at most this often. */
const REFUSAL_LOG_MS = 1_000;

export class Gossip {
  readonly counts: GossipCounts = {
    sentPackets: 0,
    sentBytes: 0,
    receivedPackets: 0,
    refusedPackets: 0,
  };
  readonly #options: GossipOptions;
  readonly #membership: Membership;
  readonly #ends: readonly (() => void)[];
  #timer: TimerHandle | undefined;
  #refusedSince = 0;
  #isClosed = false;

  /** Begins at once. The wall clock at the start is the incarnation, so that a new life counts more than the last. */
  constructor(options: GossipOptions) {
    this.#options = options;
    const { self, cluster, facts, bus, ports, times } = options;
    const { clock, random } = ports;
    this.#membership = new Membership({
      self,
      facts,
      incarnation: Math.floor(clock.wallMs()),
      random,
      nowMs: clock.monotonicMs(),
      ...(times ? { times } : {}),
    });
    const receive = (packet: Uint8Array): void => this.#receive(packet);
    this.#ends = [
      bus.subscribe(subjectFor(cluster, self), receive),
      bus.subscribe(subjectFor(cluster, 'all'), receive),
    ];
    bus.onReturn(() => {
      if (this.#isClosed) return;
      this.#membership.returned(clock.monotonicMs());
      this.#advance();
    });
    this.#advance();
  }

  /** Everybody who is not gone, this node included. */
  members(): readonly MemberReport[] {
    return this.#membership.members();
  }

  get healthScore(): number {
    return this.#membership.healthScore;
  }

  describe(facts: MemberFacts): void {
    this.#carryOut(this.#membership.describe(facts));
  }

  /** Says good-bye and ends. */
  close(): void {
    if (this.#isClosed) return;
    this.#carryOut(this.#membership.leave());
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const end of this.#ends) end();
  }

  #advance(): void {
    const { clock, timers } = this.#options.ports;
    const nowMs = clock.monotonicMs();
    this.#carryOut(this.#membership.advance(nowMs));
    this.#timer?.cancel();
    if (this.#isClosed) return;
    const waitMs = Math.max(MIN_WAIT_MS, this.#membership.nextMs - nowMs);
    this.#timer = timers.after(waitMs, () => this.#advance());
  }

  #receive(packet: Uint8Array): void {
    const envelope = decodeGossip(packet);
    if (typeof envelope === 'string') return this.#refused(envelope);
    this.counts.receivedPackets++;
    const nowMs = this.#options.ports.clock.monotonicMs();
    this.#carryOut(this.#membership.receive(envelope.from, envelope.message, nowMs));
    // What came may have to be acted on before the timer that is set.
    this.#advance();
  }

  #carryOut(outputs: readonly MembershipOutput[]): void {
    const { self, cluster, bus, onChange } = this.#options;
    for (const output of outputs) {
      if (output.kind === 'changed') {
        onChange?.(output.member);
        continue;
      }
      const packet = encodeGossip({ from: self, message: output.message });
      this.counts.sentPackets++;
      this.counts.sentBytes += packet.byteLength;
      bus.publish(subjectFor(cluster, output.to), packet);
    }
  }

  #refused(reason: string): void {
    const { log, ports } = this.#options;
    this.counts.refusedPackets++;
    if (this.#refusedSince++ > 0) return;
    ports.timers.after(REFUSAL_LOG_MS, () => {
      log.warn('gossip was refused', { packets: this.#refusedSince, reason: reason.slice(0, 300) });
      this.#refusedSince = 0;
    });
  }
}

/** A timer may come a little too early by this clock. */
const MIN_WAIT_MS = 1;

const subjectFor = (cluster: string, to: NodeId | 'all'): string => `skein.${cluster}.gossip.${to}`;
