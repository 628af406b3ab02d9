/** Real timers. Unreferenced: a node is kept alive by its control port, not by a deadline that may never matter. */
import type { Timers } from '../contracts/index.ts';

export const realTimers: Timers = {
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  immediate: (fire) => {
    setImmediate(fire);
  },
};
