/** Mutated URLs against the egress guard; `npm run test:egress` reads 20,000. */
import { expect, it } from 'vitest';
import { compareReaders, compareWithServers } from '../support/egress-agreement.ts';

it('reads a URL the same as the policy, the resolver and the dialler, whatever was done to it', async () => {
  const report = await compareReaders(2_000, 'test');
  expect(report).toMatchObject({ disagreements: [], strayQueries: 0 });
  // Enough of both, so that agreeing means something.
  expect(report.allowed).toBeGreaterThan(100);
  expect(report.refused).toBeGreaterThan(1_000);
});

it('reaches no server but the granted one, with the words that were checked', async () => {
  const report = await compareWithServers(300, 'test');
  expect(report).toMatchObject({ disagreements: [], strayQueries: 0 });
  expect(report.allowed).toBeGreaterThan(20);
}, 30_000);
