/** The other members, as they are known; those whose time matters can be found without looking at all. */
import type { NodeId } from '../../contracts/index.ts';
import type { KnownMember } from './known-member.ts';
import { isGone, type MemberReport } from './member.ts';

export class Roster {
  readonly #members = new Map<NodeId, KnownMember>();
  /** Suspected, or gone and remembered. */
  readonly #watched = new Map<NodeId, KnownMember>();
  #livingCount = 0;
  #livingHash = 0;

  /** Those who are not gone, and the exclusive or of their hashes. */
  get livingCount(): number {
    return this.#livingCount;
  }

  get livingHash(): number {
    return this.#livingHash;
  }

  get(node: NodeId): KnownMember | undefined {
    return this.#members.get(node);
  }

  set(member: KnownMember): void {
    const { node, status } = member.report;
    this.#count(this.#members.get(node), -1);
    this.#count(member, 1);
    this.#members.set(node, member);
    if (status === 'alive') this.#watched.delete(node);
    else this.#watched.set(node, member);
  }

  delete(node: NodeId): void {
    this.#count(this.#members.get(node), -1);
    this.#members.delete(node);
    this.#watched.delete(node);
  }

  /** With those who are gone and remembered. */
  get size(): number {
    return this.#members.size;
  }

  names(): Iterable<NodeId> {
    return this.#members.keys();
  }

  all(): Iterable<KnownMember> {
    return this.#members.values();
  }

  watched(): readonly KnownMember[] {
    return [...this.#watched.values()];
  }

  /** Those who are not gone, and the node itself. */
  sizeWithSelf(): number {
    return 1 + this.#livingCount;
  }

  living(): readonly MemberReport[] {
    const reports = Array.from(this.#members.values(), ({ report }) => report);
    return reports.filter((report) => !isGone(report));
  }

  isSomebodyDead(): boolean {
    return this.watched().some(({ report }) => report.status === 'dead');
  }

  /** When a suspicion ends, or somebody suspected is to be asked; Infinity without one. */
  nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { suspicion } of this.#watched.values()) {
      if (suspicion) next = Math.min(next, suspicion.deadlineMs, suspicion.askAtMs);
    }
    return next;
  }

  postponeSuspicions(byMs: number): void {
    for (const { suspicion } of this.#watched.values()) suspicion?.postpone(byMs);
  }

  #count(member: KnownMember | undefined, by: 1 | -1): void {
    if (!member || isGone(member.report)) return;
    this.#livingCount += by;
    this.#livingHash ^= member.hash;
  }
}
