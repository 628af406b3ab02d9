/**
 * Every run ends once, with the right value or a code that says why, and not before its end is in the journal; what may be done once
 * is done at most once.
 */
import type { Checker, Report } from '../checker.ts';

export function runChecker(report: Report): Checker {
  const open = new Set<string>();
  const ended = new Set<string>();
  const effects = new Map<string, number>();
  /** Streams of runs whose end is in the journal. */
  const recorded = new Set<string>();
  return {
    name: 'runs',
    hear: (fact) => {
      if (fact.kind === 'run began') open.add(fact.run);
      if (fact.kind === 'journaled' && fact.type === 'run.completed') recorded.add(fact.stream);
      if (fact.kind === 'effect') {
        const times = (effects.get(fact.key) ?? 0) + 1;
        effects.set(fact.key, times);
        if (times > 1) report('effects', `${fact.key} was done ${times} times`);
      }
      if (fact.kind === 'node ended') {
        for (const run of open) if (run.startsWith(`${fact.node} `)) open.delete(run);
      }
      if (fact.kind !== 'run ended') return;
      const { run, code, isRight } = fact;
      if (!open.delete(run)) report('runs', `${run} ended ${ended.has(run) ? 'twice' : 'unbegun'}`);
      ended.add(run);
      if (code === 'INTERNAL') report('runs', `${run} ended with a defect`);
      if (code === undefined && !isRight) report('runs', `${run} ended with a wrong value`);
      if (code === undefined && !recorded.has(`run/${fact.runId}`)) {
        report('runs', `${run} succeeded before its end was in the journal`);
      }
    },
    finish: () => {
      for (const run of open) report('runs', `${run} never ended`);
    },
  };
}
