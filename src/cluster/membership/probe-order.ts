/** Whom a member asks: one at a time, in an order that comes round to all and is another each time (SWIM, 4.3). */
import type { NodeId, Random } from '../../contracts/index.ts';
import { shuffled } from './shuffled.ts';

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
  /** The next is the last. */
  #nodes: NodeId[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Somewhere among the others of this round. */
  add(node: NodeId): void {
    this.#nodes.splice(Math.floor(this.#random.next() * this.#nodes.length), 0, node);
  }

  addNext(node: NodeId): void {
    this.#nodes.push(node);
  }

  /** @returns undefined when there is nobody that may be asked */
  take(all: Iterable<NodeId>, mayBeAsked: (node: NodeId) => boolean): NodeId | undefined {
    for (let round = 0; round < 2; round++) {
      for (let node = this.#nodes.pop(); node !== undefined; node = this.#nodes.pop()) {
        if (mayBeAsked(node)) return node;
      }
      this.#nodes = shuffled([...all], this.#random);
    }
    return undefined;
  }
}
