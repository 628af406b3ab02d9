/** Draws for fuzzers: everything a case does follows from one source of chance. */
import type { Random } from '../../../src/contracts/index.ts';

export interface Draw {
  readonly random: Random;
  readonly below: (bound: number) => number;
  readonly chance: (probability: number) => boolean;
  readonly pick: <T>(from: readonly T[]) => T;
}

export function drawFrom(random: Random): Draw {
  const below = (bound: number): number => Math.floor(random.next() * bound);
  return {
    random,
    below,
    chance: (probability) => random.next() < probability,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
  };
}
