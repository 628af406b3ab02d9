/** News that travels with other messages: the newest of each member, that first which was told least often, each so many times. */
import type { NodeId } from '../../contracts/index.ts';
import type { Statement } from './statement.ts';

interface Rumour {
  readonly node: NodeId;
  readonly said: readonly Statement[];
  told: number;
}

/** Times that news is told by each member: enough to reach all with high probability (SWIM, 4.1). */
const TELL_FACTOR = 4;

export const timesToTell = (members: number): number =>
  TELL_FACTOR * Math.ceil(Math.log10(members + 1));

export class Rumours {
  readonly #rumours = new Map<NodeId, Rumour>();

  /** `said`: what makes the news, all of it about `node`. */
  add(node: NodeId, said: readonly Statement[]): void {
    this.#rumours.set(node, { node, said, told: 0 });
  }

  /** Of at most `count` members; `first` comes first if it is there, whatever it was told. */
  take(count: number, members: number, first?: NodeId): readonly Statement[] {
    if (this.#rumours.size === 0) return [];
    const limit = timesToTell(members);
    const order = [...this.#rumours.values()].sort((a, b) => a.told - b.told);
    const urgent = first === undefined ? undefined : this.#rumours.get(first);
    const chosen = urgent ? [urgent, ...order.filter((each) => each !== urgent)] : order;
    return chosen.slice(0, count).flatMap((rumour) => {
      if (++rumour.told >= limit) this.#rumours.delete(rumour.node);
      return rumour.said;
    });
  }
}
