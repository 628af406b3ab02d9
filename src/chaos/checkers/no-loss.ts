/** As long as nothing was killed, every message that was sent arrives or is a dead letter: none is lost in silence. */
import type { Checker, Report } from '../checker.ts';

/** What the workload sends as numbered messages. */
const TYPES: ReadonlySet<string> = new Set(['item', 'note']);

export function noLossChecker(report: Report): Checker {
  const missing = new Map<string, Set<number>>();
  let deadLetters = 0;
  let isExcused = false;
  return {
    name: 'no loss',
    hear: (fact) => {
      if (fact.kind === 'loss') isExcused = true;
      if (fact.kind === 'dead letter' && TYPES.has(fact.type)) deadLetters++;
      if (fact.kind === 'received') missing.get(fact.stream)?.delete(fact.id);
      if (fact.kind !== 'sent') return;
      missing.set(fact.stream, (missing.get(fact.stream) ?? new Set()).add(fact.id));
    },
    finish: () => {
      if (isExcused) return;
      const lost = [...missing].filter(([, ids]) => ids.size > 0);
      const count = lost.reduce((sum, [, ids]) => sum + ids.size, 0);
      if (count === deadLetters) return;
      const [stream, ids] = lost[0] ?? ['none', new Set()];
      const first = `first ${[...ids][0]} of ${stream}`;
      report('no loss', `${count} messages never came, ${deadLetters} are dead letters; ${first}`);
    },
  };
}
