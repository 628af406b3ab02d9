/** Reports that travel with other messages: the newest of each member, those first that were told least often, each so many times. */
import type { NodeId } from '../../contracts/index.ts';
import type { MemberReport } from './member.ts';

interface Rumour {
  readonly report: MemberReport;
  readonly isToldToAll: boolean;
  told: number;
}

/** Times that a report is told by each member: enough to reach all with high probability (SWIM, 4.1). */
const TELL_FACTOR = 4;
/** Of one that was said to everybody: each who missed it hears it from the others with 95 % (1 - e^-3). */
const TIMES_AFTER_HELLO = 3;

export const timesToTell = (members: number): number =>
  TELL_FACTOR * Math.ceil(Math.log10(members + 1));

export class Rumours {
  readonly #rumours = new Map<NodeId, Rumour>();

  /** `isToldToAll`: all but those who missed it have heard it, so that few times are enough. */
  add(report: MemberReport, isToldToAll = false): void {
    this.#rumours.set(report.node, { report, isToldToAll, told: 0 });
  }

  /** At most `count`; `first` comes first if it is there, whatever it was told. */
  take(count: number, members: number, first?: NodeId): readonly MemberReport[] {
    if (this.#rumours.size === 0) return [];
    const limit = timesToTell(members);
    const order = [...this.#rumours.values()].sort((a, b) => a.told - b.told);
    const urgent = first === undefined ? undefined : this.#rumours.get(first);
    const chosen = urgent ? [urgent, ...order.filter((each) => each !== urgent)] : order;
    return chosen.slice(0, count).map((rumour) => {
      const times = rumour.isToldToAll ? Math.min(limit, TIMES_AFTER_HELLO) : limit;
      if (++rumour.told >= times) this.#rumours.delete(rumour.report.node);
      return rumour.report;
    });
  }
}
