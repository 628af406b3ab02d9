/**
 * Asks one member at a time whether it is there, and others to ask it when there is no answer; does the same for others. Finds out who
 * does not answer anybody; what follows from that is for others to say.
 */
import type { NodeId, Random } from '../../contracts/index.ts';
import { Errands } from './errands.ts';
import { LocalHealth } from './local-health.ts';
import type { MembershipTimes } from './membership-options.ts';
import type { GossipMessage } from './messages.ts';
import { type Probe, ProbeOrder } from './probe-order.ts';
import type { Roster } from './roster.ts';
import { shuffled } from './shuffled.ts';
import type { Statement } from './statement.ts';

const HELPERS = 3;
const NACK_SHARE = 0.8;

export interface ProbingOptions {
  readonly self: NodeId;
  readonly members: Roster;
  readonly times: MembershipTimes;
  readonly random: Random;
  readonly nowMs: number;
  readonly send: (to: NodeId, message: GossipMessage) => void;
  /** What goes along with a message. */
  readonly gossip: (to: NodeId) => readonly Statement[];
  readonly ping: (to: NodeId, seq: number, said: readonly Statement[]) => void;
  readonly acknowledge: (to: NodeId, seq: number) => void;
  /** It has answered nobody in time. */
  readonly onSilent: (node: NodeId, nowMs: number) => void;
}

export class Probing {
  readonly #options: ProbingOptions;
  readonly health = new LocalHealth();
  readonly order: ProbeOrder;
  readonly #errands = new Errands();
  #probe: Probe | undefined;
  #nextProbeMs: number;
  #seq = 0;

  constructor(options: ProbingOptions) {
    this.#options = options;
    const { random, nowMs, times } = options;
    this.order = new ProbeOrder(random);
    this.#nextProbeMs = nowMs + random.next() * times.probeMs;
  }

  get nextMs(): number {
    const next = Math.min(this.#nextProbeMs, this.#errands.nextMs);
    const probe = this.#probe;
    if (!probe) return next;
    return Math.min(next, probe.isIndirect ? probe.endMs : probe.answerByMs);
  }

  /** What ran out is looked at before anything new begins. */
  end(nowMs: number): void {
    this.#endProbe(nowMs);
    for (const { asker, askersSeq } of this.#errands.due(nowMs)) {
      this.#options.send(asker, { kind: 'nack', seq: askersSeq, said: [] });
    }
  }

  begin(nowMs: number): void {
    if (nowMs < this.#nextProbeMs) return;
    const { times, members } = this.#options;
    this.#nextProbeMs = nowMs + this.health.scale(times.probeMs);
    const statusOf = (node: NodeId) => members.get(node)?.report.status;
    const target = this.order.take(members.names(), statusOf, nowMs);
    if (target === undefined) return;
    this.ask(target);
    this.#probe = {
      target,
      seq: this.#seq,
      answerByMs: nowMs + this.health.scale(times.answerMs),
      endMs: this.#nextProbeMs,
      asked: [],
      nacks: new Set(),
      isIndirect: false,
    };
  }

  ask(to: NodeId, said: readonly Statement[] = this.#options.gossip(to)): void {
    this.#options.ping(to, ++this.#seq, said);
  }

  acknowledged(seq: number, from: NodeId): void {
    const probe = this.#probe;
    if (seq === probe?.seq && (from === probe.target || probe.asked.includes(from))) {
      this.#probe = undefined;
      this.health.better();
    }
    const errand = this.#errands.end(seq, from);
    if (errand) this.#options.acknowledge(errand.asker, errand.askersSeq);
  }

  /** A helper has tried. */
  refused(seq: number, from: NodeId): void {
    if (seq === this.#probe?.seq) this.#probe.nacks.add(from);
  }

  askFor(asker: NodeId, askersSeq: number, target: NodeId, nowMs: number): void {
    const { self, times } = this.#options;
    const ends = { nackAtMs: nowMs + NACK_SHARE * times.answerMs, endMs: nowMs + times.probeMs };
    if (target === self) return;
    if (this.#errands.begin(this.#seq + 1, { target, asker, askersSeq }, ends)) this.ask(target);
  }

  /** This node has stood still for so long: answers may stand at its door. */
  forgive(stallMs: number): void {
    this.health.worse();
    if (!this.#probe) return;
    const { answerByMs, endMs } = this.#probe;
    this.#probe = { ...this.#probe, answerByMs: answerByMs + stallMs, endMs: endMs + stallMs };
    this.#nextProbeMs = Math.max(this.#nextProbeMs, this.#probe.endMs);
  }

  #endProbe(nowMs: number): void {
    const { send, gossip, onSilent } = this.#options;
    const probe = this.#probe;
    if (!probe) return;
    const { seq, target } = probe;
    if (!probe.isIndirect && nowMs >= probe.answerByMs) {
      probe.isIndirect = true;
      probe.asked = this.#helpers(target);
      for (const helper of probe.asked) {
        send(helper, { kind: 'ping-for', seq, target, said: gossip(helper) });
      }
    }
    if (nowMs < probe.endMs) return;
    this.#probe = undefined;
    // Helpers that could not even say that they tried: it may be this node that is slow or cut off.
    const silent = probe.asked.length - probe.nacks.size;
    this.health.worse(probe.asked.length > 0 ? silent : 1);
    onSilent(target, nowMs);
  }

  #helpers(except: NodeId): readonly NodeId[] {
    const { members, random } = this.#options;
    const others = members
      .living()
      .filter(({ status, node }) => status === 'alive' && node !== except)
      .map(({ node }) => node);
    return shuffled(others, random).slice(0, HELPERS);
  }
}
