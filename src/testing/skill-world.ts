/**
 * What a skill under test sees of time and chance while it runs in the test's own realm: `Date` stands still between answers,
 * `Math.random` gives the numbers that the sandbox gives for the same seed, timers and `performance.now` are refused.
 */
import { uniformOf, xoshiro128 } from '../host/index.ts';
import { closeWorld } from './closed-world.ts';

export interface SkillWorld {
  readonly nowMs: () => number;
  /** Four words of 32 bits. */
  readonly seed: readonly number[];
}

/** @returns what brings the real ones back */
export function enterSkillWorld(world: SkillWorld): () => void {
  const random = seededMath(world.seed);
  const date = virtualDate(world.nowMs);
  return closeWorld(
    () => undefined,
    () => {
      const { Date: realDate } = globalThis;
      const refused = Reflect.get(Math, 'random');
      Reflect.set(globalThis, 'Date', date);
      Reflect.set(Math, 'random', random);
      return () => {
        Reflect.set(globalThis, 'Date', realDate);
        Reflect.set(Math, 'random', refused);
      };
    },
  );
}

function virtualDate(nowMs: () => number): DateConstructor {
  return new Proxy(Date, {
    apply: (real) => new real(nowMs()).toString(),
    construct: (real, parts, target) =>
      Reflect.construct(real, parts.length === 0 ? [nowMs()] : parts, target),
    get: (real, key) => (key === 'now' ? nowMs : Reflect.get(real, key)),
  });
}

/** Step for step as in the sandbox. */
function seededMath([
  first = 0,
  second = 0,
  third = 0,
  fourth = 0,
]: readonly number[]): () => number {
  const nextWord = xoshiro128(first, second, third, fourth | 1);
  return () => uniformOf(nextWord);
}
