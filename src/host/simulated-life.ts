/**
 * Something in the simulation that can die, hang and wake up: a thread or a process. What it would do to the world goes through
 * its life: the dead do nothing, those that hang do it later.
 */
import type { Ports, Random, Timers } from '../contracts/index.ts';
import type { DriftingClock } from './drifting-clock.ts';
import type { SimulatedTime } from './simulated-clock.ts';

export class SimulatedLife {
  isAlive = true;
  readonly #held: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];
  #isHung = false;

  get isHung(): boolean {
    return this.#isHung;
  }

  /** Does it now, later, or never. */
  act(what: () => void): void {
    if (!this.isAlive) return;
    if (this.#isHung) this.#held.push(what);
    else what();
  }

  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#held.length = 0;
    for (const tell of this.#onDeath.splice(0)) tell();
  }

  onDeath(tell: () => void): void {
    if (this.isAlive) this.#onDeath.push(tell);
    else tell();
  }

  hang(): void {
    this.#isHung = true;
  }

  /** What fell due meanwhile happens at once, in its order, as after a long collection of garbage. */
  wake(): void {
    this.#isHung = false;
    for (const what of this.#held.splice(0)) this.act(what);
  }
}

/** Ports whose timers end with the life. Without a `clock` of its own it goes by true time. */
export function portsOf(
  life: SimulatedLife,
  time: SimulatedTime,
  random: Random,
  clock?: DriftingClock,
): Ports {
  const timers: Timers = {
    after: (delayMs, fire) => {
      let isCancelled = false;
      const trueMs = clock?.trueMs(delayMs) ?? delayMs;
      const timer = time.timers.after(trueMs, () => life.act(() => isCancelled || fire()));
      return {
        cancel: () => {
          // Its time may have come while the life hung, its turn not.
          isCancelled = true;
          timer.cancel();
        },
      };
    },
    immediate: (fire) => time.timers.immediate(() => life.act(fire)),
  };
  return { clock: clock ?? time.clock, timers, random };
}
