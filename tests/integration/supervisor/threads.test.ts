import { afterEach, describe, expect, it } from 'vitest';
import type { ThreadName } from '../../../src/contracts/index.ts';
import type { ActorRef, RefOf } from '../../../src/kernel/index.ts';
import { type ChildSpec, supervisor } from '../../../src/supervisor/index.ts';
import { type echo, FIXTURE_ACTORS, type mourner } from '../../fixtures/actors.ts';
import { startThreadWorld, type ThreadWorld } from '../../support/real-threads.ts';
import { until } from '../../support/until.ts';

let world: ThreadWorld;
afterEach(() => world?.close());

const onThread = (name: string, exportName: string, thread: string): ChildSpec => ({
  name,
  actor: { module: { url: FIXTURE_ACTORS, exportName }, thread: thread as ThreadName },
});

async function spawnAll(children: readonly ChildSpec[]): Promise<readonly ActorRef[]> {
  const { system } = world;
  const parent = system.spawn(supervisor, {
    strategy: { scope: 'one-for-one', intensity: { maxRestarts: 10, windowMs: 60_000 } },
  });
  const refs: ActorRef[] = [];
  for (const child of children) {
    const started = await system.ask(parent, 'startChild', child);
    if (started.kind !== 'answered') throw new Error(started.error.message);
    refs.push(started.value);
  }
  return refs;
}

async function spawnEcho(thread = 't1'): Promise<RefOf<typeof echo>> {
  const [ref] = await spawnAll([onThread('echo', 'echo', thread)]);
  return ref as RefOf<typeof echo>;
}

describe('an actor on another thread', () => {
  it('answers, runs on its own thread, and takes refs as values', async () => {
    world = await startThreadWorld(['t1', 't2']);
    const { system } = world;
    const ref = await spawnEcho('t2');
    expect(await system.ask(ref, 'say', 'hello')).toEqual({ kind: 'answered', value: 'hello' });
    expect(await system.ask(ref, 'where', undefined)).toEqual({ kind: 'answered', value: 't2' });
    const back = await system.ask(ref, 'echoRef', ref);
    expect(back).toMatchObject({ kind: 'answered' });
    if (back.kind === 'answered') expect(back.value.address).toBe(ref.address);
  });

  it('refuses a message that is no value, and says why', async () => {
    world = await startThreadWorld(['t1']);
    const ref = await spawnEcho();
    for (const value of [() => 1, Symbol('s'), Promise.resolve(1)]) {
      const result = await world.system.ask(ref, 'say', value as never);
      expect(result).toMatchObject({ kind: 'not-delivered', error: { code: 'MESSAGE_INVALID' } });
    }
    expect(await world.system.ask(ref, 'say', 'still here')).toMatchObject({ kind: 'answered' });
  });

  it('keeps the order of each sender’s messages', async () => {
    world = await startThreadWorld(['t1']);
    const [ref] = await spawnAll([onThread('keeper', 'orderKeeper', 't1')]);
    const { system } = world;
    const total = 20_000;
    for (let sent = 0; sent < total; sent += 500) {
      for (let n = sent + 1; n <= sent + 500; n++)
        system.tell(ref as ActorRef, 'next', { from: 'a', n });
      await system.ask(ref as ActorRef, 'report', undefined);
    }
    const report = await system.ask(ref as ActorRef, 'report', undefined);
    expect(report).toEqual({ kind: 'answered', value: { broken: 0, seen: total } });
  });

  it('reports a module that does not export an actor as a failed start', async () => {
    world = await startThreadWorld(['t1']);
    const [ref] = await spawnAll([
      { ...onThread('bad', 'FIXTURE_ACTORS', 't1'), restart: 'temporary' },
    ]);
    const result = await world.system.ask(ref as ActorRef, 'x', undefined);
    expect(result.kind).toBe('not-delivered');
  });
});

describe('a lost thread', () => {
  const losses = [
    ['exits', 'exit', 'exited with code 7'],
    ['throws where nobody catches', 'throwLater', 'RangeError: nobody catches this'],
    ['runs out of heap', 'fillHeap', 'ran out of heap'],
  ] as const;

  it.each(losses)(
    'that %s is a typed reason, its asks end unknown, and its actors come back',
    async (_how, message, reason) => {
      world = await startThreadWorld(['t1'], { heapMiB: 64 });
      const { system } = world;
      const ref = await spawnEcho();
      expect(await system.ask(ref, 'count', undefined)).toMatchObject({ value: 1 });
      const waiting = system.ask(ref, 'wait', undefined, { timeoutMs: 60_000 });
      // The waiting turn holds the first actor, so a second one brings the thread down.
      const [killer] = await spawnAll([onThread('killer', 'echo', 't1')]);
      system.tell(killer as RefOf<typeof echo>, message);
      expect(await waiting).toMatchObject({ kind: 'unknown', error: { code: 'THREAD_LOST' } });
      const again = await until('the actor counts from the start', async () => {
        const result = await system.ask(ref, 'count', undefined);
        return result.kind === 'answered' && result;
      });
      expect(again).toEqual({ kind: 'answered', value: 1 });
      const report = await world.report();
      expect(report.totalRestarts).toBe(1);
      expect(report.failures[0]?.reason).toContain(reason);
    },
  );

  it('that hangs is found by its silent heart', async () => {
    world = await startThreadWorld(['t1'], { hangMs: 1_000 });
    const { system } = world;
    const ref = await spawnEcho();
    const hung = await system.ask(ref, 'hang', undefined, { timeoutMs: 60_000 });
    expect(hung).toMatchObject({ kind: 'unknown', error: { code: 'THREAD_LOST' } });
    const failure = await until(
      'the supervisor has acted',
      async () => (await world.report()).failures[0],
    );
    expect(failure.reason).toContain('hung for');
  });

  it('is told to those who watch an actor on it', async () => {
    world = await startThreadWorld(['t1', 't2']);
    const { system } = world;
    const [target, watcher] = await spawnAll([
      onThread('target', 'echo', 't1'),
      onThread('watcher', 'mourner', 't2'),
    ]);
    const mourn = watcher as RefOf<typeof mourner>;
    await system.ask(mourn, 'watch', target as ActorRef);
    system.tell(target as RefOf<typeof echo>, 'exit');
    const ends = await until('the watcher is told', async () => {
      const result = await system.ask(mourn, 'ends', undefined);
      return result.kind === 'answered' && result.value.length > 0 && result.value;
    });
    expect(ends).toEqual([{ address: (target as ActorRef).address, reason: 'thread' }]);
  });

  it('that keeps failing exhausts the restart intensity and ends the node with a report', async () => {
    world = await startThreadWorld(['t1'], {
      strategy: { scope: 'one-for-one', intensity: { maxRestarts: 2, windowMs: 60_000 } },
    });
    const { system, group } = world;
    for (let life = 1; life <= 3; life++) {
      const exit = { kind: 'threw', message: `loss ${life}` } as const;
      await until(
        'the thread lives',
        () => group.epochOf('t1' as ThreadName) === life && system.remote.threads.length === 1,
      );
      group.terminate('t1' as ThreadName, exit);
      await until(
        'the loss is seen',
        () => group.names.length === 0 || group.epochOf('t1' as ThreadName) > life,
      );
    }
    const end = await system.terminated;
    expect(end.reason).toMatchObject({
      kind: 'failed',
      error: { code: 'RESTART_INTENSITY_EXCEEDED', details: { maxRestarts: 2 } },
    });
    if (end.reason.kind === 'failed') expect(end.reason.error.message).toContain('loss 3');
  });
});

describe('death watch', () => {
  it('tells of a normal end across threads, and of an actor that never was', async () => {
    world = await startThreadWorld(['t1', 't2']);
    const { system } = world;
    const [watcher] = await spawnAll([onThread('watcher', 'mourner', 't2')]);
    const mourn = watcher as RefOf<typeof mourner>;
    const parent = system.spawn(supervisor, {});
    const child = { ...onThread('target', 'echo', 't1'), restart: 'temporary' } as const;
    const started = await system.ask(parent, 'startChild', child);
    if (started.kind !== 'answered') throw new Error('not started');
    await system.ask(mourn, 'watch', started.value);
    await system.ask(started.value as RefOf<typeof echo>, 'stop', undefined);
    const nobody = system.refAt('skein://n-threads/t1/root/nobody');
    if (!nobody.ok) throw new Error('address');
    await system.ask(mourn, 'watch', nobody.value);
    const ends = await until('both ends are told', async () => {
      const result = await system.ask(mourn, 'ends', undefined);
      return result.kind === 'answered' && result.value.length === 2 && result.value;
    });
    expect(ends.map((end) => end.reason)).toEqual(['normal', 'failed']);
  });
});
