import { describe, expect, it } from 'vitest';
import { type RolloutStep, rollOut } from '../../../src/supervisor/index.ts';
import { type Manner, settingsOf, simulatedGroup } from '../../support/simulated-group.ts';

const NAMES = ['n1', 'n2', 'n3'];
const ALL_READY = { n1: 'ready', n2: 'ready', n3: 'ready' };

async function rollout(
  manners: Record<string, Manner> = {},
  settings = NAMES.map(settingsOf),
  killedBefore?: string,
) {
  const world = simulatedGroup(NAMES);
  await world.settled(world.group.ready());
  Object.assign(world.manners, manners);
  const steps: RolloutStep[] = [];
  let fewestReady = NAMES.length;
  world.group.onEvent(() => {
    const ready = world.group.nodes().filter(({ state }) => state === 'ready').length;
    fewestReady = Math.min(fewestReady, ready);
  });
  const before = world.group.nodes();
  if (killedBefore !== undefined) {
    world.kill(killedBefore);
    await world.time.advance(10);
  }
  const { clock } = world.time;
  const result = await world.settled(
    rollOut(world.group, {
      settings,
      timeoutMs: 5_000,
      clock,
      onStep: (step) => steps.push(step),
    }),
  );
  const acts = steps.map(({ name, act }) => `${name} ${act}`);
  return { ...world, before, result, acts, fewestReady };
}

describe('a rollout', () => {
  it('replaces one node after the other, with the others ready all the while', async () => {
    const { result, acts, fewestReady, group, before, states } = await rollout();
    expect(result).toMatchObject({ ok: true, value: { replaced: NAMES } });
    const one = ['drain', 'drained', 'stop', 'start', 'ready'];
    expect(acts).toEqual(NAMES.flatMap((name) => one.map((act) => `${name} ${act}`)));
    expect(fewestReady).toBe(2);
    expect(states()).toEqual(ALL_READY);
    for (const [at, node] of group.nodes().entries()) {
      expect(node.node).toBe(before[at]?.node);
      expect(node.pid).not.toBe(before[at]?.pid);
      expect(node.restarts).toBe(0);
    }
  });

  it('starts a replaced node again when it is killed later', async () => {
    const { group, kill, settled, time } = await rollout();
    kill('n1');
    await time.advance(10);
    expect(await settled(group.whenReady('n1', 10_000))).toMatchObject({ ok: true });
    expect(group.nodes()[0]?.restarts).toBe(1);
  });

  it('whose node cannot be drained lets it work on and stops there', async () => {
    const world = simulatedGroup(NAMES, { manners: { n2: { stuckRuns: 1 } } });
    await world.settled(world.group.ready());
    const pids = () => world.group.nodes().map(({ pid }) => pid);
    const before = pids();
    const { clock } = world.time;
    const settings = NAMES.map(settingsOf);
    const result = await world.settled(rollOut(world.group, { settings, timeoutMs: 5_000, clock }));
    expect(result).toMatchObject({
      error: { code: 'REDEPLOY_FAILED', details: { node: 'n2', isBack: true } },
    });
    await world.time.advance(200);
    expect(world.states()).toEqual(ALL_READY);
    expect(pids().slice(1)).toEqual(before.slice(1));
  });

  it('gives a new life that does not start its previous settings back, and leaves the others alone', async () => {
    const wanted = NAMES.map((name) => ({ ...settingsOf(name), labels: { zone: 'b' } }));
    const refusing = { n2: { refusesLabel: 'zone' } };
    const { result, acts, group, before, states } = await rollout(refusing, wanted);
    expect(result).toMatchObject({
      error: { code: 'REDEPLOY_FAILED', details: { node: 'n2', isBack: true } },
    });
    expect(acts.slice(-4)).toEqual(['n2 start', 'n2 turn back', 'n2 ready', 'n2 failed']);
    expect(states()).toEqual(ALL_READY);
    expect(group.nodes().map(({ labels }) => labels)).toEqual([{ zone: 'b' }, {}, {}]);
    expect(group.nodes()[2]?.pid).toBe(before[2]?.pid);
  });

  it('gives a new life that ends by chance another try', async () => {
    const world = simulatedGroup(NAMES);
    await world.settled(world.group.ready());
    world.manners.n1 = { exitCode: 1 };
    world.group.onEvent((event) => {
      if (event.kind === 'state' && event.state === 'waiting') world.manners.n1 = {};
    });
    const { clock } = world.time;
    const settings = NAMES.map(settingsOf);
    const result = await world.settled(rollOut(world.group, { settings, timeoutMs: 5_000, clock }));
    expect(result).toMatchObject({ ok: true, value: { replaced: NAMES } });
    expect(world.group.nodes().map(({ restarts }) => restarts)).toEqual([1, 0, 0]);
  });

  it('says that a node is down that comes back with no settings at all', async () => {
    const { result, states } = await rollout({ n1: { exitCode: 1 } });
    expect(result).toMatchObject({
      error: { code: 'REDEPLOY_FAILED', details: { node: 'n1', isBack: false } },
    });
    expect(states()).toMatchObject({ n2: 'ready', n3: 'ready' });
    expect(states().n1).not.toBe('ready');
  });

  it('does not begin with a node while another is not ready', async () => {
    const { result, acts } = await rollout({ n3: { isMute: true } }, undefined, 'n3');
    expect(result).toMatchObject({
      error: { code: 'REDEPLOY_FAILED', details: { node: 'n1', isBack: true } },
    });
    expect(acts).toEqual(['n1 failed']);
  });

  it('in the middle of which the group is stopped starts nothing more', async () => {
    const world = simulatedGroup(NAMES);
    await world.settled(world.group.ready());
    const { clock } = world.time;
    const settings = NAMES.map(settingsOf);
    const over = rollOut(world.group, {
      settings,
      timeoutMs: 5_000,
      clock,
      onStep: ({ act }) => {
        if (act === 'stop') void world.group.stop();
      },
    });
    expect(await world.settled(over)).toMatchObject({ error: { code: 'REDEPLOY_FAILED' } });
    await world.time.advance(60_000);
    expect(world.states()).toEqual({ n1: 'stopped', n2: 'stopped', n3: 'stopped' });
    expect(world.processes.alive()).toEqual([]);
  });

  it('replaces a node that was given up', async () => {
    const world = simulatedGroup(['n1'], { manners: { n1: { exitCode: 2 } } });
    expect(await world.settled(world.group.ready())).toMatchObject({ ok: false });
    world.manners.n1 = {};
    const { clock } = world.time;
    const settings = [settingsOf('n1')];
    const result = await world.settled(rollOut(world.group, { settings, timeoutMs: 5_000, clock }));
    expect(result).toMatchObject({ ok: true });
    expect(world.states()).toEqual({ n1: 'ready' });
  });
});
