/** What a hostile actor can do in its turns: nothing but spoil its own. Nothing of it outlives a turn, and its shape is checked. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineVirtualActor, VirtualActors } from '../../src/cluster/index.ts';
import { type Json, LIMITS, type Result, success } from '../../src/contracts/index.ts';
import { memoryState } from '../../src/journal/index.ts';
import { defineActor } from '../../src/kernel/index.ts';
import { type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { NodeActors } from '../../src/runtime/node-actors.ts';
import { memoryPackageStore, packageOf, SkillRegistry } from '../../src/skills/index.ts';
import { codeIn, valueIn } from '../conformance/journal-suite.ts';
import { manifestOf } from '../support/packages.ts';
import { testSystem } from '../support/systems.ts';

let node: SkeinNode;
let made = 0;
beforeAll(async () => {
  node = valueIn(
    await startNode({
      ...{ dataDir: 'memory', threads: 1, warmHosts: 1 },
      actorGrants: { log: true, fs: 'write' },
    }),
  );
});
afterAll(async () => node.close());

/** An actor with one message `go`; `receive` is the text of its handlers' object, `before` and `rest` stand around it. */
async function hostile(
  receive: string,
  before = '',
  rest = '',
): Promise<() => Promise<Result<Json>>> {
  const name = `hostile${++made}`;
  const manifest = {
    ...{ name, version: '1.0.0', description: 'Hostile.', input: false, output: false },
    actor: { messages: { go: { input: true } } },
    capabilities: { fs: 'write' as const },
    resources: { cpuMs: 300, wallMs: 20_000 },
  };
  const source = `${before}\nexport const actor = { receive: ${receive}, ${rest} };`;
  valueIn(await node.register(packageOf(manifest, source)));
  return () => node.actors.ask({ skill: name, key: 'k', type: 'go' });
}

describe('a hostile actor', () => {
  it('keeps nothing in memory from turn to turn', async () => {
    const go = await hostile(
      '{ go: () => (globalThis.seen = (globalThis.seen ?? 0) + ++count) }',
      'let count = 0;',
    );
    expect(valueIn(await go())).toBe(1);
    expect(valueIn(await go())).toBe(1);
  });

  it.each([
    ['a proxy', 'new Proxy({}, { ownKeys() { for (;;); } })'],
    ['a getter', '({ get x() { return 1; } })'],
    ['a cycle', '(() => { const a = {}; a.a = a; return a; })()'],
    ['a function', '() => 1'],
    ['too much', "({ text: 'x'.repeat(2 ** 21) })"],
  ])('cannot make %s its state', async (_, text) => {
    const go = await hostile('{ go: () => 1 }', '', `initial: () => (${text})`);
    const code = codeIn(await go());
    expect(['SKILL_OUTPUT_INVALID', 'SKILL_OUTPUT_TOO_LARGE', 'SKILL_CPU_EXCEEDED']).toContain(
      code,
    );
    expect(codeIn(await go())).toBe(code);
  });

  it('cannot keep a state that is larger than a record, and has what it had', async () => {
    const go = await hostile(
      "{ go: (state) => { const had = state.n; state.n = 1; state.text = 'x'.repeat(80_000); return had ?? null; } }",
    );
    expect(codeIn(await go())).toBe('VIRTUAL_STATE_INVALID');
    expect(codeIn(await go())).toBe('VIRTUAL_STATE_INVALID');
  });

  it.each([
    [
      'more reminders than an actor has',
      'for (let i = 0; i < 17; i++) ctx.remind(`r${i}`, { afterMs: 1 });',
    ],
    ['a flood of them', 'for (let i = 0; i < 1e5; i++) ctx.remind("r", { afterMs: 1 });'],
    ['one with a field of its own', 'ctx.remind("r", { afterMs: 1, admin: true });'],
    ['one that is due for ever', 'ctx.remind("r", { everyMs: 0 });'],
    ['one at no time', 'ctx.remind("r", { afterMs: NaN });'],
  ])('cannot set %s', async (_, text) => {
    const go = await hostile(`{ go: (state, _, ctx) => { ${text} } }`);
    const code = codeIn(await go());
    expect([
      'SKILL_OUTPUT_INVALID',
      'SKILL_OUTPUT_TOO_LARGE',
      'OVERLOADED',
      'ARGUMENT_INVALID',
    ]).toContain(code);
  });

  it('that spoils what its turn is made with spoils its turn', async () => {
    const go = await hostile(
      '{ go: () => 1 }',
      `Object.freeze = () => { throw new Error('mine'); };
       Object.hasOwn = () => true;
       Array.prototype.push = function () { this[0] = { name: '__proto__', cancel: true }; };`,
    );
    expect(codeIn(await go())).toBe('SKILL_THREW');
  });

  it('that gives its turn another shape is not believed', async () => {
    const go = await hostile(
      '{ go: () => 1 }',
      'Object.prototype.owner = "me"; Object.freeze = (object) => object;',
      'initial: () => JSON.parse(\'{"__proto__": {"polluted": 1}}\')',
    );
    const answer = await go();
    expect(answer.ok ? answer.value : codeIn(answer)).toBe('SKILL_OUTPUT_INVALID');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('leaves nothing in files, for its next turn or for the actor of another package', async () => {
    const text = `{ go: async (state, _, ctx) => {
      try { return await ctx.fs.read('left'); }
      catch (error) { try { await ctx.fs.write('left', 'mine'); } catch {} return error.code; }
    } }`;
    const [one, other] = [await hostile(text), await hostile(text)];
    for (const go of [one, one, other]) expect(valueIn(await go())).toBe('FILE_NOT_FOUND');
  });

  it('cannot reach the actor of another key or kind', async () => {
    const go = await hostile('{ go: (state, _, ctx) => Object.keys(ctx).sort() }');
    const names = valueIn(await go()) as string[];
    expect(names).not.toContain('tell');
    expect(names).toEqual(
      expect.arrayContaining(['cancelReminder', 'erase', 'key', 'log', 'passivate', 'remind']),
    );
  });
});

it('more packages with actors than a node has kinds keep no node from starting, and none from the name of a program', async () => {
  const { system, lines } = testSystem();
  const registry = valueIn(await SkillRegistry.open(memoryPackageStore()));
  const virtual = valueIn(
    VirtualActors.open({
      ...{ system, ports: system, log: system.log, openState: async () => success(memoryState()) },
      candidates: () => [{ node: system.node, labels: {}, weight: 1 }],
    }),
  );
  const taken = defineVirtualActor({ kind: 'a0', initial: () => ({}), receive: {} });
  valueIn(await virtual.register(taken));
  for (let at = 0; at < LIMITS.virtualKinds + 5; at++) {
    const manifest = {
      ...manifestOf(`a${at}`, '1.0.0'),
      actor: { messages: { go: { input: true } } },
    };
    valueIn(registry.hold(packageOf(manifest, 'export const actor = {};')));
  }
  const terms = () => ({ grants: {}, ceilings: [] });
  const pool = system.spawn(
    defineActor({ kind: 'none', initial: () => null, receive: {} }),
    undefined,
  );
  const actors = new NodeActors({ system, registry, virtual, pool, terms, log: system.log });
  expect(await actors.host()).toEqual({ ok: true, value: undefined });
  expect(codeIn(await actors.host('a0'))).toBe('NAME_TAKEN');
  const refused = lines.filter(({ level }) => level === 'error');
  expect(refused.length).toBeGreaterThanOrEqual(6);
  expect([...virtual.live().keys()]).toHaveLength(LIMITS.virtualKinds);
  await virtual.handOverAll();
});
