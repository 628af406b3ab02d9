/** A tenant that floods a node with calls: it waits behind everybody else, and cannot fill the queue. */
import { expect, it } from 'vitest';
import { LIMITS, type TenantId } from '../../src/contracts/index.ts';
import type { SimulatedSkill } from '../../src/sandbox/index.ts';
import { settled } from '../../src/testing.ts';
import { delegationWorld, only } from '../support/delegation-world.ts';

const slow: SimulatedSkill = async (_input, { work }) => {
  await work(200);
  return 'slow';
};
const quick: SimulatedSkill = async () => 'quick';

it('another tenant is served at once, and its calls are not refused', async () => {
  const world = await delegationWorld({ slow: { body: slow }, quick: { body: quick } });
  const call = (skill: string, tenant: string, at: number) =>
    world.call('n-1', skill, {
      ...{ tenant: tenant as TenantId, place: only('n-1'), task: `${tenant}/${at}/0` },
    });
  const ends = { served: 0, refused: 0 };
  const flood = Array.from({ length: LIMITS.mailboxCapacity }, async (_, at) => {
    const answer = await call('slow', 'mallory', at);
    if (answer.kind === 'answered' && answer.value.result.ok) ends.served++;
    else ends.refused++;
  });
  await world.cluster.advance(100);
  expect(ends.refused).toBeGreaterThan(0);
  for (const [at, tenant] of ['alice', 'bob'].entries()) {
    const before = ends.served;
    const answer = await settled(world.cluster, call('quick', tenant, at), { withinMs: 10_000 });
    expect(answer).toMatchObject({ value: { result: { ok: true, value: 'quick' } } });
    expect(ends.served - before).toBeLessThan(20);
  }
  await settled(world.cluster, Promise.all(flood), { withinMs: 600_000 });
  expect(ends.served).toBeGreaterThanOrEqual(LIMITS.mailboxCapacity / 2);
});
