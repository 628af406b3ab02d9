/**
 * Who is in the cluster and alive: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018), as one state
 * machine. Messages and time go in, messages and changes come out; it asks for no clock and sends nothing itself.
 *
 * Each member asks one other at a time, in an order that comes round to all, whether it is there; without an answer it asks others
 * to ask, and then suspects. A suspicion is told around, and so is its refutation by the one that is suspected; without one, the
 * member is declared dead when the time of suspicion is over. Cost and time to find a failure do not grow with the cluster but by
 * the logarithm with which rumours travel.
 *
 * Nobody speaks in another's name (`statement.ts`), and only voices of members count. A claim that somebody is dead is one voice for
 * its suspicion, until a second member claims the same or the time is over here as well: so no liar can bury the living.
 */
import { LIMITS, type NodeId, type Random } from '../../contracts/index.ts';
import { Errands } from './errands.ts';
import { Greeting } from './greeting.ts';
import {
  allOf,
  buried,
  byItsWord,
  isDeath,
  isNewsOf,
  type KnownMember,
  suspected,
  withClaim,
} from './known-member.ts';
import { LocalHealth } from './local-health.ts';
import { isGone, type MemberFacts, type MemberReport, overrides } from './member.ts';
import {
  MEMBERSHIP_TIMES,
  type MembershipOptions,
  type MembershipOutput,
  type MembershipTimes,
} from './membership-options.ts';
import type { GossipMessage } from './messages.ts';
import { type Probe, ProbeOrder } from './probe-order.ts';
import { Roster } from './roster.ts';
import { Rumours } from './rumours.ts';
import { shuffled } from './shuffled.ts';
import {
  type Claim,
  reportOf,
  type SelfStatement,
  type Statement,
  type Voice,
} from './statement.ts';
import { Suspicion, suspicionLimits } from './suspicion.ts';
import { syncPieces } from './sync-pieces.ts';

const RUMOURS_A_MESSAGE = 8;
const HELPERS = 3;
/** So many look for themselves, next, when they hear that somebody is suspected. */
const CURIOUS = 6;
const NACK_SHARE = 0.8;

export class Membership {
  readonly #self: NodeId;
  readonly #random: Random;
  readonly #times: MembershipTimes;
  readonly #members = new Roster();
  readonly #greeting: Greeting;
  readonly #rumours = new Rumours();
  readonly #health = new LocalHealth();
  readonly #errands = new Errands();
  readonly #voice: Voice;
  #own: SelfStatement;
  readonly #order: ProbeOrder;
  #probe: Probe | undefined;
  #nextProbeMs: number;
  #seq = 0;
  #dueMs: number;
  #out: MembershipOutput[] = [];

  constructor(options: MembershipOptions) {
    const { self, voice, incarnation, facts, random, nowMs, times = MEMBERSHIP_TIMES } = options;
    this.#self = self;
    this.#voice = voice;
    this.#random = random;
    this.#order = new ProbeOrder(random);
    this.#times = times;
    this.#own = voice.self({ status: 'alive', incarnation, facts });
    this.#nextProbeMs = nowMs + random.next() * times.probeMs;
    this.#greeting = new Greeting(random, { pauseMs: times.helloMs, nowMs });
    this.#dueMs = nowMs;
  }

  /** Everybody who is not gone, this node included. */
  members(): readonly MemberReport[] {
    return [reportOf(this.#own), ...this.#members.living()];
  }

  statusOf(node: NodeId): MemberReport | undefined {
    return node === this.#self ? reportOf(this.#own) : this.#members.get(node)?.report;
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
    return Math.min(next, this.#members.nextDeadlineMs());
  }

  describe(facts: MemberFacts): readonly MembershipOutput[] {
    this.#raise(this.#own.incarnation, facts);
    return this.#flush();
  }

  /** Goes of its own will: nobody has to find out. Nothing is said after it. */
  leave(): readonly MembershipOutput[] {
    this.#own = this.#voice.self({ ...this.#own, status: 'left' });
    this.#send('all', { kind: 'hello', said: [this.#own] });
    return this.#flush();
  }

  advance(nowMs: number): readonly MembershipOutput[] {
    if (this.#own.status === 'left') return [];
    this.#forgiveStall(nowMs);
    this.#endProbe(nowMs);
    for (const { asker, askersSeq } of this.#errands.due(nowMs)) {
      this.#send(asker, { kind: 'nack', seq: askersSeq, said: [] });
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
    // Who is new here and dead there is not taken up for that.
    const dead = new Set(message.said.filter(isDeath).map(({ node }) => node));
    for (const statement of message.said) {
      const { kind, node } = statement;
      if (kind === 'claim') this.#hearClaim(statement, nowMs);
      else if (!dead.has(node) || this.statusOf(node)) this.#hearFrom(statement, nowMs);
    }
    switch (message.kind) {
      case 'ping':
        this.#send(from, { kind: 'ack', seq: message.seq, said: this.#gossip(from) });
        break;
      case 'ack':
        this.#acknowledged(message.seq, from);
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
    this.#members.postponeSuspicions(stallMs);
    if (!this.#probe) return;
    const { answerByMs, endMs } = this.#probe;
    this.#probe = { ...this.#probe, answerByMs: answerByMs + stallMs, endMs: endMs + stallMs };
    this.#nextProbeMs = Math.max(this.#nextProbeMs, this.#probe.endMs);
  }

  // --- asking

  #beginProbe(nowMs: number): void {
    const { probeMs, answerMs } = this.#times;
    this.#nextProbeMs = nowMs + this.#health.scale(probeMs);
    const target = this.#order.take(this.#members.names(), (node) => {
      const known = this.#members.get(node);
      return known !== undefined && !isGone(known.report);
    });
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
    this.#send(target, { kind: 'ping', seq: this.#seq, said: this.#gossip(target) });
  }

  #endProbe(nowMs: number): void {
    const probe = this.#probe;
    if (!probe) return;
    if (!probe.isIndirect && nowMs >= probe.answerByMs) {
      probe.isIndirect = true;
      probe.asked = this.#some(HELPERS, probe.target);
      const { seq, target } = probe;
      for (const helper of probe.asked) {
        this.#send(helper, { kind: 'ping-for', seq, target, said: this.#gossip(helper) });
      }
    }
    if (nowMs < probe.endMs) return;
    this.#probe = undefined;
    // Helpers that could not even say that they tried: it may be this node that is slow or cut off.
    const silent = probe.asked.length - probe.nacks.size;
    this.#health.worse(probe.asked.length > 0 ? silent : 1);
    const known = this.#members.get(probe.target);
    if (!known || isGone(known.report)) return;
    const { node, incarnation } = known.said;
    this.#accuse(known, this.#voice.claim({ node, incarnation, status: 'suspect' }), nowMs);
  }

  #acknowledged(seq: number, from: NodeId): void {
    const probe = this.#probe;
    if (seq === probe?.seq && (from === probe.target || probe.asked.includes(from))) {
      this.#probe = undefined;
      this.#health.better();
    }
    const errand = this.#errands.end(seq, from);
    if (!errand) return;
    const { asker, askersSeq } = errand;
    this.#send(asker, { kind: 'ack', seq: askersSeq, said: this.#gossip(asker) });
  }

  #askFor(asker: NodeId, askersSeq: number, target: NodeId, nowMs: number): void {
    const { answerMs, probeMs } = this.#times;
    const times = { nackAtMs: nowMs + NACK_SHARE * answerMs, endMs: nowMs + probeMs };
    if (target === this.#self) return;
    if (!this.#errands.begin(++this.#seq, { target, asker, askersSeq }, times)) return;
    this.#send(target, { kind: 'ping', seq: this.#seq, said: this.#gossip(target) });
  }

  // --- what is known

  #hearFrom(said: SelfStatement, nowMs: number): void {
    const { node } = said;
    if (node === this.#self) return this.#hearOfEarlierLife(said);
    const known = this.#members.get(node);
    if (!overrides(said, known?.report)) return;
    if (!known && (isGone(said) || this.#members.size >= LIMITS.clusterNodes)) return;
    if (!this.#voice.isAuthentic(said, said.key)) return this.#forged(node);
    if (!known) this.#order.add(node);
    this.#become(byItsWord(said, nowMs));
  }

  #hearClaim(claim: Claim, nowMs: number): void {
    const { node, by, incarnation } = claim;
    const author = this.#members.get(by);
    if (!author || node === by) return;
    if (node === this.#self) return this.#hearOfSelf(claim, author.said.key);
    const known = this.#members.get(node);
    if (!known || isGone(author.report) || incarnation !== known.said.incarnation) return;
    if (!isNewsOf(known, claim)) return;
    if (!this.#voice.isAuthentic(claim, author.said.key)) this.#forged(by);
    else if (known.report.status === 'dead') this.#keep(withClaim(known, claim));
    else this.#accuse(known, claim, nowMs);
  }

  /** A claim that is authentic, of a member that is not gone, is one voice for its suspicion. */
  #accuse(known: KnownMember, claim: Claim, nowMs: number): void {
    const { suspicion } = known;
    if (suspicion) {
      const heard = withClaim(known, claim);
      if (isDeath(claim) && suspicion.mourn(claim.by)) this.#bury(heard, nowMs);
      else if (suspicion.confirm(claim.by) || isDeath(claim)) this.#keep(heard);
      return;
    }
    if (this.#random.next() < CURIOUS / this.#members.size) this.#order.addNext(claim.node);
    const limits = suspicionLimits(this.#members.sizeWithSelf(), this.#times.probeMs);
    const begun = new Suspicion(claim.by, nowMs, limits);
    if (isDeath(claim)) begun.mourn(claim.by);
    this.#become(suspected(known, claim, begun));
  }

  #bury(known: KnownMember, nowMs: number): void {
    const { node, incarnation } = known.said;
    const claim = this.#voice.claim({ node, incarnation, status: 'dead' });
    this.#become(buried(known, claim, nowMs));
  }

  #become(member: KnownMember): void {
    this.#keep(member);
    this.#out.push({ kind: 'changed', member: member.report });
  }

  #keep(member: KnownMember): void {
    this.#members.set(member);
    this.#rumours.add(member.report.node, allOf(member));
  }

  /** Whatever is claimed of this node, it says that it is alive; to those as well that it believes gone. */
  #hearOfSelf(claim: Claim, key: Uint8Array): void {
    if (claim.incarnation !== this.#own.incarnation) return;
    if (!this.#voice.isAuthentic(claim, key)) return this.#forged(claim.by);
    if (claim.status === 'suspect') this.#health.worse();
    this.#raise(claim.incarnation, this.#own.facts);
  }

  #hearOfEarlierLife(said: SelfStatement): void {
    if (!overrides(said, this.#own)) return;
    if (!this.#voice.isAuthentic(said, this.#own.key)) return this.#forged(said.node);
    this.#raise(said.incarnation, this.#own.facts);
  }

  #raise(above: number, facts: MemberFacts): void {
    const incarnation = Math.max(above, this.#own.incarnation) + 1;
    this.#own = this.#voice.self({ status: 'alive', incarnation, facts });
    this.#rumours.add(this.#self, [this.#own]);
    this.#out.push({ kind: 'changed', member: reportOf(this.#own) });
  }

  #forged(node: NodeId): void {
    this.#out.push({ kind: 'forged', node });
  }

  #endSuspicions(nowMs: number): void {
    for (const member of this.#members.watched()) {
      const { report, suspicion, goneAtMs } = member;
      if (suspicion && nowMs >= suspicion.deadlineMs) this.#bury(member, nowMs);
      else if (isGone(report) && nowMs - goneAtMs > this.#times.rememberMs) {
        this.#members.delete(report.node);
      }
    }
  }

  // --- meeting

  /** The bus was away, and is there again: who was cut off says so, and all have it back. */
  returned(nowMs: number): readonly MembershipOutput[] {
    this.#greeting.returned(nowMs, this.#members.sizeWithSelf());
    return this.advance(nowMs);
  }

  #sayHello(nowMs: number): void {
    this.#greeting.said(nowMs, this.#members.sizeWithSelf(), this.#members.isSomebodyDead());
    this.#send('all', { kind: 'hello', said: [this.#own] });
  }

  /** Who is new is told everything by some; who is thought to be gone is told that, and says that it is not. */
  #greet(from: NodeId, nowMs: number): void {
    const known = this.#members.get(from);
    const count = this.#members.sizeWithSelf();
    if (known && isGone(known.report) && this.#greeting.isMourner(count)) {
      this.#send(from, { kind: 'sync', said: allOf(known), isReply: true });
    }
    if (this.#greeting.isGreeter(count)) this.#sync(from, false, nowMs);
  }

  #sync(to: NodeId, isReply: boolean, nowMs: number): void {
    if (!this.#greeting.maySync(nowMs, this.#members.sizeWithSelf())) return;
    const all = [[this.#own], ...Array.from(this.#members.all(), allOf)];
    for (const [at, said] of syncPieces(all).entries()) {
      // One piece asks for the answer, the others just come along.
      this.#send(to, { kind: 'sync', said, isReply: isReply || at > 0 });
    }
  }

  // --- helpers

  /** Who is suspected is told so first, so that it can refute it. */
  #gossip(to: NodeId): readonly Statement[] {
    return this.#rumours.take(RUMOURS_A_MESSAGE, this.#members.size + 1, to);
  }

  #some(count: number, except: NodeId): readonly NodeId[] {
    const others = this.#members
      .living()
      .filter(({ status, node }) => status === 'alive' && node !== except)
      .map(({ node }) => node);
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
