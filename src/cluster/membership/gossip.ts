/** Membership on a bus: the state machine, with a clock, timers, packets and keys around it. */
import type {
  Log,
  NodeId,
  PacketBus,
  Ports,
  ThreadName,
  TimerHandle,
} from '../../contracts/index.ts';
import {
  type Identity,
  type Mismatches,
  type RefusalCounts,
  RefusedPackets,
  SealedDatagrams,
  type WireRange,
} from '../../transport/index.ts';
import { decodeGossip, encodeGossip } from './gossip-codec.ts';
import { isGone, type MemberFacts, type MemberReport } from './member.ts';
import { Membership } from './membership.ts';
import type { MembershipOutput, MembershipTimes } from './membership-options.ts';
import type { GossipMessage } from './messages.ts';
import { PeerHealth, type PeerHealthReport } from './peer-health.ts';
import { readStatement, type Statement, voiceOf } from './statement.ts';

export interface GossipOptions {
  readonly self: NodeId;
  readonly identity: Identity;
  /** Counts the lives of this gossip: packets of an earlier one are refused, and its incarnations are lower. */
  readonly epoch: number;
  readonly cluster: string;
  readonly facts: MemberFacts;
  /** A connection of its own, so that work on another does not hold it up. */
  readonly bus: PacketBus;
  readonly ports: Ports;
  readonly log: Log;
  readonly onChange?: (member: MemberReport) => void;
  readonly times?: MembershipTimes;
  /** Default: what this build speaks. */
  readonly wire?: WireRange;
}

export interface GossipCounts {
  readonly sentPackets: number;
  readonly sentBytes: number;
  readonly receivedPackets: number;
}

/** Enough for one life to say something else of itself every second for 194 days; lives follow by their number. */
const INCARNATIONS_PER_EPOCH = 2 ** 24;
const THREAD = 'gossip' as ThreadName;
/** Which life of its node a member's incarnation is of: a later one has a higher number. */
export const epochOf = (incarnation: number): number =>
  Math.floor(incarnation / INCARNATIONS_PER_EPOCH);
/** A timer may come a little too early by this clock. */
const MIN_WAIT_MS = 1;

export const gossipSubject = (cluster: string, to: NodeId | 'all'): string =>
  `skein.${cluster}.gossip.${to}`;

export class Gossip {
  readonly #options: GossipOptions;
  readonly #membership: Membership;
  readonly #datagrams: SealedDatagrams;
  readonly #refused: RefusedPackets;
  readonly #health = new PeerHealth();
  #received = 0;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  /** Begins at once. */
  constructor(options: GossipOptions) {
    this.#options = options;
    const { self, identity, epoch, cluster, facts, bus, ports, times, log, wire } = options;
    const { clock, timers, random } = ports;
    this.#membership = new Membership({
      self,
      voice: voiceOf(self, identity, cluster),
      facts,
      incarnation: epoch * INCARNATIONS_PER_EPOCH,
      random,
      nowMs: clock.monotonicMs(),
      ...(times ? { times } : {}),
    });
    this.#refused = new RefusedPackets({ timers, log });
    this.#datagrams = new SealedDatagrams({
      self: { node: self, thread: THREAD },
      identity,
      epoch,
      subjectOf: (node) => gossipSubject(cluster, node),
      bus,
      clock,
      timers,
      random,
      refused: this.#refused,
      ...(wire ? { wire } : {}),
      useOf: (node, said, isMet) =>
        this.#membership.useOf({ node, said, isMet }, clock.monotonicMs()),
      isWelcome: () => this.#membership.isWelcome(clock.monotonicMs()),
      onMet: (node) => this.#carryOut(this.#membership.met(node)),
      onPacket: (node, body) => this.#receive(node, body),
      onCall: (node, said) => this.#receiveCall(node, said),
    });
    bus.onReturn(() => {
      if (this.#isClosed) return;
      this.#carryOut(this.#membership.returned(clock.monotonicMs()));
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

  get counts(): GossipCounts {
    return { ...this.#datagrams.counts, receivedPackets: this.#received };
  }

  /** How well each member answers, as this node sees it. */
  peerHealth(): readonly PeerHealthReport[] {
    return this.#health.report(this.#options.ports.clock.monotonicMs());
  }

  /** Why nothing is understood of a node. */
  mismatches(): Mismatches {
    return this.#refused.mismatches();
  }

  /** Packets and statements that were refused, by reason. */
  refused(): RefusalCounts {
    return this.#refused.totals();
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
    this.#datagrams.close();
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

  #receive(from: NodeId, body: Uint8Array): void {
    const message = decodeGossip(body);
    if (message.ok) this.#hear(from, message.value);
    else this.#refuse('malformed', from);
  }

  #receiveCall(from: NodeId, said: unknown): void {
    const statement = readStatement(said);
    if (statement.ok) this.#hear(from, { kind: 'hello', digest: null, said: [statement.value] });
    else this.#refuse('malformed', from);
  }

  #hear(from: NodeId, message: GossipMessage): void {
    if (this.#isClosed) return;
    this.#received++;
    const nowMs = this.#options.ports.clock.monotonicMs();
    this.#health.heard(from, nowMs);
    if (message.kind === 'ack') this.#health.answered(from, message.seq, nowMs);
    this.#carryOut(this.#membership.receive(from, message, nowMs), from);
    // What came may have to be acted on before the timer that is set.
    this.#advance();
  }

  /** `from`: who brought what led to it. */
  #carryOut(outputs: readonly MembershipOutput[], from?: NodeId): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'changed':
          if (isGone(output.member)) this.#health.forget(output.member.node);
          this.#datagrams.forgetEarlier(output.member.node, epochOf(output.member.incarnation));
          this.#options.onChange?.(output.member);
          break;
        case 'forged':
          this.#refuse('forged', from ?? output.node);
          break;
        case 'send':
          if (output.to === 'all') this.#call(output.message.said);
          else this.#send(output.to, output.message);
      }
    }
  }

  #send(to: NodeId, message: GossipMessage): void {
    const nowMs = this.#options.ports.clock.monotonicMs();
    if (message.kind === 'ping') this.#health.asked(to, message.seq, nowMs);
    this.#datagrams.send(to, encodeGossip(message));
  }

  /** All that is ever said to all is who is there. */
  #call([own]: readonly Statement[]): void {
    this.#datagrams.call(own?.bytes ?? null);
  }

  #refuse(reason: 'malformed' | 'forged', from: NodeId): void {
    this.#refused.count(reason, `${from}/${THREAD}`);
  }
}
