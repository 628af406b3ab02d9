/**
 * Host processes that are started ahead: ready, nobody's, no skill ever run in them. Taking one refills the stock in the
 * background, one start at a time, so that starting never competes with itself for the processor.
 */
import type { Timers } from '../contracts/index.ts';
import type { HostProcess } from './host-process.ts';

export interface WarmHostsOptions {
  /** Processes kept ready; 0 turns warming off. */
  readonly size: number;
  readonly start: () => HostProcess;
  /** False while the sandbox may start no more processes. */
  readonly hasRoom: () => boolean;
  readonly timers: Timers;
}

/** Starting a process holds up the thread for milliseconds: the run that took the last host goes first. */
const REFILL_AFTER_MS = 25;
/** Starts that may fail in a row before the stock is left as it is; the next `take` tries again. */
const FAILED_STARTS_MAX = 3;

export class WarmHosts {
  readonly #options: WarmHostsOptions;
  readonly #ready: HostProcess[] = [];
  #starting = false;
  #failedStarts = 0;
  #closed = false;

  constructor(options: WarmHostsOptions) {
    this.#options = options;
  }

  /** Puts the first ready host into the stock; the rest is started in the background. */
  add(host: HostProcess): void {
    this.#ready.push(host);
    this.refill();
  }

  /** @returns a living host that was never used, or undefined when none is ready now */
  take(): HostProcess | undefined {
    this.#failedStarts = 0;
    let host = this.#ready.shift();
    while (host && !host.isAlive()) host = this.#ready.shift();
    this.refill();
    return host;
  }

  get readyCount(): number {
    return this.#ready.filter((host) => host.isAlive()).length;
  }

  refill(): void {
    if (this.#closed || this.#starting || this.readyCount >= this.#options.size) return;
    if (this.#failedStarts >= FAILED_STARTS_MAX || !this.#options.hasRoom()) return;
    this.#starting = true;
    this.#options.timers.after(REFILL_AFTER_MS, () => void this.#startOne());
  }

  /** Stops refilling. The processes themselves belong to the sandbox, which kills them. */
  close(): void {
    this.#closed = true;
    this.#ready.length = 0;
  }

  async #startOne(): Promise<void> {
    if (!this.#closed && this.#options.hasRoom()) {
      const host = this.#options.start();
      const ready = await host.ready;
      if (!ready.ok) this.#failedStarts++;
      else if (this.#closed) host.kill();
      else this.#ready.push(host);
    }
    this.#starting = false;
    this.refill();
  }
}
