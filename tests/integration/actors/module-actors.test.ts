/** Actors of skill packages on a node of their own: state by key, typed refusals, reminders, versions; their code behind the wall. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json, Result } from '../../../src/contracts/index.ts';
import { type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { COUNTER_SOURCE, counterModule } from '../../support/counter-module.ts';
import { until } from '../../support/until.ts';

let node: SkeinNode;
beforeAll(async () => {
  node = valueIn(
    await startNode({
      ...{ dataDir: 'memory', threads: 1, warmHosts: 1 },
      actorGrants: { log: true, kv: true },
    }),
  );
  valueIn(await node.register(counterModule()));
});
afterAll(async () => node.close());

const ask = (key: string, type: string, payload: Json = null): Promise<Result<Json>> =>
  node.actors.ask({ skill: 'counter', key, type, payload });

describe('an actor of a package', () => {
  it('keeps its state from message to message, each key its own', async () => {
    expect(valueIn(await ask('a', 'add', 2))).toBe(2);
    expect(valueIn(await ask('a', 'add', 3))).toBe(5);
    expect(valueIn(await ask('b', 'add', 1))).toBe(1);
    expect(valueIn(await ask('a', 'read'))).toEqual({ count: 5, key: 'a' });
    expect(node.actors.active()).toContainEqual({ skill: 'counter', tenant: 'default', key: 'a' });
  });

  it('has another state for another tenant', async () => {
    valueIn(await ask('shared', 'add', 7));
    const message = { skill: 'counter', key: 'shared', type: 'read', tenant: 'acme' };
    expect(valueIn(await node.actors.ask(message))).toEqual({ count: 0, key: 'shared' });
  });

  it('is left as it was by a turn that throws, runs for ever or gives a state that its schema does not have', async () => {
    valueIn(await ask('c', 'add', 4));
    expect(codeIn(await ask('c', 'fail'))).toBe('SKILL_THREW');
    expect(codeIn(await ask('c', 'spin'))).toBe('SKILL_CPU_EXCEEDED');
    const spoilt = await ask('c', 'spoil');
    expect(spoilt).toMatchObject({
      error: { code: 'SKILL_OUTPUT_INVALID', details: { pointer: '/state/count' } },
    });
    expect(valueIn(await ask('c', 'add', 1))).toBe(5);
  });

  it('refuses what its manifest does not list, before anything runs', async () => {
    expect(codeIn(await ask('d', 'multiply', 2))).toBe('MESSAGE_UNHANDLED');
    expect(codeIn(await ask('d', 'toString'))).toBe('MESSAGE_UNHANDLED');
    expect(await ask('d', 'add', 'two')).toMatchObject({
      error: { code: 'INPUT_INVALID', details: { found: '"two"' } },
    });
    expect(codeIn(await ask('', 'add', 1))).toBe('ARGUMENT_INVALID');
    const foreign = { skill: 'counter', key: 'd', type: 'add', tenant: 'a/b' };
    expect(codeIn(await node.actors.ask(foreign))).toBe('ARGUMENT_INVALID');
  });

  it('has the capabilities that it asked for and the operator gave', async () => {
    expect(valueIn(await ask('e', 'remember', { x: 1 }))).toEqual({ x: 1 });
  });

  it('is woken by its reminders, and says which cannot be set', async () => {
    valueIn(await ask('f', 'add', 500));
    await until('it was halved', async () => {
      const { count } = valueIn(await ask('f', 'read')) as { readonly count: number };
      return count === 250;
    });
    const refused = await ask('f', 'later', { name: 'x', time: { everyMs: 1 } });
    expect(codeIn(refused)).toBe('ARGUMENT_INVALID');
    const spoilt = await ask('f', 'later', { name: 'no/name', time: { afterMs: 1 } });
    expect(codeIn(spoilt)).toBe('SKILL_OUTPUT_INVALID');
    expect(valueIn(await ask('f', 'read'))).toMatchObject({ count: 250 });
  });

  it('begins anew once it was erased', async () => {
    valueIn(await ask('g', 'add', 9));
    valueIn(await ask('g', 'forget'));
    expect(valueIn(await ask('g', 'read'))).toMatchObject({ count: 0 });
  });

  it('is no skill: its package has nothing to call but the actor', async () => {
    const target = { kind: 'skill', skill: 'counter' } as const;
    expect(await node.execute({ target, input: null })).toMatchObject({
      ok: false,
      error: { code: 'INPUT_INVALID' },
    });
    expect(codeIn(await node.actors.ask({ skill: 'hello', key: 'k', type: 'x' }))).toBe(
      'SKILL_REFUSED',
    );
  });

  it('goes on with the next version, which may bring the state along', async () => {
    valueIn(await ask('h', 'add', 21));
    const source = COUNTER_SOURCE.replace(
      'initial:',
      'migrate: (state, version) => ({ ...state, count: state.count * 2, from: version }),\n  initial:',
    );
    valueIn(await node.register(counterModule({ version: '1.1.0', source })));
    expect(valueIn(await ask('h', 'read'))).toEqual({ count: 42, key: 'h', from: '1.0.0' });
    expect(valueIn(await ask('h', 'add', 1))).toBe(43);
  });

  it('is not found where nobody has it', async () => {
    const message = { skill: 'nowhere', key: 'k', type: 'x', timeoutMs: 500 };
    expect(codeIn(await node.actors.ask(message))).toBe('VIRTUAL_UNREACHABLE');
  });
});

describe('on a node without a cluster', () => {
  it('an actor has its state and its reminders after a restart', async () => {
    const data = mkdtempSync(join(tmpdir(), 'skein-actors-'));
    const options = { dataDir: data, threads: 1, warmHosts: 0, actorGrants: { log: true } };
    try {
      const first = valueIn(await startNode(options));
      valueIn(await first.register(counterModule()));
      const message = { skill: 'counter', key: 'kept', type: 'add', payload: 301 };
      expect(valueIn(await first.actors.ask(message))).toBe(301);
      await first.close();
      const second = valueIn(await startNode(options));
      await until('the reminder came', async () => {
        const read = await second.actors.ask({ skill: 'counter', key: 'kept', type: 'read' });
        return (valueIn(read) as { readonly count: number }).count === 150;
      });
      await second.close();
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });

  it("an actor may do what the operator's policy permits, and no turn runs that it forbids", async () => {
    const data = mkdtempSync(join(tmpdir(), 'skein-actors-'));
    const policyFile = join(data, 'policy.cedar');
    const keeps = '@id("keep") permit (principal, action in Action::"kv", resource);';
    const frozen = `${keeps}\n@id("freeze") forbid (principal, action == Action::"run", resource);`;
    const outcome = async (on: SkeinNode, type: string) => {
      const reply = await on.actors.ask({ skill: 'counter', key: 'ruled', type, payload: 7 });
      return reply.ok ? reply.value : reply.error.code;
    };
    try {
      for (const [policy, expected] of [
        [keeps, [7, 7]],
        ['', ['POLICY_DENIED', 7]],
        [frozen, ['POLICY_DENIED', 'POLICY_DENIED']],
      ] as const) {
        writeFileSync(policyFile, policy);
        const options = { dataDir: 'memory', threads: 1, warmHosts: 0, policyFile } as const;
        const ruled = valueIn(await startNode(options));
        valueIn(await ruled.register(counterModule()));
        expect([await outcome(ruled, 'remember'), await outcome(ruled, 'add')]).toEqual(expected);
        await ruled.close();
      }
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});
