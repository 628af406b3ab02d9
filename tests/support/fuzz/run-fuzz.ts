/**
 * Runs cases of a fuzz target. Case `n` of a seed is the same whatever came before it, so a failure is had again by itself.
 * What is wrong with a case: it throws, a promise is left rejected, a prototype has changed, or it takes too long three times.
 */
import type { Clock } from '../../../src/contracts/index.ts';
import { realClock, realTimers, seededRandom } from '../../../src/host/index.ts';
import { type Draw, drawFrom } from './draw.ts';

export interface FuzzTarget {
  readonly name: string;
  /** @returns what became of the case, for the count; throws when something is wrong */
  readonly one: (draw: Draw) => Promise<string>;
  /** What was reached on the way, over all cases. */
  readonly reached?: () => Readonly<Record<string, number>>;
  readonly close?: () => Promise<void>;
}

export interface FuzzFailure {
  readonly at: number;
  readonly reason: string;
  /** Repeats this case alone. */
  readonly command: string;
}

export interface FuzzReport {
  readonly target: string;
  readonly seed: string;
  readonly cases: number;
  readonly failed: number;
  /** The first ten. */
  readonly failures: readonly FuzzFailure[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly reached: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  readonly heapGrewMiB: number;
  readonly tookS: number;
}

export interface FuzzOptions {
  readonly seed: string;
  readonly cases: number;
  /** This case alone. */
  readonly only?: number;
  /** Of one case; default 2,000. Collecting garbage adds to it: the least of three counts. */
  readonly slowMs?: number;
  /** What a case takes is read from; default the processor time of this thread, which others on the machine do not add to. */
  readonly clock?: Pick<Clock, 'monotonicMs'>;
}

const SLOW_MS = 2_000;
const FAILURES_KEPT = 10;
/** The heap is read after so many cases, when all that is shared has been made, and once more at the end. */
const WARM_CASES = 1_000;
const HEAP_GROWTH_MIB = 32;
const MIB = 1024 * 1024;
const PROTOTYPES = [Object, Array, Function, Promise, String, Number, Map, Error].map(
  ({ prototype }) => prototype as object,
);

export async function runFuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, cases, only, slowMs = SLOW_MS, clock = processorTime } = options;
  const outcomes: Record<string, number> = {};
  const failures: FuzzFailure[] = [];
  let failed = 0;
  let slowestMs = 0;
  let unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtException', onUnhandled);
  const stock = fingerprint();

  /** @returns what became of it, or what is wrong */
  const attempt = async (at: number): Promise<{ outcome?: string; wrong?: string; ms: number }> => {
    const startMs = clock.monotonicMs();
    let outcome: string | undefined;
    let wrong: string | undefined;
    try {
      outcome = await target.one(drawFrom(seededRandom(`${seed}/${target.name}/${at}`)));
    } catch (thrown) {
      wrong = wordsOf(thrown);
    }
    const ms = clock.monotonicMs() - startMs;
    await new Promise<void>((resolve) => realTimers.immediate(resolve));
    if (unhandled.length > 0) wrong ??= `left unhandled: ${wordsOf(unhandled[0])}`;
    unhandled = [];
    if (fingerprint() !== stock) wrong ??= 'a prototype has changed';
    return { ms, ...(outcome === undefined ? {} : { outcome }), ...(wrong ? { wrong } : {}) };
  };
  const startMs = realClock.monotonicMs();
  let heapBefore = 0;
  const from = only ?? 0;
  const to = only === undefined ? cases : only + 1;
  for (let at = from; at < to; at++) {
    if (at === from + WARM_CASES) heapBefore = heapUsed();
    let tried = await attempt(at);
    for (let again = 0; again < 2 && !tried.wrong && tried.ms > slowMs; again++) {
      const next = await attempt(at);
      tried = { ...next, ms: Math.min(next.ms, tried.ms) };
    }
    slowestMs = Math.max(slowestMs, tried.ms);
    const wrong = tried.wrong ?? (tried.ms > slowMs ? `took ${tried.ms} ms` : undefined);
    const outcome = wrong ? 'WRONG' : (tried.outcome ?? '');
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (!wrong) continue;
    failed++;
    const command = `npm run fuzz -- --target ${target.name} --seed ${seed} --case ${at}`;
    if (failures.length < FAILURES_KEPT) failures.push({ at, reason: wrong, command });
  }
  const heapAfter = heapUsed();
  process.off('unhandledRejection', onUnhandled);
  process.off('uncaughtException', onUnhandled);
  await target.close?.();
  const grewMiB = heapBefore === 0 ? 0 : (heapAfter - heapBefore) / MIB;
  if (gc && grewMiB > HEAP_GROWTH_MIB) {
    failed++;
    const reason = `the heap has grown by ${grewMiB} MiB`;
    failures.push({
      at: to,
      reason,
      command: `npm run fuzz -- --target ${target.name} --seed ${seed}`,
    });
  }
  return {
    target: target.name,
    seed,
    cases: to - from,
    failed,
    failures,
    outcomes,
    reached: target.reached?.() ?? {},
    slowestMs: Math.round(slowestMs),
    heapGrewMiB: Math.round(grewMiB * 10) / 10,
    tookS: Math.round((realClock.monotonicMs() - startMs) / 1_000),
  };
}

const processorTime: Pick<Clock, 'monotonicMs'> = {
  monotonicMs: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  },
};

/** With `--expose-gc` alone is the heap what is kept, and its growth judged. */
const { gc } = globalThis as { gc?: () => void };

const wordsOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);

function heapUsed(): number {
  gc?.();
  return process.memoryUsage().heapUsed;
}

const fingerprint = (): string =>
  PROTOTYPES.map((prototype) => Object.getOwnPropertyNames(prototype).length).join();

/** Throws when a claim about a case does not hold. */
export function claim(holds: boolean, words: string): asserts holds {
  if (!holds) throw new Error(words);
}
