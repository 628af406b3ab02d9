/** Virtual actors of one node, and what their states, reminders and addresses are held to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  defineVirtualActor,
  formatVirtualAddress,
  parseVirtualAddress,
  VirtualActors,
} from '../../../src/cluster/index.ts';
import {
  failure,
  type NodeId,
  type Result,
  type SharedState,
  success,
} from '../../../src/contracts/index.ts';
import {
  portsOf,
  SimulatedLife,
  type SimulatedState,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../../src/host/index.ts';
import { ActorSystem, type AskResult } from '../../../src/kernel/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { recordingLog } from '../../support/systems.ts';

interface Account {
  balance: number;
  log: string[];
}

const account = defineVirtualActor({
  kind: 'account',
  initial: (): Account => ({ balance: 0, log: [] }),
  receive: {
    deposit: (state, amount: number) => {
      state.balance += amount;
      return state.balance;
    },
    read: (state) => state,
    leak: (state) => {
      state.balance += 1_000;
      throw new Error('it fails in the middle');
    },
    keep: (state, value: unknown) => {
      (state as unknown as Record<string, unknown>).kept = value;
    },
    keepDate: (state) => {
      (state as unknown as Record<string, unknown>).kept = new Date(0);
    },
    wait: () => new Promise(() => undefined),
    remind: (_state, { name, afterMs }: { name: string; afterMs: number }, ctx) =>
      ctx.remind(name, { afterMs }, { for: name }),
    every: (_state, everyMs: number, ctx) => ctx.remind('tick', { everyMs }),
    stop: (_state, _: undefined, ctx) => ctx.cancelReminder('tick'),
    token: (_state, _: undefined, ctx) => ctx.token.revision,
    leave: (_state, _: undefined, ctx) => ctx.passivate(),
    close: (_state, _: undefined, ctx) => ctx.erase(),
  },
  reminders: {
    tick: (state, { sequence }) => void state.log.push(`tick ${sequence}`),
    once: (state, { payload }) => void state.log.push(JSON.stringify(payload)),
    fails: (state, { sequence }) => {
      state.log.push('never kept');
      if (sequence === 1) throw new Error('it fails');
    },
  },
  passivateAfterIdleMs: 10_000,
});

async function world(opened: (state: SharedState) => Result<SharedState> = success) {
  const time = simulatedTime();
  const server = simulatedState(time, seededRandom('virtual'));
  const node = async (
    name: string,
    candidates: () => readonly Candidate[],
    isStateForgetful = false,
  ) => {
    const life = new SimulatedLife();
    const ports = portsOf(life, time, seededRandom(name));
    const { log, lines } = recordingLog();
    const system = new ActorSystem({ node: name as NodeId, ports, log });
    const actors = valueIn(
      VirtualActors.open({
        ...{ system, ports, log, candidates },
        openState: async () => opened(server.join(name, life)),
        terms: { isStateForgetful },
      }),
    );
    return { actors, life, lines, system };
  };
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    for (let waited = 0; !isSettled && waited < 60_000; waited += 20) await time.advance(20);
    return settled;
  };
  /** What everybody knows of everybody; to be changed. */
  const only: Candidate[] = [{ node: 'n-1', labels: {}, weight: 1 }];
  const { actors, life, lines } = await node('n-1', () => only);
  await run(actors.register(account));
  await time.advance(100);
  const ask = <T>(promise: Promise<AskResult<T>>): Promise<AskResult<T>> => run(promise);
  return { time, server, actors, life, lines, node, run, ask, only };
}

const answer = <T>(result: AskResult<T>): T => {
  if (result.kind !== 'answered') throw new Error(`${result.kind}: ${result.error.message}`);
  return result.value;
};
const errorOf = (result: AskResult<unknown>) =>
  result.kind === 'answered' ? 'answered' : `${result.kind} ${result.error.code}`;

const recordOf = (server: SimulatedState, life = new SimulatedLife()) =>
  server.join('reader', life).get('act.account.k');

describe('a virtual actor', () => {
  it('lives when it is asked, and keeps its state over its passivation', async () => {
    const { actors, ask, time } = await world();
    const handle = actors.get(account, 'k');
    expect(answer(await ask(handle.ask('deposit', 5)))).toBe(5);
    expect(actors.live().get('account')).toEqual(['k']);
    await time.advance(12_000);
    expect(actors.live().get('account')).toEqual([]);
    expect(answer(await ask(handle.ask('deposit', 2)))).toBe(7);
  });

  it('has a higher token with each activation, and writes it with its state', async () => {
    const { actors, ask, time, server, run } = await world();
    const handle = actors.get(account, 'k');
    const first = answer(await ask(handle.ask('token')));
    answer(await ask(handle.ask('leave')));
    await time.advance(1_000);
    const second = answer(await ask(handle.ask('token')));
    expect(second).toBeGreaterThan(first);
    const record = valueIn(await run(recordOf(server)));
    expect(record?.value).toMatchObject({ holder: 'n-1', token: { revision: second } });
  });

  it('is what it was before a turn that threw', async () => {
    const { actors, ask } = await world();
    const handle = actors.get(account, 'k');
    answer(await ask(handle.ask('deposit', 5)));
    expect(errorOf(await ask(handle.ask('leak')))).toBe('unknown ACTOR_FAILED');
    expect(answer(await ask(handle.ask('read')))).toEqual({ balance: 5, log: [] });
  });

  it('refuses a state that is too large or no JSON, and goes on with the one before', async () => {
    const { actors, ask } = await world();
    const handle = actors.get(account, 'k');
    expect(errorOf(await ask(handle.ask('keep', 'x'.repeat(70_000))))).toBe(
      'unknown VIRTUAL_STATE_INVALID',
    );
    expect(errorOf(await ask(handle.ask('keepDate')))).toBe('unknown VIRTUAL_STATE_INVALID');
    expect(answer(await ask(handle.ask('read')))).toEqual({ balance: 0, log: [] });
  });

  it('is not acknowledged while the state is away, answers from memory until its lease is over, and is back after', async () => {
    const { actors, ask, server, time } = await world();
    const handle = actors.get(account, 'k');
    answer(await ask(handle.ask('deposit', 5)));
    server.setDown(true);
    expect(errorOf(await ask(handle.ask('deposit', 1)))).toBe('unknown STATE_UNAVAILABLE');
    expect(answer(await ask(handle.ask('read'))).balance).toBe(5);
    await time.advance(5_000);
    expect(errorOf(await ask(handle.ask('read')))).toBe('not-delivered VIRTUAL_UNREACHABLE');
    server.setDown(false);
    await time.advance(8_000);
    expect(answer(await ask(handle.ask('read'))).balance).toBe(5);
  });

  it('does not go on after a write of which nobody knows whether it was done', async () => {
    const { actors, ask, server, time } = await world();
    const handle = actors.get(account, 'k');
    const token = answer(await ask(handle.ask('token')));
    server.faults.answerLoss = 1;
    const deposited = handle.ask('deposit', 5);
    await time.advance(2_500);
    server.faults.answerLoss = 0;
    expect(errorOf(await ask(deposited))).toBe('unknown STATE_UNAVAILABLE');
    await time.advance(10_000);
    expect(answer(await ask(handle.ask('read'))).balance).toBe(5);
    expect(answer(await ask(handle.ask('token')))).toBeGreaterThan(token);
  });

  it('ends when another has written its record', async () => {
    const { actors, ask, server, run, time } = await world();
    const handle = actors.get(account, 'k');
    answer(await ask(handle.ask('deposit', 5)));
    const state = server.join('other', new SimulatedLife());
    const found = valueIn(await run(state.get('act.account.k')));
    valueIn(await run(state.put('act.account.k', found?.value ?? null)));
    expect(errorOf(await ask(handle.ask('deposit', 1)))).toBe('unknown TOKEN_STALE');
    await time.advance(1_000);
    expect(answer(await ask(handle.ask('deposit', 1)))).toBe(6);
  });

  it('refuses to live on a record with a higher token, and never writes over one that it cannot read', async () => {
    const { actors, ask, server, run } = await world();
    const state = server.join('other', new SimulatedLife());
    const record = { holder: 'x', version: 1, reminders: [], token: { revision: 1e9, nonce: 'x' } };
    valueIn(await run(state.put('act.account.k', record)));
    valueIn(await run(state.put('act.account.odd', { some: 'thing' })));
    const handle = actors.get(account, 'k');
    expect(errorOf(await ask(handle.ask('read')))).toBe('not-delivered TOKEN_STALE');
    expect(errorOf(await ask(actors.get(account, 'odd').ask('read')))).toBe(
      'not-delivered VIRTUAL_STATE_INVALID',
    );
    expect(valueIn(await run(state.get('act.account.odd')))?.value).toEqual({ some: 'thing' });
  });

  it('is as new after it was erased, with nothing left in the state', async () => {
    const { actors, ask, server, run, time } = await world();
    const handle = actors.get(account, 'k');
    answer(await ask(handle.ask('deposit', 5)));
    answer(await ask(handle.ask('every', 1_000)));
    answer(await ask(handle.ask('close')));
    await time.advance(3_000);
    expect(actors.live().get('account')).toEqual([]);
    const reader = server.join('reader', new SimulatedLife());
    expect(valueIn(await run(reader.keys('')))).toEqual(['dir.account.host.n-1']);
    expect(answer(await ask(handle.ask('read')))).toEqual({ balance: 0, log: [] });
  });

  it('cannot be registered while the state cannot be opened, and can be when it is there', async () => {
    let isThere = false;
    const { actors, ask, run } = await world((state) =>
      isThere ? success(state) : failure('NATS_FAILED', { reason: 'JetStream is off' }),
    );
    expect(codeIn(await run(actors.register(account)))).toBe('NATS_FAILED');
    expect(() => actors.get(account, 'k')).toThrow();
    isThere = true;
    valueIn(await run(actors.register(account)));
    expect(answer(await ask(actors.get(account, 'k').ask('deposit', 1)))).toBe(1);
  });

  it('says again that it hosts a kind when the state has lost it, and forgets hosts of long ago', async () => {
    const { server, run, time } = await world();
    const reader = server.join('reader', new SimulatedLife());
    valueIn(await run(reader.delete('dir.account.host.n-1')));
    valueIn(await run(reader.put('dir.account.host.n-gone', { atMs: 1 })));
    await time.advance(3_000);
    expect(valueIn(await run(reader.keys('dir.')))).toEqual(['dir.account.host.n-1']);
  });

  it('loses its key when a turn takes too long', async () => {
    const { actors, ask, time } = await world();
    const handle = actors.get(account, 'k');
    const waiting = handle.ask('wait', undefined, { timeoutMs: 60_000 });
    await time.advance(31_000);
    expect(errorOf(await ask(waiting))).toBe('unknown ACTOR_FAILED');
    expect(answer(await ask(handle.ask('deposit', 1)))).toBe(1);
  });

  it('refuses messages that are no JSON, and types that nobody handles', async () => {
    const { actors, ask } = await world();
    const handle = actors.get(account, 'k');
    const loose = valueIn(actors.at('skein://account/k'));
    expect(errorOf(await ask(handle.ask('keep', () => 1)))).toBe('not-delivered MESSAGE_INVALID');
    expect(errorOf(await ask(loose.ask('nothing', 1)))).toBe('not-delivered MESSAGE_UNHANDLED');
    expect(errorOf(await ask(loose.ask('$due', 1)))).toBe('not-delivered MESSAGE_INVALID');
  });

  it('is handed over in order: what waits is worked off, and the lease is free', async () => {
    const { actors, ask, node, run, time } = await world();
    const handle = actors.get(account, 'k');
    answer(await ask(handle.ask('deposit', 1)));
    const waiting = [1, 2, 3].map((amount) => handle.ask('deposit', amount));
    await run(actors.handOverAll());
    const results = await Promise.all(waiting.map((each) => ask(each)));
    expect(results.map(errorOf)).toEqual(['answered', 'answered', 'answered']);
    expect(errorOf(await ask(handle.ask('read')))).toBe('not-delivered VIRTUAL_UNREACHABLE');
    const other = await node('n-2', () => [{ node: 'n-2', labels: {}, weight: 1 }]);
    valueIn(await run(other.actors.register(account)));
    await time.advance(50);
    expect(answer(await ask(other.actors.get(account, 'k').ask('deposit', 0)))).toBe(7);
  });

  it('moves to a node that has become the better one, after what waits for it is worked off', async () => {
    const { actors, ask, node, run, time, only } = await world();
    const other = await node('n-2', () => only);
    valueIn(await run(other.actors.register(account)));
    answer(await ask(actors.get(account, 'k').ask('deposit', 1)));
    only[0] = { node: 'n-1', labels: {}, weight: 0 };
    only.push({ node: 'n-2', labels: {}, weight: 1 });
    actors.reconsider();
    await time.advance(4_990);
    expect(actors.live().get('account')).toEqual(['k']);
    const waiting = Array.from({ length: 20 }, () => actors.get(account, 'k').ask('deposit', 1));
    await time.advance(1_500);
    expect(actors.live().get('account')).toEqual([]);
    const results = await Promise.all(waiting.map((each) => ask(each)));
    expect(results.map(errorOf)).toEqual(waiting.map(() => 'answered'));
    expect(answer(await ask(other.actors.get(account, 'k').ask('deposit', 0)))).toBe(21);
    expect(other.actors.live().get('account')).toEqual(['k']);
  });

  it('is back when the lease of its lost node has run out, however short the patience of who asks', async () => {
    const { actors, life, ask, node, run, time, server } = await world();
    const other = await node('n-2', () => [{ node: 'n-2', labels: {}, weight: 1 }], true);
    valueIn(await run(other.actors.register(account)));
    await time.advance(6_000);
    // Taking a lease takes longer than one ask waits.
    server.faults.delayMs = 150;
    answer(await ask(actors.get(account, 'k').ask('deposit', 1)));
    life.die();
    const startMs = time.clock.monotonicMs();
    const handle = other.actors.get(account, 'k');
    const isBack = async () =>
      (await ask(handle.ask('read', undefined, { timeoutMs: 320 }))).kind === 'answered';
    while (!(await isBack()) && time.clock.monotonicMs() - startMs < 20_000)
      await time.advance(200);
    expect(time.clock.monotonicMs() - startMs).toBeLessThan(8_000);
  });

  it('lives only where the labels are that its kind requires', async () => {
    const { actors, ask, run, only } = await world();
    const placed = { ...account, kind: 'placed', requiredLabels: { zone: 'a' } };
    valueIn(await run(actors.register(placed)));
    const handle = actors.get(placed, 'k');
    expect(errorOf(await ask(handle.ask('read')))).toBe('not-delivered VIRTUAL_UNREACHABLE');
    only[0] = { node: 'n-1', labels: { zone: 'a' }, weight: 1 };
    expect(answer(await ask(handle.ask('read'))).balance).toBe(0);
  });

  it('is refused a kind that is taken, badly named or unknown, and a key that does not fit', async () => {
    const { actors, run } = await world();
    expect(codeIn(await run(actors.register(account)))).toBe('NAME_TAKEN');
    const named = (kind: string) => ({ ...account, kind });
    expect(codeIn(await run(actors.register(named('a.b'))))).toBe('ARGUMENT_INVALID');
    expect(() => actors.get(named('ghost'), 'k')).toThrow('ghost');
    expect(() => actors.get(account, 'x'.repeat(300))).toThrow();
    expect(codeIn(actors.at('skein://ghost/k'))).toBe('VIRTUAL_KIND_UNKNOWN');
    expect(codeIn(actors.at('skein://n-1/main/root/kv'))).toBe('ADDRESS_INVALID');
    expect(actors.singleton(account).address).toBe('skein://account/singleton');
  });
});

describe('a reminder', () => {
  it('fires once, or every so often with its number, until it is cancelled', async () => {
    const { actors, ask, time } = await world();
    const handle = actors.get(account, 'k');
    answer(await ask(handle.ask('remind', { name: 'once', afterMs: 300 })));
    answer(await ask(handle.ask('every', 1_000)));
    await time.advance(3_300);
    const { log } = answer(await ask(handle.ask('read')));
    expect(log).toEqual(['{"for":"once"}', 'tick 1', 'tick 2', 'tick 3']);
    answer(await ask(handle.ask('stop')));
    await time.advance(3_000);
    expect(answer(await ask(handle.ask('read'))).log).toHaveLength(4);
  });

  it('wakes an actor that is passivated, on another node when its own is lost', async () => {
    const { actors, ask, time, life, node, run, server } = await world();
    answer(await ask(actors.get(account, 'k').ask('remind', { name: 'once', afterMs: 30_000 })));
    await time.advance(15_000);
    expect(actors.live().get('account')).toEqual([]);
    life.die();
    const other = await node('n-2', () => [{ node: 'n-2', labels: {}, weight: 1 }]);
    valueIn(await run(other.actors.register(account)));
    await time.advance(16_500);
    const { log } = answer(await ask(other.actors.get(account, 'k').ask('read')));
    expect(log).toEqual(['{"for":"once"}']);
    const left = valueIn(await run(server.join('x', new SimulatedLife()).keys('dir.account.due.')));
    expect(left).toEqual([]);
  });

  it('that fails comes again later with the same number, and keeps nothing of its failed turn', async () => {
    const { actors, ask, time, lines } = await world();
    const handle = actors.get(account, 'k');
    answer(await ask(handle.ask('remind', { name: 'fails', afterMs: 10 })));
    answer(await ask(handle.ask('remind', { name: 'once', afterMs: 20 })));
    await time.advance(8_000);
    expect(answer(await ask(handle.ask('read'))).log).toEqual(['{"for":"once"}']);
    const retries = lines.filter(({ message }) => message.startsWith('a reminder failed'));
    expect(retries.map(({ fields }) => fields.delayMs)).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('is refused with a bad name or time, and beyond the limit', async () => {
    const { actors, ask } = await world();
    const handle = actors.get(account, 'k');
    const set = (name: string, afterMs: number) => ask(handle.ask('remind', { name, afterMs }));
    expect(errorOf(await set('a b', 1))).toBe('unknown ARGUMENT_INVALID');
    expect(errorOf(await set('a', -1))).toBe('unknown ARGUMENT_INVALID');
    for (let at = 0; at < 16; at++) answer(await set(`r${at}`, 900_000));
    expect(errorOf(await set('r16', 900_000))).toBe('unknown OVERLOADED');
  });
});

describe('the address of a virtual actor', () => {
  it('gives back kind and key, whatever is in the key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), (key) => {
        const address = formatVirtualAddress({ kind: 'k', key });
        expect(parseVirtualAddress(address)).toEqual(success({ kind: 'k', key }));
      }),
    );
  });
});
