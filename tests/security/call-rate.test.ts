/** Calls of ctx a second: the bucket stands in the guest, is filled by the time that answers bring, and is the same in a replay. */
import { expect, test } from 'vitest';
import type { KeyValue } from '../../src/contracts/index.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { handlerOf, sandboxWorld } from '../support/sandbox.ts';

let nowMs = 0;
const world = sandboxWorld((options) => {
  const clock = { ...options.ports.clock, wallMs: () => nowMs };
  return startSandbox({ ...options, ports: { ...options.ports, clock } });
});

/** Only the answer of `slow` takes time: 400 ms. */
const store = {
  get: async (_space: string, key: string) => {
    if (key === 'slow') nowMs += 400;
    return { ok: true, value: undefined };
  },
} as unknown as Omit<KeyValue, 'list'>;

const BURSTS = `
  const burst = async (count) => {
    let answered = 0;
    const one = () => ctx.kv.get('k').then(() => answered++, (e) => { if (e.code !== 'HOST_CALLS_EXCEEDED') throw e; });
    await Promise.all(Array.from({ length: count }, one));
    return answered;
  };
  const found = [await burst(4)];
  await ctx.kv.get('slow');
  found.push(await burst(500), await burst(500));`;

const terms = () => {
  nowMs = 1_700_000_000_000;
  const names: string[] = [];
  return {
    names,
    grants: { kv: true },
    resources: { hostCallsPerSecond: 5, cpuMs: 10_000, wallMs: 60_000 },
    effects: { keyValue: store },
    onHostCall: ({ name }: { readonly name: string }) => void names.push(name),
  };
};

test('past its rate a skill is refused inside, and the node hears nothing of it', async () => {
  const options = terms();
  const report = await world.attack(handlerOf(`${BURSTS} return found;`), options);
  expect(report.result).toEqual({ ok: true, value: [4, 2, 0] });
  expect(options.names).toHaveLength(7);
  expect(report).toMatchObject({ limitTouched: true, usage: { hostCalls: 7 } });
  const again = await world.attack(handlerOf(`${BURSTS} return found;`), {
    ...terms(),
    tape: report.tape,
  });
  expect(again.result).toEqual(report.result);
  expect(again.outputHash).toBe(report.outputHash);
});

test('a refusal that is let through ends the run with its limit', async () => {
  const report = await world.attack(handlerOf(`${BURSTS} await ctx.kv.get('k');`), terms());
  expect(report.result).toMatchObject({
    ok: false,
    error: { code: 'HOST_CALLS_EXCEEDED', details: { limit: 5, unit: 'calls a second' } },
  });
});

test('what was encoded in vain costs nothing', async () => {
  const vain = "for (let i = 0; i < 50; i++) await ctx.kv.set('k', () => 1).catch(() => {});";
  const report = await world.attack(handlerOf(`${vain} ${BURSTS} return found;`), terms());
  expect(report.result).toEqual({ ok: true, value: [4, 2, 0] });
});
