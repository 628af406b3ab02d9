/** Real timers. Unreferenced: a node is kept alive by its control port, not by a deadline that may never matter. */
import type { Timers } from '../contracts/index.ts';

/** Node takes a longer delay for none at all. */
const DELAY_MS_MAX = 2 ** 31 - 1;

export const realTimers: Timers = {
  after: (delayMs, fire) => {
    const dueMs = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const wait = (ms: number): void => {
      timer = setTimeout(look, Math.min(Math.ceil(ms), DELAY_MS_MAX));
      timer.unref();
    };
    /** Node counts in whole milliseconds from the start of a turn: it may be early. */
    const look = (): void => {
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) wait(leftMs);
      else fire();
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
  immediate: (fire) => {
    setImmediate(fire);
  },
};
