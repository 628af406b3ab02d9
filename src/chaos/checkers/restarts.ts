/** A supervisor restarts whom its scope names, all of them, and gives up when the restart intensity is exceeded: not before, not after. */
import { BRITTLE_INTENSITY } from '../brittle.ts';
import type { Checker, Report } from '../checker.ts';

interface Group {
  readonly scope: string;
  readonly children: number;
  failuresMs: number[];
  /** How often each place may start, and whether it still has to. */
  readonly due: Map<number, number>;
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
        const due = new Map(Array.from({ length: children }, (_, place) => [place, 1]));
        const group = { scope, children, due, failuresMs: [] };
        groups.set(fact.group, { ...group, isExhausted: false, hasEnded: false });
      }
      if (fact.kind === 'node ended') {
        for (const [name, group] of groups) {
          if (name.startsWith(`${fact.node} `)) group.hasEnded = true;
        }
      }
      if (fact.kind === 'child started') {
        const group = groups.get(fact.group);
        if (group && !takeStart(group, fact.place)) {
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
      for (const [name, { isExhausted, hasEnded, due }] of groups) {
        if (hasEnded) continue;
        if (isExhausted) report('restarts', `${name} did not give up`);
        else if (due.size > 0) report('restarts', `${name} did not restart ${[...due.keys()]}`);
      }
    },
  };
}

function takeStart({ due }: Group, place: number): boolean {
  const left = due.get(place);
  if (left === undefined) return false;
  if (left > 1) due.set(place, left - 1);
  else due.delete(place);
  return true;
}

function fail(group: Group, place: number, nowMs: number): void {
  // It is started anew for the failure of another: its own is not judged.
  if (group.scope === 'resume' || group.due.has(place)) return;
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
    if (isAffected) group.due.set(other, (group.due.get(other) ?? 0) + 1);
  }
}
