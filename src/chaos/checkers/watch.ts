/** Whoever watches an actor hears of its end: once, and, as long as nothing was killed, always. */
import type { Checker, Report } from '../checker.ts';

export function watchChecker(report: Report): Checker {
  const watches = new Map<string, { readonly actor: string; told: number }>();
  const ended = new Set<string>();
  let isExcused = false;
  return {
    name: 'watch',
    hear: (fact) => {
      if (fact.kind === 'loss') isExcused = true;
      if (fact.kind === 'ended') ended.add(fact.actor);
      if (fact.kind === 'watched') watches.set(fact.watch, { actor: fact.actor, told: 0 });
      if (fact.kind !== 'terminated') return;
      const watch = watches.get(fact.watch);
      if (!watch) return report('watch', `${fact.watch} was never watched`);
      if (++watch.told > 1) report('watch', `${fact.watch} was told twice`);
    },
    finish: () => {
      if (isExcused) return;
      for (const [name, { actor, told }] of watches) {
        if (ended.has(actor) && told === 0) report('watch', `${name} was never told`);
      }
    },
  };
}
