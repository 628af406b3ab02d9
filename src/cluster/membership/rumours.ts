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

  /** Of at most `count` members: what is said of `to` first, whatever it was told, and nothing that it has said itself. */
  take(count: number, members: number, to?: NodeId): readonly Statement[] {
    if (this.#rumours.size === 0) return [];
    const limit = timesToTell(members);
    const order = [...this.#rumours.values()]
      .filter(({ said }) => !isNewsOf(said, to))
      .sort((a, b) => a.told - b.told);
    const urgent = order.find(({ node }) => node === to);
    const chosen = urgent ? [urgent, ...order.filter((each) => each !== urgent)] : order;
    return chosen.slice(0, count).flatMap((rumour) => {
      if (++rumour.told >= limit) this.#rumours.delete(rumour.node);
      return rumour.said;
    });
  }
}

/** A claim is what makes the news, where there is one. */
function isNewsOf(said: readonly Statement[], node: NodeId | undefined): boolean {
  const claims = said.filter(({ kind }) => kind === 'claim');
  const news = claims.length > 0 ? claims : said;
  return news.some((each) => (each.kind === 'claim' ? each.by : each.node) === node);
}
