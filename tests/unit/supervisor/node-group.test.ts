import { describe, expect, it } from 'vitest';
import { skeinError } from '../../../src/contracts/index.ts';
import { simulatedGroup } from '../../support/simulated-group.ts';

const NAMES = ['n1', 'n2', 'n3'];
const ALL_READY = { n1: 'ready', n2: 'ready', n3: 'ready' };

async function readyGroup(...args: Parameters<typeof simulatedGroup>) {
  const world = simulatedGroup(...args);
  expect(await world.settled(world.group.ready())).toEqual({ ok: true, value: undefined });
  return world;
}

describe('a group of nodes', () => {
  it('is ready when every node is and knows every other', async () => {
    const world = simulatedGroup(NAMES);
    expect(world.states()).toEqual({ n1: 'starting', n2: 'starting', n3: 'starting' });
    await world.settled(world.group.ready());
    expect(world.states()).toEqual(ALL_READY);
    for (const { facts, node, pid, error } of world.group.nodes()) {
      expect(facts?.members).toHaveLength(3);
      expect({ node, pid, error }).toEqual({
        node: expect.stringMatching(/^n-n\d$/),
        pid: expect.any(Number),
        error: null,
      });
    }
    const told = world.events.filter(({ name }) => name === 'n1');
    expect(told.map((event) => (event.kind === 'state' ? event.state : event.phase))).toEqual([
      'starting',
      'threads t1',
      'joining',
      'ready',
    ]);
  });

  it('starts no more processes at once than it may', async () => {
    const names = Array.from({ length: 10 }, (_, at) => `n${at}`);
    const world = simulatedGroup(names, { startsAtOnce: 3 });
    expect(world.started).toHaveLength(3);
    expect(await world.settled(world.group.ready())).toMatchObject({ ok: true });
    expect(world.started).toHaveLength(10);
  });

  it('does not call ready a node that does not see the others', async () => {
    const world = simulatedGroup(NAMES, { manners: { n3: { isAlone: true } }, startMs: 5_000 });
    const ready = await world.settled(world.group.ready(4_000));
    expect(ready).toMatchObject({ error: { code: 'NODE_START_FAILED', details: { node: 'n3' } } });
    expect(world.states()).toEqual({ n1: 'ready', n2: 'ready', n3: 'joining' });
  });

  it('starts again a node that was killed, under its name and on its data', async () => {
    const world = await readyGroup(NAMES);
    const before = world.group.nodes()[1];
    world.kill('n2');
    await world.time.advance(10);
    expect(world.states()).toEqual({ ...ALL_READY, n2: 'waiting' });
    expect(world.events.at(-1)).toMatchObject({
      name: 'n2',
      state: 'waiting',
      detail: expect.stringMatching(/^SIGKILL; starts again in \d+ ms$/),
    });
    expect(await world.settled(world.group.ready())).toMatchObject({ ok: true });
    const after = world.group.nodes()[1];
    expect(after).toMatchObject({ restarts: 1, node: before?.node, dataDir: before?.dataDir });
    expect(after?.pid).not.toBe(before?.pid);
  });

  it('waits longer before each start, and gives a node up that ends too often; the others go on', async () => {
    const world = await readyGroup(NAMES);
    world.manners.n2 = { exitCode: 1 };
    world.kill('n2');
    await world.time.advance(59_000);
    expect(world.states()).toEqual({ ...ALL_READY, n2: 'failed' });
    const delays = world.events.flatMap((event) =>
      event.kind === 'state' && event.state === 'waiting'
        ? [Number(/in (\d+) ms/.exec(event.detail ?? '')?.[1])]
        : [],
    );
    expect(delays).toHaveLength(5);
    expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    const [, n2] = world.group.nodes();
    expect(n2?.error).toMatchObject({ code: 'RESTART_INTENSITY_EXCEEDED' });
    expect(n2?.restarts).toBe(5);
  });

  it('does not try again what is wrong with the settings', async () => {
    const world = simulatedGroup(NAMES, { manners: { n2: { exitCode: 2 } } });
    const ready = await world.settled(world.group.ready());
    expect(ready).toMatchObject({
      error: {
        code: 'NODE_START_FAILED',
        details: { node: 'n2', reason: 'exit code 2: a reason' },
      },
    });
    expect(world.started.filter((name) => name === 'n2')).toHaveLength(1);
  });

  it('shows the error that a node gave for itself', async () => {
    const error = skeinError('NODE_KEY_UNUSABLE', { file: 'node.key', reason: 'it is damaged' });
    const world = simulatedGroup(NAMES, { manners: { n2: { exitCode: 2, error } } });
    expect(await world.settled(world.group.ready())).toEqual({ ok: false, error });
    expect(world.states().n2).toBe('failed');
  });

  it('tries again while an earlier life has the data', async () => {
    const error = skeinError('NODE_RUNNING', { dataDir: '/data/n2', pid: 1 });
    const world = simulatedGroup(NAMES, { manners: { n2: { exitCode: 2, error } } });
    await world.time.advance(1_000);
    expect(world.states().n2).toMatch(/waiting|starting/);
    world.manners.n2 = {};
    expect(await world.settled(world.group.ready())).toMatchObject({ ok: true });
  });

  it.each([
    ['is not ready in time', { isMute: true }, 5_500],
    ['speaks another language', { noise: 'hello\n' }, 1_000],
    ['never ends its line', { noise: 'x'.repeat(2 * 1024 * 1024) }, 1_000],
  ])('kills a process that %s', async (_what, manner, afterMs) => {
    const world = await readyGroup(NAMES, { startMs: 5_000 });
    world.manners.n1 = manner;
    world.kill('n1');
    await world.time.advance(afterMs);
    expect(world.group.nodes()[0]?.restarts).toBe(2);
    world.manners.n1 = {};
    expect(await world.settled(world.group.ready(20_000))).toMatchObject({ ok: true });
  });

  it('stops all in order, and kills who takes no order', async () => {
    const world = await readyGroup(NAMES, { manners: { n3: { isDeaf: true } }, stopMs: 3_000 });
    await world.settled(world.group.stop());
    expect(world.states()).toEqual({ n1: 'stopped', n2: 'stopped', n3: 'stopped' });
    expect(world.processes.alive()).toEqual([]);
    await world.time.advance(60_000);
    expect(world.started).toHaveLength(3);
  });

  it('stopped while it starts, starts nothing more', async () => {
    const world = simulatedGroup(NAMES, { startsAtOnce: 1 });
    const ready = world.group.ready();
    await world.settled(world.group.stop());
    expect(await world.settled(ready)).toMatchObject({ ok: false });
    expect(world.started).toEqual(['n1']);
  });

  it('drains a node by its name or ID, and lets it work again', async () => {
    const world = await readyGroup(NAMES);
    const drained = await world.settled(world.group.drain('n-n2', 1_000));
    expect(drained).toEqual({ ok: true, value: { elapsedMs: 20, finishedRuns: 1 } });
    await world.time.advance(200);
    expect(world.states()).toEqual({ ...ALL_READY, n2: 'drained' });
    expect(world.group.resume('n2')).toMatchObject({ ok: true });
    await world.time.advance(200);
    expect(world.states()).toEqual(ALL_READY);
    const unknown = await world.group.drain('n9', 1_000);
    expect(unknown).toMatchObject({ error: { code: 'ARGUMENT_INVALID' } });
  });

  it('says which runs are in the way of a drain, and that a node ended in it', async () => {
    const world = await readyGroup(NAMES, { manners: { n1: { stuckRuns: 2 } } });
    expect(await world.settled(world.group.drain('n1', 1_000))).toMatchObject({
      error: { code: 'DRAIN_TIMEOUT', details: { activeRuns: 2 } },
    });
    const drain = world.group.drain('n1', 60_000);
    world.kill('n1');
    expect(await world.settled(drain)).toMatchObject({ error: { code: 'NODE_UNREACHABLE' } });
  });
});
