import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallSite, nodesFor } from '../../../src/actors/delegation/place.ts';
import { verifierActor } from '../../../src/actors/index.ts';
import type { MemberReport } from '../../../src/cluster/index.ts';
import { DEFAULT_RESOURCES, type Json, LIMITS, type NodeId } from '../../../src/contracts/index.ts';
import type { ActorRef } from '../../../src/kernel/index.ts';
import type { SimulatedSkill } from '../../../src/sandbox/index.ts';
import { settled } from '../../../src/testing.ts';
import { delegationWorld, only } from '../../support/delegation-world.ts';

const add: SimulatedSkill = async (input) => (input as number) + 1;
const never: SimulatedSkill = () => new Promise(() => undefined);
const pay: SimulatedSkill = async (_input, { call, work }) => {
  await call('http.request', { url: 'http://bank.test/pay', method: 'POST', body: '1' });
  await work(50);
  return 'paid';
};
const count: SimulatedSkill = async (_input, { call }) => {
  const before = ((await call('kv.get', 'n')) as number | null) ?? 0;
  await call('kv.set', 'n', before + 1);
  return before + 1;
};

type Place = NonNullable<CallSite['place']>;
type World = Awaited<ReturnType<typeof delegationWorld>>;

async function outcome(world: World, asked: ReturnType<World['call']>, withinMs = 60_000) {
  const answer = await settled(world.cluster, asked, { withinMs });
  if (answer.kind !== 'answered') throw new Error(answer.error.message);
  const { result, thread } = answer.value;
  return result.ok ? { value: result.value, thread } : { code: result.error.code, thread };
}

const countsOf = async (world: World, name: string) => {
  const node = world.node(name);
  const asked = world.cluster.node(name).system.ask(node.delegator, 'counts', undefined);
  const answer = await settled(world.cluster, asked, { withinMs: 1_000 });
  return answer.kind === 'answered' ? answer.value : undefined;
};

describe('a call of a skill', () => {
  it('stays on its node, unless something speaks for another', async () => {
    const world = await delegationWorld({ add: { body: add } });
    expect(await outcome(world, world.call('n-1', 'add', { input: 1 }))).toEqual({
      value: 2,
      thread: 'main',
    });
    expect(await countsOf(world, 'n-1')).toMatchObject({ offered: 0 });
  });

  it('is done where its step wants it', async () => {
    const world = await delegationWorld({ add: { body: add } });
    const done = await outcome(world, world.call('n-1', 'add', { input: 1, place: only('n-3') }));
    expect(done).toEqual({ value: 2, thread: 'n-3/main' });
    const away = world.call('n-1', 'add', { input: 2, place: { elsewhere: true } });
    expect((await outcome(world, away)).thread).toMatch(/^n-[23]\/main$/);
    expect(await countsOf(world, 'n-1')).toMatchObject({ accepted: 2, completed: 2, failed: 0 });
  });

  it('goes to whoever holds the skill', async () => {
    const world = await delegationWorld({ add: { body: add, on: ['n-2'] } });
    const { system } = world.cluster.node('n-1');
    const found = system.ask(world.node('n-1').delegator, 'find', 'add');
    const answer = await settled(world.cluster, found, { withinMs: 5_000 });
    if (answer.kind !== 'answered' || !answer.value.ok) throw new Error('not found');
    const skill = answer.value.value;
    expect(skill.source).toBe('');
    const done = await outcome(world, world.call('n-1', 'add', { skill, input: 4 }));
    expect(done).toEqual({ value: 5, thread: 'n-2/main' });
  });

  it('goes to a node that has time when this one is full', async () => {
    const world = await delegationWorld({ never: { body: never }, add: { body: add } });
    const busy = [1, 2].map(() => world.call('n-1', 'never'));
    await world.cluster.advance(10);
    const done = await outcome(world, world.call('n-1', 'add', { input: 1 }));
    expect(done.thread).toMatch(/^n-[23]\/main$/);
    await settled(world.cluster, Promise.all(busy), { withinMs: 20_000 });
  });

  it('finds the same keys wherever it runs: those of the node that asks', async () => {
    const world = await delegationWorld({ count: { body: count } });
    const on = (name: string) => world.call('n-1', 'count', { place: only(name), seed: name });
    expect(await outcome(world, on('n-2'))).toMatchObject({ value: 1, thread: 'n-2/main' });
    expect(await outcome(world, on('n-3'))).toMatchObject({ value: 2, thread: 'n-3/main' });
    expect(await outcome(world, on('n-1'))).toMatchObject({ value: 3, thread: 'main' });
  });

  it('is done elsewhere when its node dies in the middle, under the same key', async () => {
    const world = await delegationWorld({
      pay: { body: pay, manifest: { effects: 'idempotent' } },
    });
    const asked = world.call('n-1', 'pay', { place: { elsewhere: true } });
    await untilPaid(world, 1);
    const first = world.requests[0]?.node as string;
    world.cluster.crash(first);
    await world.cluster.advance(10);
    world.declareDead(first);
    const done = await outcome(world, asked, 5_000);
    expect(done.value).toBe('paid');
    expect(done.thread).not.toContain(first);
    expect(world.requests.map(({ key }) => key)).toEqual(['"run/pay/0/1"', '"run/pay/0/1"']);
    expect(await countsOf(world, 'n-1')).toMatchObject({ lost: 1, completed: 1 });
  });

  it('that may be done once only is not done again, and nobody says that it was', async () => {
    const world = await delegationWorld({ pay: { body: pay, manifest: { effects: 'once' } } });
    const asked = world.call('n-1', 'pay', { place: { elsewhere: true } });
    await untilPaid(world, 1);
    world.cluster.crash(world.requests[0]?.node as string);
    world.declareDead(world.requests[0]?.node as string);
    expect(await outcome(world, asked, 5_000)).toMatchObject({ code: 'DELEGATION_UNKNOWN' });
    await world.cluster.advance(30_000);
    expect(world.requests).toHaveLength(1);
  });

  it('goes past nodes that refuse, and fails with their reasons when all do', async () => {
    const world = await delegationWorld({ add: { body: add } });
    world.node('n-2').takesWork = false;
    const away = () => world.call('n-1', 'add', { input: 1, place: { elsewhere: true } });
    expect((await outcome(world, away())).thread).toBe('n-3/main');
    world.node('n-3').takesWork = false;
    const answer = await settled(world.cluster, away(), { withinMs: 10_000 });
    expect(answer).toMatchObject({ value: { result: { error: { code: 'DELEGATION_FAILED' } } } });
    expect(JSON.stringify(answer)).toMatch(/n-2: .* drains; n-3|n-3: .* drains; n-2/);
  });

  it('goes to the next node when the one that accepted drains before the task comes', async () => {
    const world = await delegationWorld({ pay: { body: pay, manifest: { effects: 'once' } } });
    let asked = 0;
    for (const name of ['n-2', 'n-3'])
      Object.defineProperty(world.node(name), 'takesWork', { get: () => ++asked !== 2 });
    const done = world.call('n-1', 'pay', { place: { elsewhere: true } });
    expect(await outcome(world, done, 5_000)).toMatchObject({ value: 'paid' });
    expect(world.requests).toHaveLength(1);
    expect(await countsOf(world, 'n-1')).toMatchObject({ refused: 1, completed: 1, lost: 0 });
  });

  it('says which labels it looked for in vain', async () => {
    const world = await delegationWorld({ add: { body: add } });
    const reasonAt = async (place: Place) => {
      const asked = world.call('n-1', 'add', { input: 1, place });
      const answer = await settled(world.cluster, asked, { withinMs: 5_000 });
      return JSON.stringify(answer);
    };
    expect(await reasonAt({ labels: { zone: 'x', name: 'n-2' } })).toContain(
      'no node that takes work has the labels zone=x, name=n-2',
    );
    for (const name of ['n-2', 'n-3']) world.members.delete(name);
    expect(await reasonAt({ elsewhere: true })).toContain('no other node takes work');
  });

  it('is refused by a node that has no more room, and taken again when it has', async () => {
    const world = await delegationWorld({ pay: { body: pay } }, { tasksMax: 1 });
    const at = (name: string, task: string) =>
      outcome(world, world.call('n-1', 'pay', { place: only(name), task }));
    const [first, second] = await Promise.all([at('n-2', 'first'), at('n-2', 'second')]);
    expect([first, second]).toEqual([
      { value: 'paid', thread: 'n-2/main' },
      { code: 'DELEGATION_FAILED', thread: '' },
    ]);
    for (const task of ['third', 'fourth', 'fifth'])
      expect(await at('n-2', task)).toMatchObject({ value: 'paid' });
  });

  it('is verified by other executions, each a task of its own, on several nodes', async () => {
    const world = await delegationWorld({ add: { body: add } });
    const { system } = world.cluster.node('n-1');
    const pool = world.node('n-1').delegator;
    const verifier = system.spawn(verifierActor, { pool });
    const invocation = world.invocation('add', { input: 1, place: { elsewhere: true } });
    const first = await settled(world.cluster, system.ask(pool, 'invoke', invocation), {
      withinMs: 5_000,
    });
    if (first.kind !== 'answered') throw new Error(first.error.message);
    const verify = { replicas: 5, quorum: 5 };
    const request = { step: 'add', verify, invocation, execution: first.value };
    const verdict = await settled(world.cluster, system.ask(verifier, 'verify', request), {
      withinMs: 5_000,
    });
    expect(verdict).toMatchObject({ value: { agreeing: 5, result: { value: 2 } } });
  });

  it('that is offered twice under one name is done once', async () => {
    const world = await delegationWorld({
      pay: { body: pay, manifest: { effects: 'idempotent' } },
    });
    const twice = [1, 2].map(() => world.call('n-1', 'pay', { place: only('n-2') }));
    for (const asked of twice) expect(await outcome(world, asked)).toMatchObject({ value: 'paid' });
    expect(world.requests).toHaveLength(1);
  });

  it('is not answered by what was asked of its node under the same name with another input', async () => {
    const world = await delegationWorld({ add: { body: add } });
    const on = (from: string, input: number) =>
      outcome(world, world.call(from, 'add', { input, place: only('n-2'), task: 'run/add/0' }));
    expect(await on('n-3', 100)).toMatchObject({ value: 101 });
    expect(await on('n-1', 1)).toMatchObject({ value: 2 });
  });

  it('gives back the room kept for a task whose answer was there already', async () => {
    const world = await delegationWorld({ add: { body: add } });
    const again = () => world.call('n-1', 'add', { input: 1, place: only('n-2') });
    for (let time = 0; time < LIMITS.delegatedTasks + 5; time++)
      expect(await outcome(world, again())).toMatchObject({ value: 2 });
  });

  it('that is too large for a message says so, whether it is what goes or what comes', async () => {
    const echo: SimulatedSkill = async (input) => (input === 'much' ? 'x'.repeat(1_100_000) : 'y');
    const world = await delegationWorld({ echo: { body: echo } });
    const away = (input: string) =>
      outcome(
        world,
        world.call('n-1', 'echo', { input, place: { elsewhere: true }, task: input.slice(0, 9) }),
      );
    const resources = { ...DEFAULT_RESOURCES, outputBytes: 4_000_000, inputBytes: 4_000_000 };
    expect(await away('x'.repeat(1_100_000))).toMatchObject({ code: 'DELEGATION_FAILED' });
    const much = world.call('n-1', 'echo', { input: 'much', place: only('n-2'), resources });
    expect(await outcome(world, much)).toMatchObject({ code: 'DELEGATION_FAILED' });
    expect(await countsOf(world, 'n-1')).toMatchObject({ offered: 1, completed: 1, lost: 0 });
  });

  it('opens to other nodes the keys of its skill and tenant alone', async () => {
    const gates: ActorRef[] = [];
    const world = await delegationWorld({ count: { body: count } });
    const seen = world.cluster.node('n-2').system;
    const asked = world.call('n-1', 'count', { place: only('n-2') });
    expect(await outcome(world, asked)).toMatchObject({ value: 1 });
    for (const cell of world.cluster.node('n-1').system.cells.list())
      if (cell.definition?.kind === 'kv-gate') gates.push(cell.ref);
    const [gate] = gates;
    if (!gate) throw new Error('there is no gate');
    const get = async (space: string) => {
      const far = seen.refAt(gate.address);
      if (!far.ok) throw new Error(far.error.message);
      const asking = seen.ask(far.value, 'get', { space, key: 'n' });
      const answer = await settled(world.cluster, asking, { withinMs: 5_000 });
      return answer.kind === 'answered' ? answer.value : answer;
    };
    expect(await get('skill/default/count')).toMatchObject({ ok: true, value: { value: 1 } });
    for (const space of ['skill/other/count', 'skill/default/pay', ''])
      expect(await get(space)).toMatchObject({ error: { code: 'CAPABILITY_DENIED' } });
  });

  it('takes any JSON there and back', async () => {
    const echo: SimulatedSkill = async (input) => input;
    const world = await delegationWorld({ echo: { body: echo } });
    const deep = JSON.parse(`${'['.repeat(50)}{"$actor":1}${']'.repeat(50)}`) as Json;
    const done = await outcome(
      world,
      world.call('n-1', 'echo', { input: deep, place: only('n-2') }),
    );
    expect(done).toEqual({ thread: 'n-2/main', value: deep });
  });

  it('does not wait for a node that answers with anything but an execution', async () => {
    const world = await delegationWorld({ add: { body: add } });
    const { delegate } = world.node('n-2');
    const { system } = world.cluster.node('n-1');
    const nonsense = system.ask(delegate, 'perform', { task: 'x' });
    const answer = await settled(world.cluster, nonsense, { withinMs: 5_000 });
    expect(answer).toMatchObject({ kind: 'unknown', error: { code: 'ACTOR_FAILED' } });
    const offered = system.ask(delegate, 'offer', { task: '', skill: 7 });
    expect(await settled(world.cluster, offered, { withinMs: 5_000 })).toMatchObject({
      value: { ok: false, error: { code: 'DELEGATION_REFUSED' } },
    });
  });
});

describe('what another node says', () => {
  it('does not end tasks that are under way here', async () => {
    const world = await delegationWorld({ never: { body: never }, add: { body: add } });
    const stuck = world.call('n-1', 'never', { place: only('n-2') });
    await world.cluster.advance(500);
    const { system } = world.cluster.node('n-3');
    const { delegate, delegator } = world.node('n-2');
    for (let time = 0; time < 3; time++) {
      system.tell(delegate, 'ended', {});
      system.tell(delegator, 'endedHere', {});
    }
    const counts = system.ask(delegate, 'counts', undefined);
    const answer = await settled(world.cluster, counts, { withinMs: 1_000 });
    expect(answer).toMatchObject({ value: { active: 1 } });
    await settled(world.cluster, stuck, { withinMs: 20_000 });
  });

  it('does not pass one skill off as another', async () => {
    const world = await delegationWorld({ add: { body: add, on: ['n-2'] } });
    const find = async (wanted: string) => {
      const { system } = world.cluster.node('n-1');
      const asked = system.ask(world.node('n-1').delegator, 'find', wanted);
      const answer = await settled(world.cluster, asked, { withinMs: 5_000 });
      return answer.kind === 'answered' && answer.value.ok;
    };
    expect(await find('add@^1')).toBe(true);
    world.node('n-2').heldInstead = 'add';
    expect(await find('pay')).toBe(false);
    expect(await find('add@^2')).toBe(false);
    expect(await find('add@1.0.0')).toBe(true);
  });
});

async function untilPaid(world: World, times: number): Promise<void> {
  for (let step = 0; world.requests.length < times; step++) {
    if (step > 5_000) throw new Error('nobody paid');
    await world.cluster.advance(1);
  }
}

describe('the order of nodes', () => {
  const member = (node: string, facts: Partial<MemberReport['facts']> = {}): MemberReport => ({
    node: node as NodeId,
    by: node as NodeId,
    status: 'alive',
    incarnation: 1,
    facts: { labels: {}, load: 0, wire: [1, 1], state: 'ready', skills: '', ...facts },
  });
  const site = (given: Partial<CallSite>): CallSite => ({
    self: 'n-0' as NodeId,
    members: [member('n-0')],
    task: 'task',
    place: undefined,
    canRunHere: true,
    isBusyHere: false,
    avoid: [],
    ...given,
  });

  it('holds nobody who drains, is gone, lacks a label, or is full when it is only full here', () => {
    const members = [
      member('n-0'),
      member('n-1', { state: 'draining' }),
      { ...member('n-2'), status: 'dead' as const },
      member('n-3', { labels: { zone: 'b' } }),
      member('n-4', { load: 0.9 }),
    ];
    expect(nodesFor(site({ members, isBusyHere: true }))).toEqual(['n-3', 'n-0']);
    expect(nodesFor(site({ members, place: { labels: { zone: 'b' } } }))).toEqual(['n-3']);
    expect(nodesFor(site({ members, place: { labels: { zone: 'c' } } }))).toEqual([]);
    expect([...nodesFor(site({ members, canRunHere: false }))].sort()).toEqual(['n-3', 'n-4']);
  });

  it('spreads tasks, keeps to one order for one task, and puts who is suspected or avoided last', () => {
    const members = ['n-0', 'n-1', 'n-2', 'n-3'].map((node) => member(node));
    const firsts = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('n-1', 'n-2', 'n-3'), (task, last) => {
        const away = { task, members, place: { elsewhere: true } };
        const order = nodesFor(site(away));
        firsts.add(order[0]);
        expect(order).toEqual(nodesFor(site({ ...away, members: members.toReversed() })));
        expect(nodesFor(site({ ...away, avoid: [last as NodeId] })).at(-1)).toBe(last);
        const seen = members.map((each) =>
          each.node === last ? { ...each, status: 'suspect' as const } : each,
        );
        expect(nodesFor(site({ ...away, members: seen })).at(-1)).toBe(last);
      }),
    );
    expect([...firsts].sort()).toEqual(['n-1', 'n-2', 'n-3']);
  });
});
