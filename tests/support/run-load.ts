/** A load of runs on a node or a group: so many in flight at any time, each counted with how it ended. */
import { ControlClient } from '../../src/api/index.ts';
import type { SkeinError } from '../../src/contracts/index.ts';

/** A step is tried again when the machine is too busy for its time limit; a run that is refused or lost is not. */
const PLAN = `plan: greet
input: { name: nobody }
steps:
  - id: greet
    skill: hello
    input: { name: "\${input.name}" }
    retry: { attempts: 10, minMs: 50, maxMs: 2000 }
`;

export interface LoadReport {
  readonly runs: number;
  /** Tries of their steps beyond the first. */
  readonly repeats: number;
  readonly failed: readonly SkeinError[];
  /** Sorted. */
  readonly elapsedMs: readonly number[];
}

export interface RunLoad {
  readonly count: () => number;
  /** Lets the runs in flight end. */
  readonly stop: () => Promise<LoadReport>;
}

export function startLoad(dataDir: string, inFlight: number): RunLoad {
  const client = new ControlClient(dataDir);
  const failed: SkeinError[] = [];
  const elapsedMs: number[] = [];
  let repeats = 0;
  let isOver = false;
  const worker = async (name: string): Promise<void> => {
    while (!isOver) {
      const startMs = performance.now();
      const request = { target: { kind: 'plan-text', text: PLAN }, input: { name } } as const;
      const answer = await client.run(request, () => undefined);
      elapsedMs.push(performance.now() - startMs);
      if (!answer.ok) failed.push(answer.error);
      else if (!answer.value.outcome.ok) failed.push(answer.value.outcome.error);
      else repeats += answer.value.outcome.attempts - 1;
    }
  };
  const workers = Array.from({ length: inFlight }, (_, at) => worker(`caller ${at}`));
  return {
    count: () => elapsedMs.length,
    stop: async () => {
      isOver = true;
      await Promise.all(workers);
      const sorted = elapsedMs.toSorted((a, b) => a - b);
      return { runs: sorted.length, repeats, failed, elapsedMs: sorted };
    },
  };
}
