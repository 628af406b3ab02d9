/** A skill whose hosts die in native code: it costs its own callers, for a while, and nobody else. */
import { describe, expect, it } from 'vitest';
import type { TenantId } from '../../../src/contracts/index.ts';
import type { SimulatedSkill } from '../../../src/sandbox/index.ts';
import { settled } from '../../../src/testing.ts';
import { delegationWorld } from '../../support/delegation-world.ts';

const WINDOW_MS = 600_000;
const faulty: SimulatedSkill = async (input, { abort }) => (input === 'abort' ? abort() : 'done');
const tired: SimulatedSkill = async (_input, { work }) => {
  await work(1e9);
  return null;
};

async function world() {
  const nodes = await delegationWorld({ faulty: { body: faulty }, tired: { body: tired } });
  return {
    pass: (ms: number) => nodes.cluster.advance(ms),
    outcome: async (skill: string, input: string, tenant = 'default'): Promise<string> => {
      const more = { input, tenant: tenant as TenantId, place: { labels: { name: 'n-1' } } };
      const asked = nodes.call('n-1', skill, more);
      const answer = await settled(nodes.cluster, asked, { withinMs: 60_000 });
      if (answer.kind !== 'answered') return answer.error.code;
      const { result } = answer.value;
      return result.ok ? String(result.value) : `${result.error.code}: ${result.error.message}`;
    },
  };
}
const QUARANTINED = /^SANDBOX_UNAVAILABLE: .*faulty@1\.0\.0 .* is quarantined/;

describe('a skill whose host processes die in native code', () => {
  it('is quarantined with the third death within ten minutes, and runs again ten minutes later', async () => {
    const { outcome, pass } = await world();
    for (let death = 1; death <= 3; death++)
      expect(await outcome('faulty', 'abort')).toMatch(/^SANDBOX_DIED/);
    expect(await outcome('faulty', 'go on')).toMatch(QUARANTINED);
    await pass(WINDOW_MS - 60_000);
    expect(await outcome('faulty', 'go on')).toMatch(QUARANTINED);
    await pass(60_000);
    expect(await outcome('faulty', 'go on')).toBe('done');
  });

  it('is not when its deaths are further apart', async () => {
    const { outcome, pass } = await world();
    for (let death = 1; death <= 4; death++) {
      expect(await outcome('faulty', 'abort')).toMatch(/^SANDBOX_DIED/);
      await pass(WINDOW_MS / 2);
    }
    expect(await outcome('faulty', 'go on')).toBe('done');
  });

  it('is quarantined for the tenant whose calls did it alone, and no other skill is', async () => {
    const { outcome } = await world();
    for (let death = 1; death <= 3; death++) await outcome('faulty', 'abort');
    expect(await outcome('faulty', 'go on', 'acme')).toBe('done');
    expect(await outcome('tired', '')).toMatch(/^SKILL_CPU_EXCEEDED/);
  });

  it('is something else than one that runs into its limits', async () => {
    const { outcome } = await world();
    for (let run = 1; run <= 4; run++)
      expect(await outcome('tired', '')).toMatch(/^SKILL_CPU_EXCEEDED/);
  });
});
