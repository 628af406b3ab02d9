/** Calls of ctx: counted, bounded, served for the tenant that makes them, refused with a code otherwise. */
import { describe, expect, test } from 'vitest';
import type { KeyValue } from '../../src/contracts/index.ts';
import type { LogLine } from '../../src/sandbox/index.ts';
import { handlerOf, sandboxWorld } from '../support/sandbox.ts';

interface Write {
  readonly space: string;
  readonly key: string;
}

function memoryStore(): { readonly store: Omit<KeyValue, 'list'>; readonly writes: Write[] } {
  const values = new Map<string, { value: never; revision: number }>();
  const writes: Write[] = [];
  const store: Omit<KeyValue, 'list'> = {
    get: async (space, key) => ({ ok: true, value: values.get(`${space}|${key}`) }),
    put: async (space, key, value) => {
      writes.push({ space, key });
      values.set(`${space}|${key}`, { value: value as never, revision: 1 });
      return { ok: true, value: { revision: 1 } };
    },
    delete: async (space, key) => ({ ok: true, value: values.delete(`${space}|${key}`) }),
    close: async () => undefined,
  };
  return { store, writes };
}

const kv = { kv: true, log: true } as const;

describe('host calls', () => {
  const world = sandboxWorld();

  test('work for an honest skill', async () => {
    const { store } = memoryStore();
    const report = await world.attack(
      handlerOf(
        "await ctx.kv.set('k', { n: 1 }); const v = await ctx.kv.get('k'); return [v, await ctx.kv.delete('k'), await ctx.kv.get('k')];",
      ),
      { grants: kv, effects: { keyValue: store } },
    );
    expect(report.result).toEqual({ ok: true, value: [{ n: 1 }, true, null] });
    expect(report.usage.hostCalls).toBe(4);
  });

  test('that were not granted reject with CAPABILITY_DENIED, and end the run as that when not caught', async () => {
    const caught = await world.attack(
      handlerOf("try { await ctx.kv.get('k'); } catch (e) { return [e.code, e.retryable]; }"),
    );
    expect(caught.result).toEqual({ ok: true, value: ['CAPABILITY_DENIED', false] });
    const uncaught = await world.attack(
      handlerOf("await ctx.http.request({ url: 'http://a.test' });"),
    );
    expect(uncaught.result).toMatchObject({
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'http' } },
    });
    const silent = await world.attack(handlerOf("console.log('x'); ctx.log.info('x');"), {
      grants: {},
    });
    expect(silent.result).toMatchObject({
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'log' } },
    });
  });

  test('that were not granted are seen by the audit all the same', async () => {
    const events: string[] = [];
    await world.attack(
      handlerOf(
        "await ctx.http.request({ url: 'http://10.0.0.1/\\u001b[2J' }).catch(() => {}); return 1;",
      ),
      { onHostCall: ({ name, ok, detail }) => void events.push(`${name} ${ok} ${detail}`) },
    );
    expect(events).toEqual(['http.request false http://10.0.0.1/\\u001b[2J CAPABILITY_DENIED']);
  });

  test('in flight are capped: a flood is refused inside, and the node sees no more than the cap', async () => {
    let served = 0;
    const report = await world.attack(
      handlerOf(
        "let refused = 0; for (let i = 0; i < 2000; i++) ctx.kv.get('k').catch((e) => { if (e.code === 'HOST_CALLS_EXCEEDED') refused++; }); await ctx.kv.get('k').catch(() => {}); return refused;",
      ),
      {
        grants: kv,
        resources: { hostCallsInFlight: 8, cpuMs: 5_000, wallMs: 10_000 },
        effects: { keyValue: memoryStore().store },
        onHostCall: () => void served++,
      },
    );
    expect(report.result).toEqual({ ok: true, value: 1_992 });
    expect(served).toBeLessThanOrEqual(8);
    expect(report.limitTouched).toBe(true);
  });

  test('in all are capped', async () => {
    const report = await world.attack(handlerOf("for (;;) await ctx.kv.get('k');"), {
      grants: kv,
      resources: { hostCalls: 20, cpuMs: 5_000, wallMs: 10_000 },
      effects: { keyValue: memoryStore().store },
    });
    expect(report.result).toMatchObject({
      error: { code: 'HOST_CALLS_EXCEEDED', details: { limit: 20 } },
    });
    expect(report.usage.hostCalls).toBe(20);
  });

  test('with arguments over the cap are refused before they are copied', async () => {
    const report = await world.attack(
      handlerOf(
        "const big = 'B'.repeat(1 << 25); const codes = []; for (const a of [big, { big }, [big]]) await ctx.kv.set('k', a).catch((e) => codes.push(e.code)); return codes;",
      ),
      { grants: kv, effects: { keyValue: memoryStore().store } },
    );
    expect(report.result).toEqual({ ok: true, value: Array(3).fill('HOST_CALL_INVALID') });
    expect(report.usage.hostCalls).toBe(0);
  });

  test('cannot fill the node with arguments, each small enough', async () => {
    const report = await world.attack(
      handlerOf(
        "const big = 'B'.repeat(900_000); for (;;) await ctx.kv.set('k', big).catch((e) => { if (e.code === 'HOST_CALLS_EXCEEDED') throw e; });",
      ),
      {
        grants: kv,
        resources: { cpuMs: 5_000, wallMs: 20_000 },
        effects: { keyValue: memoryStore().store },
      },
    );
    expect(report.result).toMatchObject({
      error: { code: 'HOST_CALLS_EXCEEDED', details: { unit: 'bytes of arguments' } },
    });
    expect(JSON.stringify(report.tape).length).toBeLessThan(10_000_000);
  });

  test('cannot speak for another tenant, whatever their arguments say', async () => {
    const { store, writes } = memoryStore();
    const lines: LogLine[] = [];
    await world.attack(
      handlerOf(
        "await ctx.kv.set('../victim/attack/k', { tenant: 'victim' }); ctx.log.info('x', { tenant: 'victim', skill: 'bank' });",
      ),
      { grants: kv, effects: { keyValue: store, log: (line) => void lines.push(line) } },
    );
    expect(writes).toEqual([{ space: 'skill/mallory/attack', key: '../victim/attack/k' }]);
    expect(lines[0]).toMatchObject({
      tenant: 'mallory',
      skill: 'attack',
      fields: { tenant: 'victim' },
    });
  });

  test('from an argument that calls again stay inside the caps', async () => {
    const report = await world.attack(
      handlerOf(
        "let d = 0; const nest = () => new Proxy({}, { getPrototypeOf: () => Object.prototype, ownKeys: () => { if (d++ < 100) ctx.kv.set('k', nest()).catch(() => {}); return []; } }); await ctx.kv.set('k', nest()).catch(() => {}); return 1;",
      ),
      {
        grants: kv,
        effects: { keyValue: memoryStore().store },
        resources: { hostCallsInFlight: 4 },
      },
    );
    expect(report.exit).toBeUndefined();
    expect(report.usage.hostCalls).toBeLessThanOrEqual(10);
  });

  test('made on the brink of the stack leave the host in order', async () => {
    const report = await world.attack(
      handlerOf(
        "const f = () => { try { f(); } catch {} ctx.kv.get('k').catch(() => {}); }; try { f(); } catch {} await ctx.kv.get('k').catch(() => {}); return 1;",
      ),
      {
        grants: kv,
        effects: { keyValue: memoryStore().store },
        resources: { cpuMs: 10_000, wallMs: 20_000 },
      },
    );
    expect(['protocol', 'native-abort']).not.toContain(report.exit?.kind);
  });

  test('of the log end at the log limit', async () => {
    let bytes = 0;
    const report = await world.attack(handlerOf("for (;;) ctx.log.info('x'.repeat(500));"), {
      resources: { logBytes: 10_000 },
      effects: {
        log: ({ message }) => {
          bytes += message.length;
        },
      },
    });
    expect(report.result).toMatchObject({
      error: { code: 'LOG_EXCEEDED', details: { limit: 10_000 } },
    });
    expect(bytes).toBeLessThanOrEqual(10_000);
  });

  test('of the console reach the log', async () => {
    const lines: string[] = [];
    await world.attack(
      handlerOf("console.log('a', { b: 1 }, 2n); console.error(new Error('c'));"),
      {
        effects: { log: ({ level, message }) => void lines.push(`${level} ${message}`) },
      },
    );
    expect(lines).toEqual(['info a {"b":1} [a value that is no JSON data]', 'error c']);
  });
});
