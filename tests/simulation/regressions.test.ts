import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { simulate } from '../../src/chaos/index.ts';

interface Regression {
  readonly seed: number;
  /** What was wrong when the seed failed. */
  readonly found: string;
}

const file = new URL('./regressions/seeds.json', import.meta.url);
const regressions = JSON.parse(readFileSync(file, 'utf8')) as readonly Regression[];

it.each(regressions)('seed $seed stays good: $found', async ({ seed }) => {
  const { violations } = await simulate({ seed });
  expect(violations).toEqual([]);
});
