import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ActorTest, testActor } from '../../../src/testing.ts';
import { COUNTER_SOURCE, counterModule } from '../../support/counter-module.ts';

const { manifest } = counterModule();
const counter = (more: object = {}): Promise<ActorTest> =>
  testActor({ actor: COUNTER_SOURCE, manifest, grants: { kv: true }, ...more });

describe('testActor', () => {
  it('keeps state from turn to turn, made by `initial` for the key', async () => {
    const actor = await counter({ key: 'a' });
    expect(actor.state).toBe(null);
    expect((await actor.ask('add', 2)).result).toEqual({ ok: true, value: 2 });
    expect((await actor.ask('add', 3)).result).toEqual({ ok: true, value: 5 });
    expect(actor.state).toEqual({ count: 5, key: 'a' });
  });

  it.each([
    ['fail', null, 'SKILL_THREW'],
    ['spoil', null, 'SKILL_OUTPUT_INVALID'],
    ['add', -1, 'INPUT_INVALID'],
    ['unknown', null, 'MESSAGE_UNHANDLED'],
    ['later', { name: 'no name!', time: { afterMs: 1 } }, 'SKILL_OUTPUT_INVALID'],
    ['later', { name: 'often', time: { everyMs: 1 } }, 'ARGUMENT_INVALID'],
  ])('leaves the state as it was when %s %j fails', async (type, payload, code) => {
    const actor = await counter();
    await actor.ask('add', 1);
    const { result } = await actor.ask(type, payload);
    const found = result.ok ? 'ok' : result.error.code;
    expect(found).toBe(code);
    expect(actor.state).toEqual({ count: 1, key: 'key' });
    expect(actor.reminders).toEqual([]);
  });

  it('fires what is due when time passes, in order, once for each period', async () => {
    const actor = await counter();
    await actor.ask('add', 101);
    await actor.ask('later', { name: 'tick', time: { everyMs: 200 } });
    const fired = await actor.advance(450);
    expect(fired.map(({ name, sequence }) => [name, sequence])).toEqual([
      ['halve', 1],
      ['tick', 1],
      ['tick', 2],
    ]);
    expect(fired[1]?.lines).toMatchObject([{ message: 'a reminder has no handler' }]);
    expect(actor.state).toEqual({ count: 50, key: 'key' });
    expect(actor.reminders).toMatchObject([{ name: 'tick', sequence: 3 }]);
  });

  it('fires a reminder that failed again, a second later', async () => {
    const fail = 'reminders: { halve: (state, { sequence }, ctx) => ctx.kv.set("last", sequence) }';
    const actor = await counter({
      actor: COUNTER_SOURCE.replace(/reminders: .*/, fail),
      grants: {},
    });
    await actor.ask('add', 101);
    const [first] = await actor.advance(100);
    expect(first?.result).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    expect((await actor.advance(1_000)).map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('has one store over all turns, and forgets its state when it is erased', async () => {
    const actor = await counter();
    expect((await actor.ask('remember', 7)).result).toEqual({ ok: true, value: 7 });
    await actor.ask('forget');
    expect(actor.state).toBe(null);
    expect(actor.kv).toEqual({ last: 7 });
  });

  it('runs an exported object, which stays itself, and migrates what an older version kept', async () => {
    const actor = await testActor({
      actor: {
        migrate: (state: { n: number }, from: string) => ({ count: state.n, from }),
        receive: { read: (state: unknown) => state },
      },
      manifest: { ...manifest, version: '2.0.0', actor: { messages: { read: { input: true } } } },
      kept: { state: { n: 3 }, version: '1.0.0' },
    });
    expect((await actor.ask('read')).result).toEqual({
      ok: true,
      value: { count: 3, from: '1.0.0' },
    });
  });

  it('refuses a manifest without an actor', async () => {
    const { actor: _, ...without } = manifest;
    await expect(counter({ manifest: without })).rejects.toThrow(/messages of an actor/);
  });
});

describe('the example of an actor', () => {
  it('adds up, lists, and is forgotten a week after the last addition', async () => {
    const folder = new URL('../../../examples/skills/basket/', import.meta.url);
    const actor = await testActor({
      actor: readFileSync(new URL('index.ts', folder), 'utf8'),
      manifest: JSON.parse(readFileSync(new URL('skill.json', folder), 'utf8')),
    });
    const day = 86_400_000;
    await actor.ask('add', { item: 'tea', count: 2 });
    await actor.advance(6 * day);
    expect((await actor.ask('add', { item: 'cup', count: 1 })).result).toMatchObject({ value: 3 });
    await actor.advance(6 * day);
    expect((await actor.ask('list')).result).toMatchObject({ value: { tea: 2, cup: 1 } });
    expect(await actor.advance(day)).toMatchObject([{ name: 'forget', sequence: 1 }]);
    expect(actor.state).toBe(null);
  });
});
