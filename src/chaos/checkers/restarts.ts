/** A supervisor restarts whom its scope names, all of them, and gives up when the restart intensity is exceeded: not before, not after. */
import { BRITTLE_INTENSITY } from '../brittle.ts';
import type { Checker, Report } from '../checker.ts';

interface Group {
  readonly scope: string;
  readonly children: number;
  failuresMs: number[];
  /** Places that have to start once more. */
  readonly due: Set<number>;
  /** More failures than may be have happened: it has to give up. */
  isExhausted: boolean;
  hasEnded: boolean;
}

export function restartChecker(report: Report): Checker {
  const groups = new Map<string, Group>();
  return {
    name: 'restarts',
    hear: (fact, nowMs) => {
      if (fact.kind === 'group began') {
        const { scope, children } = fact;
        const due = new Set(Array.from({ length: children }, (_, place) => place));
        const group = { scope, children, due, failuresMs: [] };
        groups.set(fact.group, { ...group, isExhausted: false, hasEnded: false });
      }
      if (fact.kind === 'child started') {
        const group = groups.get(fact.group);
        if (group && !group.due.delete(fact.place)) {
          report('restarts', `child ${fact.place} of ${fact.group} was started without a reason`);
        }
      }
      if (fact.kind === 'child failed') {
        const group = groups.get(fact.group);
        if (group) fail(group, fact.place, nowMs);
      }
      if (fact.kind === 'group gave up') {
        const group = groups.get(fact.group);
        if (!group) return;
        group.hasEnded = true;
        if (!group.isExhausted) {
          const count = group.failuresMs.length;
          report('restarts', `${fact.group} gave up after ${count} failures in its window`);
        }
      }
    },
    finish: () => {
      for (const [name, group] of groups) {
        if (group.isExhausted && !group.hasEnded) report('restarts', `${name} did not give up`);
      }
    },
  };
}

function fail(group: Group, place: number, nowMs: number): void {
  if (group.scope === 'resume') return;
  const { maxRestarts, windowMs } = BRITTLE_INTENSITY;
  group.failuresMs = [...group.failuresMs.filter((atMs) => nowMs - atMs < windowMs), nowMs];
  if (group.failuresMs.length > maxRestarts) {
    group.isExhausted = true;
    return;
  }
  for (let other = 0; other < group.children; other++) {
    const isAffected =
      other === place ||
      group.scope === 'one-for-all' ||
      (group.scope === 'rest-for-one' && other > place);
    if (isAffected) group.due.add(other);
  }
}
