/**
 * Every ask ends once, near its deadline at the latest, as what it was: an answer is the right one, what was not delivered was not
 * run, and nothing is run twice.
 */
import type { Checker, Fact, Report } from '../checker.ts';

interface Ask {
  readonly untilMs: number;
  readonly timeoutMs: number;
  readonly isLocal: boolean;
  runs: number;
  settled: (Fact & { readonly kind: 'settled' }) | undefined;
}

/** What a packet may take on its way, which nobody knows; what it waited before, they do. */
const TRANSIT_MS = 20;
/** Timers of a thread that hangs fire when it wakes. */
const LATE_MS = 15_000;

export function askChecker(report: Report): Checker {
  const asks = new Map<string, Ask>();
  /** What a thread that hangs finds when it wakes has come just now, as far as it can tell. */
  let isHanging = false;
  /** How wrong clocks may be by now: 0.01 is one in a hundred. */
  let drift = 0;
  let transitMs = TRANSIT_MS;
  const check = (name: string, { runs, settled }: Ask): void => {
    if (runs > 1) report('asks', `${name} was run ${runs} times`);
    if (settled?.result === 'not-delivered' && runs > 0) {
      report('asks', `${name} was said not to be delivered (${settled.code}) and was run`);
    }
    if (settled?.result === 'answered' && (runs === 0 || !settled.isRight)) {
      report(
        'asks',
        `${name} was answered ${runs === 0 ? 'and never run' : 'with something else'}`,
      );
    }
  };
  return {
    name: 'asks',
    hear: (fact, nowMs) => {
      if (fact.kind === 'loss' && fact.what.includes('hangs')) isHanging = true;
      if (fact.kind === 'clock drift') drift = Math.max(drift, 1.1 * Math.abs(1 - fact.rate));
      if (fact.kind === 'transit') transitMs = TRANSIT_MS + fact.ms;
      if (fact.kind === 'asked') {
        const { timeoutMs, isLocal } = fact;
        const ask = { untilMs: nowMs + timeoutMs, timeoutMs, isLocal, runs: 0, settled: undefined };
        asks.set(fact.ask, ask);
      }
      if (fact.kind !== 'ran' && fact.kind !== 'settled') return;
      const ask = asks.get(fact.ask);
      if (!ask) return report('asks', `${fact.ask} was never asked`);
      if (fact.kind === 'ran') {
        ask.runs++;
        const slackMs = drift * ask.timeoutMs + (ask.isLocal ? 0 : transitMs);
        if (!isHanging && nowMs > ask.untilMs + slackMs) {
          report(
            'asks',
            `${fact.ask} was run ${Math.round(nowMs - ask.untilMs)} ms after its deadline`,
          );
        }
      } else {
        if (ask.settled) report('asks', `${fact.ask} ended twice`);
        ask.settled = fact;
        if (nowMs > ask.untilMs + LATE_MS) {
          report(
            'asks',
            `${fact.ask} ended ${Math.round(nowMs - ask.untilMs)} ms after its deadline`,
          );
        }
      }
      check(fact.ask, ask);
    },
    finish: () => undefined,
  };
}
