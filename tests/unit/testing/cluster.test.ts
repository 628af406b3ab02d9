import { describe, expect, it } from 'vitest';
import { type ActorContext, type ActorRef, defineActor } from '../../../src/index.ts';
import { probe, settled, type TestCluster, testCluster } from '../../../src/testing.ts';

const counter = defineActor({
  kind: 'counter',
  initial: () => ({ numbers: [] as number[] }),
  receive: {
    add: (state, number: number) => state.numbers.push(number),
    numbers: (state) => state.numbers,
    pass: (_state, { to, text }: { to: ActorRef; text: string }, ctx: ActorContext) =>
      void ctx.tell(to, 'text', text),
    end: (_state, _none: undefined, ctx: ActorContext) => ctx.stop(),
  },
});

const inMs = (cluster: TestCluster, what: Promise<unknown>, withinMs: number) =>
  settled(cluster, what, { withinMs });

function twoNodes(seed = 1) {
  const cluster = testCluster({ nodes: ['here', 'there'], seed });
  const [here, there] = [cluster.node('here'), cluster.node('there')];
  return { cluster, here, there, far: there.system.spawn(counter, undefined, { name: 'counter' }) };
}

describe('a test cluster', () => {
  it('joins its nodes: an actor of one is asked from another', async () => {
    const { cluster, here, far } = twoNodes();
    here.system.tell(far, 'add', 7);
    const asked = here.system.ask(far, 'numbers', undefined);
    expect(await inMs(cluster, asked, 1_000)).toEqual({ kind: 'answered', value: [7] });
    expect(cluster.packets.carried).toBeGreaterThan(0);
  });

  it('has probes on each node that are reached from the others', async () => {
    const { here, far } = twoNodes();
    const inbox = probe(here, ['text']);
    inbox.tell(far, 'pass', { to: inbox.ref, text: 'over there and back' });
    const { payload, sender } = await inbox.next('text');
    expect([payload, sender?.address]).toEqual(['over there and back', far.address]);
    inbox.watch(far);
    await here.time.advance(10);
    here.system.tell(far, 'end');
    expect(await inbox.expectTerminated(far)).toEqual({ kind: 'normal' });
  });

  it('brings everything once and in order although packets are lost, repeated and delayed', async () => {
    const { cluster, here, far } = twoNodes(3);
    cluster.lose(0.3);
    cluster.repeat(0.3);
    cluster.delay({ minMs: 1, maxMs: 40 });
    const sent = Array.from({ length: 200 }, (_, at) => at);
    for (const number of sent) {
      here.system.tell(far, 'add', number);
      await cluster.advance(3);
    }
    await cluster.advance(5_000);
    cluster.heal();
    const asked = here.system.ask(far, 'numbers', undefined);
    expect(await inMs(cluster, asked, 5_000)).toEqual({ kind: 'answered', value: sent });
    const { lost, repeated } = cluster.packets;
    expect(Math.min(lost, repeated)).toBeGreaterThan(10);
  });

  it('takes as long as its links are told to', async () => {
    const { cluster, here, far } = twoNodes();
    await inMs(cluster, here.system.ask(far, 'numbers', undefined), 1_000);
    cluster.delay({ minMs: 100, maxMs: 100 });
    const beforeMs = cluster.time.clock.monotonicMs();
    await inMs(cluster, here.system.ask(far, 'numbers', undefined), 1_000);
    const tookMs = cluster.time.clock.monotonicMs() - beforeMs;
    expect(tookMs).toBeGreaterThanOrEqual(200);
    expect(tookMs).toBeLessThan(230);
  });

  it('keeps apart what is partitioned, either way, until it is healed', async () => {
    const { cluster, here, there, far } = twoNodes();
    const inbox = probe(here, ['text']);
    await inMs(cluster, here.system.ask(far, 'numbers', undefined), 1_000);
    cluster.partition('here', 'there');
    there.system.tell(inbox.ref, 'text', 'from the other side');
    await inbox.expectNone(2_000);
    const cut = here.system.ask(far, 'numbers', undefined, { timeoutMs: 2_000 });
    expect(await inMs(cluster, cut, 2_100)).toMatchObject({ error: { code: 'ASK_TIMEOUT' } });
    cluster.heal();
    const whole = here.system.ask(far, 'numbers', undefined);
    expect(await inMs(cluster, whole, 4_000)).toMatchObject({ kind: 'answered' });
    await inbox.next('text');
  });

  it('cuts one direction alone: the work is done, the answer does not come', async () => {
    const { cluster, here, far } = twoNodes();
    await inMs(cluster, here.system.ask(far, 'numbers', undefined), 1_000);
    cluster.partitionOneWay('there', 'here');
    const asked = here.system.ask(far, 'add', 5, { timeoutMs: 1_000 });
    expect(await inMs(cluster, asked, 1_100)).toMatchObject({ kind: 'unknown' });
    cluster.heal();
    const numbers = here.system.ask(far, 'numbers', undefined);
    expect(await inMs(cluster, numbers, 4_000)).toMatchObject({ value: [5] });
  });

  it('loses with a crash what the node knew, and refs to its earlier life are stale', async () => {
    const { cluster, here, there, far } = twoNodes();
    await inMs(cluster, here.system.ask(far, 'add', 1), 1_000);
    cluster.crash('there');
    expect(there.isAlive).toBe(false);
    const again = cluster.restart('there');
    expect(cluster.node('there')).toBe(again);
    const fresh = again.system.spawn(counter, undefined, { name: 'counter' });
    const lost = await inMs(cluster, here.system.ask(far, 'numbers', undefined), 10_000);
    expect(lost).toMatchObject({ kind: 'unknown', error: { code: 'PEER_LOST' } });
    const stale = await inMs(cluster, here.system.ask(far, 'numbers', undefined), 10_000);
    expect(stale).toMatchObject({ kind: 'not-delivered', error: { code: 'STALE_INCARNATION' } });
    const asked = here.system.ask(fresh, 'numbers', undefined);
    expect(await inMs(cluster, asked, 10_000)).toEqual({ kind: 'answered', value: [] });
  });

  it('lets a node that hung do at once what fell due meanwhile', async () => {
    const { cluster, here, far } = twoNodes();
    await inMs(cluster, here.system.ask(far, 'numbers', undefined), 1_000);
    cluster.hang('there');
    const asked = here.system.ask(far, 'numbers', undefined);
    await expect(inMs(cluster, asked, 3_000)).rejects.toThrow('still pending');
    cluster.wake('there');
    expect(await inMs(cluster, asked, 100)).toMatchObject({ kind: 'answered' });
  });

  it('does the same again from the same seed, and something else from another', async () => {
    const run = async (seed: number) => {
      const { cluster, here, far } = twoNodes(seed);
      cluster.lose(0.2);
      cluster.delay({ minMs: 1, maxMs: 50 });
      const asks = Array.from({ length: 20 }, (_, at) => here.system.ask(far, 'add', at));
      await inMs(cluster, Promise.all(asks), 30_000);
      return JSON.stringify([cluster.time.clock.monotonicMs(), cluster.packets]);
    };
    expect(await run(5)).toBe(await run(5));
    expect(await run(5)).not.toBe(await run(6));
  });

  it('ends all nodes in order', async () => {
    const { cluster, here, there, far } = twoNodes();
    await inMs(cluster, here.system.ask(far, 'numbers', undefined), 1_000);
    await cluster.stop();
    expect([here.system.actorCount, there.system.actorCount]).toEqual([0, 0]);
  });

  it.each([
    ['a name twice', { nodes: ['a', 'a'] }],
    ['no node', { nodes: 0 }],
    ['too many nodes', { nodes: 101 }],
    ['a share over one', { faults: { lose: 1.5 } }],
    ['a delay that ends before it begins', { faults: { delay: { minMs: 2, maxMs: 1 } } }],
  ])('refuses %s', (_, options) => {
    expect(() => testCluster(options)).toThrow(/^argument (nodes|lose|delay): found /);
  });

  it('names the nodes there are when it is asked for another', () => {
    expect(() => testCluster({ nodes: 2 }).crash('n-3')).toThrow(
      'argument node: found "n-3", expected one of n-1, n-2',
    );
  });
});
