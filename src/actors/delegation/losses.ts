/** Ends the wait for nodes that membership has given up, long before their asks would time out. */
import { type NodeId, skeinError } from '../../contracts/index.ts';
import { type AskResult, unknown } from '../../kernel/index.ts';

export class Losses {
  readonly #waiting = new Map<NodeId, Set<(reason: string) => void>>();

  /** The answer, or UNKNOWN with PEER_LOST as soon as the node is declared dead. */
  async unlessLost<T>(node: NodeId, answer: Promise<AskResult<T>>): Promise<AskResult<T>> {
    const { promise: lost, resolve } = Promise.withResolvers<AskResult<T>>();
    const lose = (reason: string): void =>
      resolve(unknown(skeinError('PEER_LOST', { peer: node, reason })));
    const waiting = this.#waiting.get(node) ?? new Set();
    this.#waiting.set(node, waiting.add(lose));
    try {
      return await Promise.race([answer, lost]);
    } finally {
      waiting.delete(lose);
      if (waiting.size === 0 && this.#waiting.get(node) === waiting) this.#waiting.delete(node);
    }
  }

  lost(node: NodeId, reason: string): void {
    for (const lose of [...(this.#waiting.get(node) ?? [])]) lose(reason);
  }
}
