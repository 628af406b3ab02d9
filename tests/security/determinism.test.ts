/** One input and one tape give one output, byte for byte, on any host. */
import { describe, expect, test } from 'vitest';
import type { KeyValue } from '../../src/contracts/index.ts';
import { handlerOf, sandboxWorld } from '../support/sandbox.ts';

const world = sandboxWorld();

/** A store whose answers differ in value and in their order in time. */
function moodyStore(): Omit<KeyValue, 'list'> {
  let calls = 0;
  return {
    get: async () => {
      const call = ++calls;
      await new Promise((resolve) => setTimeout(resolve, (7 - call) * 3));
      if (call === 2)
        return {
          ok: false,
          error: {
            code: 'JOURNAL_UNAVAILABLE',
            message: 'no',
            retryable: true,
            details: { reason: 'no' },
          },
        };
      return { ok: true, value: { value: Math.random(), revision: call } };
    },
    put: async () => ({ ok: true, value: { revision: 1 } }),
    delete: async () => ({ ok: true, value: true }),
    close: async () => undefined,
  };
}

const RACY = handlerOf(`const order = [];
  const one = async (k) => { try { order.push(k, await ctx.kv.get(k), Date.now()); } catch (e) { order.push(k, e.code); } await null; ctx.kv.set('seen', k); };
  await Promise.all(['a', 'b', 'c', 'd', 'e'].map(one));
  return { order, r: Math.random() };`);
const kv = { kv: true };

describe('a run', () => {
  test('sees one clock, one chance and one locale, wherever it looks', async () => {
    const source =
      handlerOf(`return [Date(), Date.now(), new Date().toISOString(), Reflect.construct(Date, []).getTime(),
      new Date().constructor.now(), new Intl.DateTimeFormat('en', { timeStyle: 'full' }).format(),
      new Intl.DateTimeFormat('en').formatToParts().length, String(Temporal.Now.instant()), String(Temporal.Now.plainDateTimeISO()),
      new Date(0).getTimezoneOffset(), (1234.5).toLocaleString(), Math.random(), Math.random(),
      typeof WeakRef, typeof FinalizationRegistry, new Error('x').stack];`);
    const reports = await Promise.all(
      [1, 2, 3].map(() => world.attack(source, { resources: { cpuMs: 20_000, wallMs: 60_000 } })),
    );
    expect(new Set(reports.map(({ outputHash }) => outputHash)).size).toBe(1);
    expect(JSON.stringify(reports[0]?.result)).toContain('2023-11-14T22:13:20');
  });

  test('has other chance with another seed', async () => {
    const source = handlerOf('return Math.random();');
    const [left, right] = await Promise.all(
      ['a', 'b'].map((seed) => world.attack(source, { seed })),
    );
    expect(left?.outputHash).not.toBe(right?.outputHash);
  });

  test('keeps Date honest for honest uses', async () => {
    const report = await world.attack(
      handlerOf(
        "return [new Date(2020, 1, 2).getTime(), Date.UTC(2020), Date.parse('2020-01-01'), Date.length, Date.name, new Date() instanceof Date, new (class D extends Date {})() instanceof Date];",
      ),
    );
    const value = [1_580_601_600_000, 1_577_836_800_000, 1_577_836_800_000, 7, 'Date', true, true];
    expect(report.result).toEqual({ ok: true, value });
  });

  test('replays from its tape to the same bytes and touches nothing', async () => {
    const live = await world.attack(RACY, { grants: kv, effects: { keyValue: moodyStore() } });
    expect(live.result.ok).toBe(true);
    expect(live.tape.effects.length).toBeGreaterThanOrEqual(5);
    for (let replay = 0; replay < 3; replay++) {
      const report = await world.attack(RACY, {
        grants: kv,
        tape: live.tape,
        effects: {},
        seed: 'another',
      });
      expect(report.outputHash).toBe(live.outputHash);
      expect(report.tape).toEqual(live.tape);
    }
  });

  test('that makes another call than its tape ends TAPE_DIVERGED', async () => {
    const live = await world.attack(handlerOf("return await ctx.kv.get('a');"), {
      grants: kv,
      effects: { keyValue: moodyStore() },
    });
    const other = await world.attack(handlerOf("return await ctx.kv.get('b');"), {
      grants: kv,
      tape: live.tape,
    });
    expect(other.result).toMatchObject({
      error: {
        code: 'TAPE_DIVERGED',
        details: { at: 1, found: 'kv.get ["b"]', expected: 'kv.get ["a"]' },
      },
    });
    const more = await world.attack(
      handlerOf("await ctx.kv.get('a'); return await ctx.kv.get('a');"),
      { grants: kv, tape: live.tape },
    );
    expect(more.result).toMatchObject({ error: { code: 'TAPE_DIVERGED', details: { at: 2 } } });
    const fewer = await world.attack(handlerOf('return null;'), { grants: kv, tape: live.tape });
    expect(fewer.result).toMatchObject({
      error: { code: 'TAPE_DIVERGED', details: { found: 'the end of the run' } },
    });
  });
});
