/**
 * One realm is made ahead, between runs, so that a run does not wait for it. The next is made only once the one before is
 * gone from memory: V8 reserves half a gigabyte of code range for each, a second reservation would meet the process's data
 * limit, and V8 answers that by ending the process. An isolate is torn down on its own thread, so the kernel is asked.
 */
import type { Timers } from '../contracts/index.ts';
import { createRealm, type Realm } from './guest-realm.ts';
import type { ProcessMemory } from './process-memory.ts';

const MIB = 1024 * 1024;
/** Address space that making a realm takes: its code range, heap and thread. Measured 523 MiB. */
const REALM_DATA_BYTES = 540 * MIB;
const LOOK_EVERY_MS = 1;
/** Looks before it tries all the same. */
const LOOKS_MAX = 2_000;

export interface RealmStockOptions {
  readonly timers: Timers;
  readonly memory: ProcessMemory;
  /** What `prlimit --data` was given; `Infinity` without it. */
  readonly dataLimitBytes: number;
}

export class RealmStock {
  readonly #options: RealmStockOptions;
  #spare: Promise<Realm> | undefined;

  constructor(options: RealmStockOptions) {
    this.#options = options;
  }

  /** Makes a realm ahead. */
  fill(memoryMiB: number): void {
    this.#spare ??= this.#make(memoryMiB);
  }

  async take(memoryMiB: number): Promise<Realm> {
    const spare = await this.#spare;
    this.#spare = undefined;
    if (spare?.memoryMiB === memoryMiB) return spare;
    spare?.isolate.dispose();
    return this.#make(memoryMiB);
  }

  async #make(memoryMiB: number): Promise<Realm> {
    const { memory, dataLimitBytes, timers } = this.#options;
    const hasRoom = (): boolean => memory.dataBytes() + REALM_DATA_BYTES <= dataLimitBytes;
    for (let looks = 0; !hasRoom() && looks < LOOKS_MAX; looks++) {
      await new Promise<void>((resolve) => {
        timers.after(LOOK_EVERY_MS, resolve);
      });
    }
    return createRealm(memoryMiB);
  }
}
