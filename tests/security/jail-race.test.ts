/** Folder swaps against the path jail; `npm run test:jail` runs 2,000. */
import { expect, it } from 'vitest';
import { raceAgainstJail } from '../support/jail-race.ts';

it('never reads or writes outside while a folder is swapped for a link and back', async () => {
  const report = await raceAgainstJail(300);
  expect(report).toMatchObject({
    swaps: 300,
    canaries: 0,
    outside: ['mark', 'secret.txt'],
    canaryIntact: true,
  });
  // Both states were met, so there was a race.
  expect(report.reads.ok).toBeGreaterThan(0);
  expect(Object.keys(report.reads).length).toBeGreaterThan(1);
}, 60_000);
