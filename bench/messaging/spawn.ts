/**
 * How many actors a second can be started and kept? No message, no end: the start alone, with its place in the tree.
 *
 *     node bench/messaging/spawn.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import { spawnMany } from '../runtimes/runtime.ts';

const WAVE = 500;

interface Tally {
  started: number;
}

await messaging(import.meta.filename, [
  {
    metric: 'spawn',
    unit: 'k actors/s',
    scale: 1e3,
    step: WAVE,
    // What is kept costs memory in every run to come.
    nMax: 20_000,
    prepare: (runtime) => {
      const idle = runtime.define({
        kind: 'idle',
        initial: (tally: Tally) => {
          tally.started++;
          return tally;
        },
        receive: () => undefined,
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const tally: Tally = { started: 0 };
        const args = new Array<Tally>(WAVE).fill(tally);
        const kept: object[][] = [];
        for (let spawned = 0; spawned < n; spawned += WAVE)
          kept.push(await spawnMany(runtime, idle, args));
        done(kept.length * WAVE === n ? tally.started : -1);
        await counted;
      };
    },
  },
]);
