/**
 * Who is in the cluster and alive: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018), as one state
 * machine. Messages and time go in, messages and changes come out; it asks for no clock and sends nothing itself.
 *
 * Each member asks one other at a time, in an order that comes round to all, whether it is there; without an answer it asks others
 * to ask, and then suspects. A suspicion is told around, and so is its refutation by the one that is suspected; without one, the
 * member is declared dead when the time of suspicion is over. Cost and time to find a failure do not grow with the cluster but by
 * the logarithm with which rumours travel.
 */
import { LIMITS, type NodeId, type Random } from '../../contracts/index.ts';
import { Errands } from './errands.ts';
import { Greeting } from './greeting.ts';
import { LocalHealth } from './local-health.ts';
import { isGone, type MemberFacts, type MemberReport, overrides } from './member.ts';
import {
  MEMBERSHIP_TIMES,
  type MembershipOptions,
  type MembershipOutput,
  type MembershipTimes,
} from './membership-options.ts';
import type { GossipMessage } from './messages.ts';
import { Rumours } from './rumours.ts';
import { shuffled } from './shuffled.ts';
import { confirmationsFor, Suspicion } from './suspicion.ts';

export {
  MEMBERSHIP_TIMES,
  type MembershipOptions,
  type MembershipOutput,
  type MembershipTimes,
} from './membership-options.ts';

interface Member {
  report: MemberReport;
  suspicion: Suspicion | undefined;
  goneAtMs: number;
}

interface Probe {
  readonly target: NodeId;
  readonly seq: number;
  readonly answerByMs: number;
  readonly endMs: number;
  /** Others that were asked to ask; who of them has said that it tried. */
  asked: readonly NodeId[];
  readonly nacks: Set<NodeId>;
  isIndirect: boolean;
}

const RUMOURS_A_MESSAGE = 8;
const HELPERS = 3;
const CONFIRMATIONS = 2;
/** So many look for themselves, next, when they hear that somebody is suspected. */
const CURIOUS = 6;
const SUSPICION_FACTOR = 4;
const SUSPICION_SPREAD = 4;
const NACK_SHARE = 0.8;
export const REPORTS_A_SYNC = 200;

export class Membership {
  readonly #self: NodeId;
  readonly #random: Random;
  readonly #times: MembershipTimes;
  readonly #members = new Map<NodeId, Member>();
  readonly #rumours = new Rumours();
  readonly #health = new LocalHealth();
  readonly #errands = new Errands();
  readonly #greeting: Greeting;
  /** Those of the members whose time matters: suspected, or gone and remembered. */
  readonly #watched = new Map<NodeId, Member>();
  #own: MemberReport;
  #order: NodeId[] = [];
  #probe: Probe | undefined;
  #nextProbeMs: number;
  #seq = 0;
  /** When it wanted to be called next. */
  #dueMs: number;
  #out: MembershipOutput[] = [];

  constructor(options: MembershipOptions) {
    const { self, incarnation, facts, random, nowMs, times = MEMBERSHIP_TIMES } = options;
    this.#self = self;
    this.#random = random;
    this.#times = times;
    this.#own = { node: self, status: 'alive', incarnation, by: self, facts };
    this.#nextProbeMs = nowMs + random.next() * times.probeMs;
    this.#greeting = new Greeting(random, { pauseMs: times.helloMs, nowMs });
    this.#dueMs = nowMs;
  }

  /** Everybody who is not gone, this node included. */
  members(): readonly MemberReport[] {
    const others = Array.from(this.#members.values(), ({ report }) => report);
    return [this.#own, ...others.filter((report) => !isGone(report))];
  }

  statusOf(node: NodeId): MemberReport | undefined {
    return node === this.#self ? this.#own : this.#members.get(node)?.report;
  }

  /** How much this node doubts itself: 0 to 8. */
  get healthScore(): number {
    return this.#health.score;
  }

  /** When `advance` has something to do, at the latest. */
  get nextMs(): number {
    let next = Math.min(this.#nextProbeMs, this.#greeting.nextMs, this.#errands.nextMs);
    const probe = this.#probe;
    if (probe) next = Math.min(next, probe.isIndirect ? probe.endMs : probe.answerByMs);
    for (const { suspicion } of this.#watched.values()) {
      if (suspicion) next = Math.min(next, suspicion.deadlineMs);
    }
    return next;
  }

  /** Says something else of itself. */
  describe(facts: MemberFacts): readonly MembershipOutput[] {
    this.#raise(this.#own.incarnation, facts);
    return this.#flush();
  }

  /** Goes of its own will: nobody has to find out. Nothing is said after it. */
  leave(): readonly MembershipOutput[] {
    this.#own = { ...this.#own, status: 'left' };
    this.#send('all', { kind: 'hello', rumours: [this.#own] });
    return this.#flush();
  }

  advance(nowMs: number): readonly MembershipOutput[] {
    if (this.#own.status === 'left') return [];
    this.#forgiveStall(nowMs);
    this.#endProbe(nowMs);
    for (const { asker, askersSeq } of this.#errands.due(nowMs)) {
      this.#send(asker, { kind: 'nack', seq: askersSeq, rumours: [] });
    }
    this.#endSuspicions(nowMs);
    if (nowMs >= this.#greeting.nextMs) this.#sayHello(nowMs);
    if (nowMs >= this.#nextProbeMs) this.#beginProbe(nowMs);
    this.#dueMs = this.nextMs;
    return this.#flush();
  }

  receive(from: NodeId, message: GossipMessage, nowMs: number): readonly MembershipOutput[] {
    if (this.#own.status === 'left' || from === this.#self) return [];
    this.#forgiveStall(nowMs);
    this.#dueMs = Math.max(this.#dueMs, nowMs);
    const reports = message.kind === 'sync' ? message.members : message.rumours;
    for (const report of reports) this.#hear(report, message.kind, nowMs);
    switch (message.kind) {
      case 'ping':
        this.#send(from, { kind: 'ack', seq: message.seq, rumours: this.#gossip(from) });
        break;
      case 'ack':
        this.#acknowledged(message.seq);
        break;
      case 'nack':
        if (message.seq === this.#probe?.seq) this.#probe.nacks.add(from);
        break;
      case 'ping-for':
        this.#askFor(from, message.seq, message.target, nowMs);
        break;
      case 'hello':
        this.#greet(from, nowMs);
        break;
      case 'sync':
        this.#greeting.joined();
        if (!message.isReply) this.#sync(from, true, nowMs);
        break;
    }
    return this.#flush();
  }

  /**
   * Who comes late to its own appointments has stood still, and what it waited for may stand at its door: it gives the others the
   * time that it has missed.
   */
  #forgiveStall(nowMs: number): void {
    const stallMs = nowMs - this.#dueMs;
    if (stallMs < this.#times.answerMs) return;
    this.#health.worse();
    for (const { suspicion } of this.#watched.values()) suspicion?.postpone(stallMs);
    if (!this.#probe) return;
    const { answerByMs, endMs } = this.#probe;
    this.#probe = { ...this.#probe, answerByMs: answerByMs + stallMs, endMs: endMs + stallMs };
    this.#nextProbeMs = Math.max(this.#nextProbeMs, this.#probe.endMs);
  }

  // --- asking

  #beginProbe(nowMs: number): void {
    const { probeMs, answerMs } = this.#times;
    this.#nextProbeMs = nowMs + this.#health.scale(probeMs);
    const target = this.#nextTarget();
    if (target === undefined) return;
    this.#probe = {
      target,
      seq: ++this.#seq,
      answerByMs: nowMs + this.#health.scale(answerMs),
      endMs: this.#nextProbeMs,
      asked: [],
      nacks: new Set(),
      isIndirect: false,
    };
    this.#send(target, { kind: 'ping', seq: this.#seq, rumours: this.#gossip(target) });
  }

  #endProbe(nowMs: number): void {
    const probe = this.#probe;
    if (!probe) return;
    if (!probe.isIndirect && nowMs >= probe.answerByMs) {
      probe.isIndirect = true;
      probe.asked = this.#some(HELPERS, probe.target);
      const { seq, target } = probe;
      for (const helper of probe.asked) {
        this.#send(helper, { kind: 'ping-for', seq, target, rumours: this.#gossip(helper) });
      }
    }
    if (nowMs < probe.endMs) return;
    this.#probe = undefined;
    // Helpers that could not even say that they tried: it may be this node that is slow or cut off.
    const silent = probe.asked.length - probe.nacks.size;
    this.#health.worse(probe.asked.length > 0 ? silent : 1);
    const { report } = this.#members.get(probe.target) ?? {};
    if (report && !isGone(report)) {
      this.#take({ ...report, status: 'suspect', by: this.#self }, nowMs);
    }
  }

  #acknowledged(seq: number): void {
    if (seq === this.#probe?.seq) {
      this.#probe = undefined;
      this.#health.better();
    }
    const errand = this.#errands.end(seq);
    if (!errand) return;
    const { asker, askersSeq } = errand;
    this.#send(asker, { kind: 'ack', seq: askersSeq, rumours: this.#gossip(asker) });
  }

  #askFor(asker: NodeId, askersSeq: number, target: NodeId, nowMs: number): void {
    const { answerMs, probeMs } = this.#times;
    const times = { nackAtMs: nowMs + NACK_SHARE * answerMs, endMs: nowMs + probeMs };
    if (target === this.#self) return;
    if (!this.#errands.begin(++this.#seq, { asker, askersSeq }, times)) return;
    this.#send(target, { kind: 'ping', seq: this.#seq, rumours: this.#gossip(target) });
  }

  /** In an order that comes round to all, and is another each time. */
  #nextTarget(): NodeId | undefined {
    for (let round = 0; round < 2; round++) {
      for (let node = this.#order.pop(); node !== undefined; node = this.#order.pop()) {
        const known = this.#members.get(node);
        if (known && !isGone(known.report)) return node;
      }
      this.#order = shuffled([...this.#members.keys()], this.#random);
    }
    return undefined;
  }

  // --- what is known

  /**
   * What another says. That somebody is dead is taken as a suspicion, the shortest: who was cut off alone thinks all others dead, and
   * must not carry that among them when it is back. Who is alive has the time to refute it, to each.
   */
  #hear(report: MemberReport, way: GossipMessage['kind'], nowMs: number): void {
    if (report.node === this.#self) return this.#hearOfSelf(report);
    const { report: known } = this.#members.get(report.node) ?? {};
    const isVerdict = report.status === 'dead' && known !== undefined && !isGone(known);
    if (!isVerdict || !overrides(report, known)) return this.#take(report, nowMs, way === 'hello');
    this.#take({ ...report, status: 'suspect' }, nowMs);
    this.#members.get(report.node)?.suspicion?.hasten();
  }

  #take(report: MemberReport, nowMs: number, isToldToAll = false): void {
    const known = this.#members.get(report.node);
    if (known?.suspicion && report.status === 'suspect') {
      const isSame = report.incarnation === known.report.incarnation;
      if (isSame && known.suspicion.confirm(report.by)) this.#rumours.add(report);
    }
    if (!overrides(report, known?.report)) return;
    if (!known && (isGone(report) || this.#members.size >= LIMITS.clusterNodes)) return;
    const member: Member = { report, suspicion: undefined, goneAtMs: 0 };
    if (report.status === 'suspect') {
      member.suspicion = this.#suspicionOf(report, nowMs);
      if (this.#random.next() < CURIOUS / this.#members.size) this.#order.push(report.node);
    }
    if (isGone(report)) member.goneAtMs = nowMs;
    if (report.status === 'alive') this.#watched.delete(report.node);
    else this.#watched.set(report.node, member);
    if (!known)
      this.#order.splice(Math.floor(this.#random.next() * this.#order.length), 0, report.node);
    this.#members.set(report.node, member);
    this.#rumours.add(report, isToldToAll && !known);
    this.#out.push({ kind: 'changed', member: report });
  }

  #suspicionOf({ by }: MemberReport, nowMs: number): Suspicion {
    const count = this.#count();
    const scale = Math.max(1, Math.log10(count));
    const minMs = SUSPICION_FACTOR * scale * this.#times.probeMs;
    const confirmations = confirmationsFor(count, CONFIRMATIONS);
    return new Suspicion(by, nowMs, { minMs, maxMs: SUSPICION_SPREAD * minMs, confirmations });
  }

  /** Whatever is said of this node but that it is alive, it says that it is. */
  #hearOfSelf({ status, incarnation }: MemberReport): void {
    if (incarnation < this.#own.incarnation || !Number.isSafeInteger(incarnation + 1)) return;
    if (status === 'alive' && incarnation === this.#own.incarnation) return;
    if (status === 'suspect') this.#health.worse();
    this.#raise(incarnation, this.#own.facts);
  }

  #raise(above: number, facts: MemberFacts): void {
    this.#own = { ...this.#own, incarnation: Math.max(above, this.#own.incarnation) + 1, facts };
    this.#rumours.add(this.#own);
    this.#out.push({ kind: 'changed', member: this.#own });
  }

  #endSuspicions(nowMs: number): void {
    for (const [node, { report, suspicion, goneAtMs }] of this.#watched) {
      if (suspicion && nowMs >= suspicion.deadlineMs) {
        this.#take({ ...report, status: 'dead', by: this.#self }, nowMs);
      } else if (isGone(report) && nowMs - goneAtMs > this.#times.rememberMs) {
        this.#watched.delete(node);
        this.#members.delete(node);
      }
    }
  }

  // --- meeting

  /** The bus was away, and is there again: who was cut off says so, and all have it back. */
  returned(nowMs: number): void {
    this.#greeting.returned(nowMs, this.#count());
  }

  #sayHello(nowMs: number): void {
    const isSeeking = [...this.#watched.values()].some(({ report }) => report.status === 'dead');
    this.#greeting.said(nowMs, this.#count(), isSeeking);
    this.#send('all', { kind: 'hello', rumours: [this.#own] });
  }

  /** Who is new is told everything by some; who is thought to be gone is told that, and says that it is not. */
  #greet(from: NodeId, nowMs: number): void {
    const { report } = this.#members.get(from) ?? {};
    const count = this.#count();
    if (report && isGone(report) && this.#greeting.isMourner(count)) {
      this.#send(from, { kind: 'sync', members: [report], isReply: true });
    }
    if (this.#greeting.isGreeter(count)) this.#sync(from, false, nowMs);
  }

  #sync(to: NodeId, isReply: boolean, nowMs: number): void {
    if (!this.#greeting.maySync(nowMs, this.#count())) return;
    const members = [this.#own, ...Array.from(this.#members.values(), ({ report }) => report)];
    for (let at = 0; at < members.length; at += REPORTS_A_SYNC) {
      // One piece asks for the answer, the others just come along.
      const piece = members.slice(at, at + REPORTS_A_SYNC);
      this.#send(to, { kind: 'sync', members: piece, isReply: isReply || at > 0 });
    }
  }

  // --- helpers

  /** Who is suspected is told so first, so that it can refute it. */
  #gossip(to: NodeId): readonly MemberReport[] {
    const rumours = this.#rumours.take(RUMOURS_A_MESSAGE, this.#members.size + 1, to);
    const { report } = this.#watched.get(to) ?? {};
    return !report || rumours.includes(report) ? rumours : [report, ...rumours];
  }

  /** Everybody who is not gone, this node included. */
  #count(): number {
    let count = 1 + this.#members.size;
    for (const { report } of this.#watched.values()) if (isGone(report)) count--;
    return count;
  }

  #some(count: number, except: NodeId): readonly NodeId[] {
    const others = [...this.#members.values()]
      .filter(({ report }) => report.status === 'alive' && report.node !== except)
      .map(({ report }) => report.node);
    return shuffled(others, this.#random).slice(0, count);
  }

  #send(to: NodeId | 'all', message: GossipMessage): void {
    this.#out.push({ kind: 'send', to, message });
  }

  #flush(): readonly MembershipOutput[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}
