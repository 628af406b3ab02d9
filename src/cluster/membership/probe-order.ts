/**
 * Whom a member asks: who was not heard of for the longest time, so that it comes round to all (as SWIM's order does, 4.3), and to one
 * that has fallen silent first.
 */
import type { NodeId, Random } from '../../contracts/index.ts';
import type { MemberStatus } from './member.ts';

/** The question that waits for its answer. */
export interface Probe {
  readonly target: NodeId;
  readonly seq: number;
  readonly answerByMs: number;
  readonly endMs: number;
  /** Others that were asked to ask; who of them has said that it tried. */
  asked: readonly NodeId[];
  readonly nacks: Set<NodeId>;
  isIndirect: boolean;
}

export class ProbeOrder {
  readonly #random: Random;
  /** When each was heard or asked last; another order each time among those who are equal. */
  readonly #atMs = new Map<NodeId, number>();
  readonly #next = new Set<NodeId>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** It was asked, or something came from it. */
  heard(node: NodeId, nowMs: number): void {
    this.#atMs.set(node, nowMs);
  }

  /** Before all others. */
  addNext(node: NodeId): void {
    this.#next.add(node);
  }

  delete(node: NodeId): void {
    this.#atMs.delete(node);
    this.#next.delete(node);
  }

  /** Who is suspected is only asked next: its suspicion asks it as well. @returns undefined when there is nobody to ask */
  take(
    all: Iterable<NodeId>,
    statusOf: (node: NodeId) => MemberStatus | undefined,
    nowMs: number,
  ): NodeId | undefined {
    const chosen = this.#urgent(statusOf) ?? this.#silentLongest(all, statusOf);
    if (chosen !== undefined) this.heard(chosen, nowMs);
    return chosen;
  }

  #urgent(statusOf: (node: NodeId) => MemberStatus | undefined): NodeId | undefined {
    for (const node of this.#next) {
      this.#next.delete(node);
      const status = statusOf(node);
      if (status === 'alive' || status === 'suspect') return node;
    }
    return undefined;
  }

  #silentLongest(
    all: Iterable<NodeId>,
    statusOf: (node: NodeId) => MemberStatus | undefined,
  ): NodeId | undefined {
    let [chosen, chosenMs, equals]: [NodeId | undefined, number, number] = [undefined, 0, 0];
    for (const node of all) {
      const atMs = this.#atMs.get(node) ?? Number.NEGATIVE_INFINITY;
      if (chosen !== undefined && atMs > chosenMs) continue;
      if (statusOf(node) !== 'alive') continue;
      equals = chosen !== undefined && atMs === chosenMs ? equals + 1 : 1;
      // Each of those who are equal with the same chance.
      if (equals > 1 && this.#random.next() * equals >= 1) continue;
      [chosen, chosenMs] = [node, atMs];
    }
    return chosen;
  }
}
