/**
 * Who is in the cluster and alive: SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2018), as one state
 * machine. Messages and time go in, messages and changes come out; it asks for no clock and sends nothing itself.
 *
 * Each member asks one other at a time, in an order that comes round to all, whether it is there; without an answer it asks others
 * to ask, and then suspects. A suspicion is told around, and so is its refutation by the one that is suspected; without one, the
 * member is declared dead when the time of suspicion is over. Cost and time to find a failure do not grow with the cluster but by
 * the logarithm with which rumours travel.
 *
 * What did not reach a member by rumours it finds missing by the digests that go along with questions and answers, and asks for
 * (`reconciliation.ts`); who says what is out of date is told better.
 *
 * Nobody speaks in another's name (`statement.ts`), and only voices of members count. A claim that somebody is dead is one voice for
 * its suspicion, until a second member claims the same or the time is over here as well: so no liar can bury the living.
 */
import { LIMITS, type NodeId, type Random } from '../../contracts/index.ts';
import type { CallUse } from '../../transport/index.ts';
import type { Digest } from './digest.ts';
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
import { isGone, type MemberFacts, type MemberReport, overrides } from './member.ts';
import {
  type Called,
  MEMBERSHIP_TIMES,
  type MembershipOptions,
  type MembershipOutput,
  type MembershipTimes,
} from './membership-options.ts';
import { type GossipMessage, STATEMENTS_A_MESSAGE } from './messages.ts';
import { Probing } from './probing.ts';
import { Reconciliation } from './reconciliation.ts';
import { Roster } from './roster.ts';
import { Rumours } from './rumours.ts';
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
/** So many look for themselves, next, when they hear that somebody is suspected. */
const CURIOUS = 6;
/** So many, all of a small cluster, ask the suspect itself until they hear something: nobody is buried by one lost refutation. */
const ASKERS = 30;
/** Of members of which somebody said what is out of date. */
const CORRECTIONS_MAX = 8;

export class Membership {
  readonly #self: NodeId;
  readonly #random: Random;
  readonly #times: MembershipTimes;
  readonly #members = new Roster();
  readonly #greeting: Greeting;
  readonly #reconciliation = new Reconciliation(this.#members);
  /** What was said last that is out of date, and how it really is. */
  readonly #corrections = new Map<NodeId, readonly Statement[]>();
  readonly #rumours = new Rumours();
  readonly #voice: Voice;
  #own: SelfStatement;
  readonly #probing: Probing;
  #dueMs: number;
  #out: MembershipOutput[] = [];

  constructor(options: MembershipOptions) {
    const { self, voice, incarnation, facts, random, nowMs, times = MEMBERSHIP_TIMES } = options;
    this.#self = self;
    this.#voice = voice;
    this.#random = random;
    this.#times = times;
    this.#own = voice.self({ status: 'alive', incarnation, facts });
    this.#probing = new Probing({
      ...{ self, members: this.#members, times, random, nowMs },
      send: (to, message) => this.#send(to, message),
      gossip: (to) => this.#gossip(to),
      ping: (to, seq, said) => this.#send(to, { kind: 'ping', seq, digest: this.#digest(), said }),
      acknowledge: (to, seq) => this.#acknowledge(to, seq),
      onSilent: (node, atMs) => this.#suspect(node, atMs),
    });
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
    return this.#probing.health.score;
  }

  /** When `advance` has something to do, at the latest. */
  get nextMs(): number {
    const next = Math.min(this.#probing.nextMs, this.#greeting.nextMs);
    return Math.min(next, this.#members.nextDeadlineMs());
  }

  describe(facts: MemberFacts): readonly MembershipOutput[] {
    this.#raise(this.#own.incarnation, facts);
    return this.#flush();
  }

  /** Goes of its own will: nobody has to find out. Nothing is said after it. */
  leave(): readonly MembershipOutput[] {
    this.#own = this.#voice.self({ ...this.#own, status: 'left' });
    this.#send('all', { kind: 'hello', digest: null, said: [this.#own] });
    return this.#flush();
  }

  advance(nowMs: number): readonly MembershipOutput[] {
    if (this.#own.status === 'left') return [];
    this.#forgiveStall(nowMs);
    this.#probing.end(nowMs);
    this.#endSuspicions(nowMs);
    if (nowMs >= this.#greeting.nextMs) this.#sayHello(nowMs);
    this.#probing.begin(nowMs);
    this.#dueMs = this.nextMs;
    return this.#flush();
  }

  receive(from: NodeId, message: GossipMessage, nowMs: number): readonly MembershipOutput[] {
    if (this.#own.status === 'left' || from === this.#self) return [];
    this.#forgiveStall(nowMs);
    this.#dueMs = Math.max(this.#dueMs, nowMs);
    // Who is new here and dead there is not taken up for that.
    this.#corrections.clear();
    if (this.#members.get(from)) this.#probing.order.heard(from, nowMs);
    const dead = new Set(message.said.filter(isDeath).map(({ node }) => node));
    // What is found missing by digests is found so by all.
    const isRumour = message.kind !== 'sync';
    for (const statement of message.said) {
      const { kind, node } = statement;
      if (kind === 'claim') this.#hearClaim(statement, nowMs);
      else if (!dead.has(node) || this.statusOf(node)) this.#hearFrom(statement, isRumour, nowMs);
    }
    switch (message.kind) {
      case 'ping':
        this.#acknowledge(from, message.seq);
        this.#compare(from, message.digest, nowMs);
        break;
      case 'ack':
        this.#probing.acknowledged(message.seq, from);
        this.#compare(from, message.digest, nowMs);
        break;
      case 'nack':
        this.#probing.refused(message.seq, from);
        break;
      case 'ping-for':
        this.#probing.askFor(from, message.seq, message.target, nowMs);
        break;
      case 'hello':
        if (message.digest) this.#compare(from, message.digest, nowMs);
        break;
      case 'sync':
        this.#greeting.joined();
        if (message.known) this.#tell(from, message.known, message.isReply, nowMs);
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
    this.#members.postponeSuspicions(stallMs);
    this.#probing.forgive(stallMs);
  }

  // --- what is known

  /** `isRumour`: whoever is new here is news for others as well. */
  #hearFrom(said: SelfStatement, isRumour: boolean, nowMs: number): void {
    const { node } = said;
    if (node === this.#self) return this.#hearOfEarlierLife(said);
    const known = this.#members.get(node);
    if (!overrides(said, known?.report)) return this.#correct(said, known);
    if (!known && (isGone(said) || this.#members.size >= LIMITS.clusterNodes)) return;
    // What others pass on of a stranger is no forgery.
    if (this.#voice.isStranger(node, said.key)) return;
    if (!this.#voice.isAuthentic(said, said.key)) return this.#forged(node);
    this.#become(byItsWord(said, nowMs), isRumour || known !== undefined);
  }

  #hearClaim(claim: Claim, nowMs: number): void {
    const { node, by, incarnation } = claim;
    const author = this.#members.get(by);
    if (!author || node === by) return;
    if (node === this.#self) return this.#hearOfSelf(claim, author.said.key);
    const known = this.#members.get(node);
    if (!known || isGone(author.report)) return;
    if (incarnation !== known.said.incarnation) return this.#correct(claim, known);
    if (!isNewsOf(known, claim)) return;
    if (!this.#voice.isAuthentic(claim, author.said.key)) this.#forged(by);
    else if (known.report.status === 'dead') this.#keep(withClaim(known, claim));
    else this.#accuse(known, claim, nowMs);
  }

  #suspect(node: NodeId, nowMs: number): void {
    const known = this.#members.get(node);
    if (!known || isGone(known.report)) return;
    const { incarnation } = known.said;
    this.#accuse(known, this.#voice.claim({ node, incarnation, status: 'suspect' }), nowMs);
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
    if (this.#random.next() < CURIOUS / this.#members.size) this.#probing.order.addNext(claim.node);
    const limits = suspicionLimits(this.#members.sizeWithSelf(), this.#times.probeMs);
    const isAsker = this.#random.next() < ASKERS / this.#members.size;
    const begun = new Suspicion(claim.by, nowMs, limits, isAsker ? this.#times.probeMs : undefined);
    if (isDeath(claim)) begun.mourn(claim.by);
    this.#become(suspected(known, claim, begun));
  }

  #bury(known: KnownMember, nowMs: number): void {
    const { node, incarnation } = known.said;
    const claim = this.#voice.claim({ node, incarnation, status: 'dead' });
    this.#become(buried(known, claim, nowMs));
  }

  #become(member: KnownMember, isRumour = true): void {
    if (isRumour) this.#keep(member);
    else this.#members.set(member);
    this.#out.push({ kind: 'changed', member: member.report });
  }

  #keep(member: KnownMember): void {
    this.#members.set(member);
    this.#rumours.add(member.report.node, allOf(member));
  }

  /** Whatever is claimed of this node, it says that it is alive; to those as well that it believes gone. */
  #hearOfSelf(claim: Claim, key: Uint8Array): void {
    if (claim.incarnation > this.#own.incarnation) return;
    if (claim.incarnation === this.#own.incarnation) {
      if (!this.#voice.isAuthentic(claim, key)) return this.#forged(claim.by);
      if (claim.status === 'suspect') this.#probing.health.worse();
      this.#raise(claim.incarnation, this.#own.facts);
    }
    this.#corrections.set(this.#self, [this.#own]);
  }

  #correct({ incarnation }: Statement, known: KnownMember | undefined): void {
    if (!known || incarnation >= known.said.incarnation) return;
    if (this.#corrections.size < CORRECTIONS_MAX) {
      this.#corrections.set(known.said.node, allOf(known));
    }
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
      else if (suspicion && nowMs >= suspicion.askAtMs) {
        suspicion.asked(nowMs);
        this.#probing.ask(report.node, allOf(member));
      } else if (isGone(report) && nowMs - goneAtMs > this.#times.rememberMs) {
        this.#members.delete(report.node);
        this.#probing.order.delete(report.node);
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
    this.#send('all', { kind: 'hello', digest: null, said: [this.#own] });
  }

  /**
   * What a hello to all is good for, before its signature is looked at. `said`: bytes of what its author says of itself. It may have been
   * recorded: only of one that is there anyway, and was met, is more taken from it than a reason to find out.
   */
  useOf({ node, said, isMet }: Called, nowMs: number): CallUse {
    const known = this.#members.get(node);
    const count = this.#members.sizeWithSelf();
    if (known && isGone(known.report)) return this.#greeting.isMourner(count) ? 'meet' : 'none';
    if (known && said instanceof Uint8Array && Buffer.compare(known.said.bytes, said) === 0)
      return 'none';
    if (known && isMet) return 'hear';
    return this.#greeting.isGreeter(nowMs, count) ? 'meet' : 'none';
  }

  /** Somebody that was not met has called, and has signed it. @returns whether it is to be met */
  isWelcome(nowMs: number): boolean {
    return this.#greeting.greets(nowMs);
  }

  /** The other end is there: who is new, or was thought to be gone, is told so and what is known in a few bytes. */
  met(node: NodeId): readonly MembershipOutput[] {
    const known = this.#members.get(node);
    if (this.#own.status === 'left' || (known && !isGone(known.report))) return [];
    const said = [this.#own, ...(known ? allOf(known) : [])];
    this.#send(node, { kind: 'hello', digest: this.#digest(), said });
    return this.#flush();
  }

  #digest(): Digest {
    return this.#reconciliation.digest(this.#own);
  }

  #compare(from: NodeId, theirs: Digest, nowMs: number): void {
    const verdict = this.#reconciliation.compare(from, this.#digest(), theirs, nowMs);
    if (verdict === 'same') this.#rumours.agreed(this.#members.size + 1);
    if (verdict !== 'ask') return;
    const known = this.#reconciliation.known(this.#own);
    this.#send(from, { kind: 'sync', said: [], known, isReply: false });
  }

  #tell(to: NodeId, known: Uint8Array, isLast: boolean, nowMs: number): void {
    const lacking = this.#reconciliation.lacking(known, this.#own, nowMs);
    if (!lacking || (isLast && lacking.length === 0)) return;
    for (const [at, said] of syncPieces(lacking).entries()) {
      // One piece asks for what is missing here, the others just come along.
      const own = isLast || at > 0 ? null : this.#reconciliation.known(this.#own);
      this.#send(to, { kind: 'sync', said, known: own, isReply: true });
    }
  }

  // --- helpers

  /** Who is suspected is told so first, so that it can refute it. */
  #gossip(to: NodeId): readonly Statement[] {
    return this.#rumours.take(RUMOURS_A_MESSAGE, this.#members.size + 1, to);
  }

  #acknowledge(to: NodeId, seq: number): void {
    const corrected = [...this.#corrections.values()].flat();
    const said = this.#gossip(to).filter((each) => !this.#corrections.has(each.node));
    const all = [...corrected, ...said].slice(0, STATEMENTS_A_MESSAGE);
    this.#send(to, { kind: 'ack', seq, digest: this.#digest(), said: all });
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
