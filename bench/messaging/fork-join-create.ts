/**
 * How many short lives a second? An actor is started, gets one message, reports and stops. Waves of 500, each started when
 * the last one has reported.
 *
 *     node bench/messaging/fork-join-create.ts
 */
import { countTo } from '../harness/measure.ts';
import { messaging } from '../harness/scenario.ts';
import { type Ref, spawnMany } from '../runtimes/runtime.ts';

const WAVE = 500;

interface Collecting {
  readonly total: number;
  readonly done: (count: number) => void;
  wave: () => void;
}

await messaging(import.meta.filename, [
  {
    metric: 'fork-join-create',
    unit: 'k actors/s',
    scale: 1e3,
    step: WAVE,
    prepare: (runtime) => {
      const collector = runtime.define({
        kind: 'collector',
        initial: (args: Collecting) => ({ args, count: 0 }),
        receive: (state, reported: number) => {
          state.count += reported;
          if (state.count % WAVE === 0) state.args.wave();
          if (state.count === state.args.total) state.args.done(state.count);
        },
      });
      const worker = runtime.define({
        kind: 'worker',
        initial: (to: Ref) => to,
        receive: (to, work: number, self) => {
          runtime.tell(self, to, work);
          runtime.stop(self);
        },
      });
      return async (n) => {
        const { counted, done } = countTo(n);
        const collecting: Collecting = { total: n, done, wave: () => undefined };
        const to = await runtime.spawn(collector, collecting);
        const targets = new Array<Ref>(WAVE).fill(to);
        for (let started = 0; started < n; started += WAVE) {
          const reported = new Promise<void>((resolve) => {
            collecting.wave = resolve;
          });
          for (const each of await spawnMany(runtime, worker, targets)) runtime.send(each, 1);
          await reported;
        }
        await counted;
      };
    },
  },
]);
