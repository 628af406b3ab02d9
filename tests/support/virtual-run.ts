/** Moves virtual time on until a promise has settled. */
import type { SimulatedTime } from '../../src/host/index.ts';

const STEP_MS = 1;
const STEPS_MAX = 100_000;

export async function runOn<T>(time: SimulatedTime, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => undefined);
  await time.settle();
  for (let step = 0; !isSettled; step++) {
    if (step === STEPS_MAX) throw new Error(`not settled in ${STEPS_MAX * STEP_MS} virtual ms`);
    await time.advance(STEP_MS);
  }
  return settled;
}
