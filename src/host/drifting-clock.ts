/** The clock of one machine on virtual time: its wall clock can jump, and all its clocks can go too fast or too slow. */
import type { Clock } from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';

const ROUNDING_MS = 1e-6;

export class DriftingClock implements Clock {
  readonly #time: SimulatedTime;
  #skewMs = 0;
  #rate = 1;
  /** Where the clock stood, and the true time then, when its rate was last changed. */
  #baseMs = 0;
  #sinceMs = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  readonly monotonicMs = (): number =>
    this.#baseMs + (this.#time.clock.monotonicMs() - this.#sinceMs) * this.#rate;

  readonly wallMs = (): number => {
    const driftMs = this.monotonicMs() - this.#time.clock.monotonicMs();
    return this.#time.clock.wallMs() + driftMs + this.#skewMs;
  };

  /** True time until this clock has moved on by `delayMs`, at its present rate: never less, whatever rounding does. */
  trueMs(delayMs: number): number {
    return this.#sinceMs === 0 ? delayMs : delayMs / this.#rate + ROUNDING_MS;
  }

  /** Sets how far the wall clock is off; the monotonic one does not notice. */
  jump(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  /** 1 is true, 1.01 gains 10 ms a second. Timers that are set already keep their moment. */
  setRate(rate: number): void {
    this.#baseMs = this.monotonicMs();
    this.#sinceMs = this.#time.clock.monotonicMs();
    this.#rate = rate;
  }
}
