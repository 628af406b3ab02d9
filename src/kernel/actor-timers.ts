/** Timers of one actor: named, delivered as messages to itself, gone when it stops or restarts. */
import type { TimerHandle, Timers } from '../contracts/index.ts';

export class ActorTimers {
  readonly #running = new Map<string, TimerHandle>();
  readonly #timers: Timers;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** A timer of the same name is replaced. */
  once(name: string, delayMs: number, fire: () => void): void {
    this.cancel(name);
    const handle = this.#timers.after(delayMs, () => {
      this.#running.delete(name);
      fire();
    });
    this.#running.set(name, handle);
  }

  /** The next period starts when the last has fired, so a slow thread skips beats rather than piling them up. */
  every(name: string, periodMs: number, fire: () => void): void {
    this.once(name, periodMs, () => {
      this.every(name, periodMs, fire);
      fire();
    });
  }

  cancel(name: string): void {
    this.#running.get(name)?.cancel();
    this.#running.delete(name);
  }

  cancelAll(): void {
    for (const handle of this.#running.values()) handle.cancel();
    this.#running.clear();
  }
}
