/** News that travels with other messages: the newest of each member, that first which was told least often, each so many times. */
import type { NodeId } from '../../contracts/index.ts';
import type { Statement } from './statement.ts';

interface Rumour {
  readonly node: NodeId;
  readonly said: readonly Statement[];
  told: number;
}

/**
 * Times that news is told by each member: enough to reach all with high probability (SWIM, 4.1), and a few more, since several messages
 * to the same member are told it one after the other.
 */
const TELL_FACTOR = 4;

/** So many who know the same end it. */
const AGREEMENTS = 3;

export const timesToTell = (members: number): number =>
  TELL_FACTOR * (1 + Math.ceil(Math.log10(members + 1)));

export class Rumours {
  readonly #rumours = new Map<NodeId, Rumour>();

  /** `said`: what makes the news, all of it about `node`. */
  add(node: NodeId, said: readonly Statement[]): void {
    this.#rumours.set(node, { node, said, told: 0 });
  }

  /**
   * Another, whoever it was, knows the same as this node: what does not spread any more is told less often (the feedback of Demers et al.
   * 1987). Suspicions are in no digest, and go on.
   */
  agreed(members: number): void {
    const limit = timesToTell(members);
    for (const rumour of this.#rumours.values()) {
      if (rumour.said.some(({ status }) => status === 'suspect')) continue;
      rumour.told += Math.ceil(limit / AGREEMENTS);
      if (rumour.told >= limit) this.#rumours.delete(rumour.node);
    }
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
