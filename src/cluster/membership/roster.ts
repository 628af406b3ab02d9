/** The other members, as they are known; those whose time matters can be found without looking at all. */
import type { NodeId } from '../../contracts/index.ts';
import type { KnownMember } from './known-member.ts';
import { isGone, type MemberReport } from './member.ts';

export class Roster {
  readonly #members = new Map<NodeId, KnownMember>();
  /** Suspected, or gone and remembered. */
  readonly #watched = new Map<NodeId, KnownMember>();

  get(node: NodeId): KnownMember | undefined {
    return this.#members.get(node);
  }

  set(member: KnownMember): void {
    const { node, status } = member.report;
    this.#members.set(node, member);
    if (status === 'alive') this.#watched.delete(node);
    else this.#watched.set(node, member);
  }

  delete(node: NodeId): void {
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
    let count = 1 + this.#members.size;
    for (const { report } of this.#watched.values()) if (isGone(report)) count--;
    return count;
  }

  living(): readonly MemberReport[] {
    const reports = Array.from(this.#members.values(), ({ report }) => report);
    return reports.filter((report) => !isGone(report));
  }

  isSomebodyDead(): boolean {
    return this.watched().some(({ report }) => report.status === 'dead');
  }

  /** When the next suspicion ends; Infinity without one. */
  nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { suspicion } of this.#watched.values()) {
      if (suspicion) next = Math.min(next, suspicion.deadlineMs);
    }
    return next;
  }

  postponeSuspicions(byMs: number): void {
    for (const { suspicion } of this.#watched.values()) suspicion?.postpone(byMs);
  }
}
