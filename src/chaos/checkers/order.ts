/** Messages of one sender to one receiver arrive in the order they were sent, none twice. */
import type { Checker, Report } from '../checker.ts';

export function orderChecker(report: Report): Checker {
  const last = new Map<string, number>();
  return {
    name: 'order',
    hear: (fact) => {
      if (fact.kind !== 'received') return;
      const before = last.get(fact.stream) ?? -1;
      if (fact.id <= before) report('order', `${fact.stream}: ${fact.id} came after ${before}`);
      last.set(fact.stream, Math.max(before, fact.id));
    },
    finish: () => undefined,
  };
}
