/** From one scenario to a contest of all who can take part in it. */

import { erlang } from '../runtimes/erlang.ts';
import { type LocalName, RUNTIMES } from '../runtimes/index.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { contest } from './contest.ts';
import { type RateOptions, type Run, rate } from './measure.ts';

const ALL: readonly LocalName[] = ['Skein', 'floor', 'xstate', 'nact', 'comedy', 'effect'];

export interface Scenario extends RateOptions {
  readonly metric: string;
  readonly unit: string;
  /** Defines the actors once; the run that it gives back starts them anew each time. */
  readonly prepare: (runtime: Runtime) => Run;
  /** Who can take part. Default: all that have a tell. Erlang always does. */
  readonly among?: readonly LocalName[];
}

export async function messaging(file: string, scenarios: readonly Scenario[]): Promise<void> {
  const questions = scenarios.map(({ metric, unit, prepare, among = ALL, ...options }) => {
    const measured = among.map(
      (name) => [name, async () => rate(prepare(await RUNTIMES[name]()), options)] as const,
    );
    const contestants = { ...Object.fromEntries(measured), Erlang: () => erlang(metric, options) };
    return { suite: 'messaging', metric, unit, contestants };
  });
  await contest(file, questions);
}
