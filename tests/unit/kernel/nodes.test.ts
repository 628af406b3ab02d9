import { describe, expect, it } from 'vitest';
import { LIMITS, type NodeId, type WhileAway } from '../../../src/contracts/index.ts';
import { seededRandom, simulatedTime } from '../../../src/host/index.ts';
import {
  type ActorContext,
  ActorRef,
  ActorSystem,
  type AskResult,
  defineActor,
  joinBus,
} from '../../../src/kernel/index.ts';
import { simulatedIdentity } from '../../../src/transport/index.ts';
import { type BusFaults, lossyBus, NO_FAULTS } from '../../support/lossy-bus.ts';
import { recordingLog } from '../../support/systems.ts';

function twoNodes(faults: BusFaults = NO_FAULTS, whileAway: WhileAway = 'park') {
  const time = simulatedTime();
  const random = seededRandom('nodes');
  const wire = lossyBus(time, random.fork('bus'), faults);
  const begin = (node: string, life = 0) => {
    const { log, lines } = recordingLog();
    const ports = {
      clock: time.clock,
      timers: time.timers,
      random: random.fork(`${node}/${life}`),
    };
    const system = new ActorSystem({ node: node as NodeId, epoch: life, ports, log });
    const bus = wire.join();
    const sessions = joinBus(system, {
      cluster: 'test',
      bus,
      identity: simulatedIdentity(system.node),
      whileAway,
    });
    return { system, bus, sessions, lines };
  };
  return { time, wire, begin, alpha: begin('n-alpha'), beta: begin('n-beta') };
}

const SOME_MS = 500;

const echo = defineActor({
  kind: 'echo',
  initial: () => ({ seen: [] as unknown[] }),
  receive: {
    say: (state, what: unknown) => {
      state.seen.push(what);
      return what;
    },
    seen: ({ seen }) => seen,
    whoIs: (_state, ref: ActorRef) => ref.address,
    fail: () => {
      throw new Error('as told');
    },
    forward: (_state, to: ActorRef, ctx: ActorContext) => ctx.forward(to, 'say', 'forwarded'),
    stop: (_state, _none: undefined, ctx: ActorContext) => ctx.stop(ctx.self),
  },
});

async function settled<T>(
  time: ReturnType<typeof twoNodes>['time'],
  asked: Promise<AskResult<T>>,
): Promise<AskResult<T>> {
  await time.advance(SOME_MS);
  return asked;
}

/** The ref as another node knows it: by its address. */
function far(system: ActorSystem, ref: ActorRef): ActorRef {
  const found = system.refAt(ref.address);
  if (!found.ok) throw new Error(found.error.message);
  return found.value;
}

describe('actors of different nodes', () => {
  it('are told and asked by address, in order, whatever the bus does', async () => {
    const { time, alpha, beta } = twoNodes({ loss: 0.2, repeat: 0.2, delayMsMax: 20 });
    const target = far(alpha.system, beta.system.spawn(echo, undefined, { name: 'echo' }));
    const said = Array.from({ length: 500 }, (_, id) => ({ id, text: `no. ${id}` }));
    for (const each of said) {
      alpha.system.tell(target, 'say', each);
      if (each.id % 50 === 0) await time.advance(5);
    }
    await time.advance(5_000);
    const answer = alpha.system.ask(target, 'seen', undefined, { timeoutMs: 20_000 });
    await time.advance(10_000);
    expect(await answer).toEqual({ kind: 'answered', value: said });
  });

  it('exchange plain values, bytes and refs, and nothing else', async () => {
    const { time, alpha, beta } = twoNodes();
    const target = far(alpha.system, beta.system.spawn(echo, undefined, { name: 'echo' }));
    const here = alpha.system.spawn(echo, undefined, { name: 'here' });
    const say = (what: unknown) => settled(time, alpha.system.ask(target, 'say', what));
    for (const value of [
      undefined,
      null,
      true,
      0,
      -1.5,
      2 ** 53 - 1,
      -(2 ** 53 - 1),
      'ü\u0000',
      [],
      {},
      [[{}]],
    ]) {
      expect(await say(value)).toEqual({ kind: 'answered', value });
    }
    const bytes = await say({ bytes: new Uint8Array([1, 2, 3]) });
    expect(bytes).toMatchObject({ kind: 'answered' });
    const { value } = bytes as unknown as { readonly value: { readonly bytes: Uint8Array } };
    expect([...value.bytes]).toEqual([1, 2, 3]);
    expect(await say({ gone: undefined, list: [1, undefined] })).toEqual({
      kind: 'answered',
      value: { list: [1, null] },
    });
    expect(await settled(time, alpha.system.ask(target, 'whoIs', here))).toEqual({
      kind: 'answered',
      value: here.address,
    });
    const back = (await say({ deep: [here] })) as unknown as { value: { deep: ActorRef[] } };
    expect(back.value.deep[0]).toBeInstanceOf(ActorRef);
    expect(back.value.deep[0]).toMatchObject({ node: here.node, incarnation: here.incarnation });
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const wrong = [
      new Date(0),
      new Map(),
      () => 1,
      Symbol('no'),
      1n,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      cycle,
      { $actor: 'x' },
      JSON.parse('{"__proto__":1}'),
      new Error('no'),
      new Uint8Array(LIMITS.peerMessageBytes + 1),
    ];
    for (const value of wrong) {
      expect(await say(value)).toMatchObject({
        kind: 'not-delivered',
        error: { code: 'MESSAGE_INVALID' },
      });
    }
    expect(await say('still there')).toEqual({ kind: 'answered', value: 'still there' });
  });

  it('send up to a MiB in one message', async () => {
    const { time, alpha, beta } = twoNodes({ ...NO_FAULTS, loss: 0.1 });
    const target = far(alpha.system, beta.system.spawn(echo, undefined, { name: 'echo' }));
    const text = 'x'.repeat(2 ** 20);
    const answer = alpha.system.ask(target, 'say', text);
    await time.advance(4_000);
    expect(await answer).toEqual({ kind: 'answered', value: text });
  });

  it('tell failures apart: no such actor, a handler that throws, a stale incarnation', async () => {
    const { time, alpha, beta } = twoNodes();
    const local = beta.system.spawn(echo, undefined, { name: 'echo' });
    const nobody = alpha.system.refAt('skein://n-beta/main/root/nobody');
    if (!nobody.ok) throw new Error('no ref');
    expect(await settled(time, alpha.system.ask(nobody.value, 'say', 1))).toMatchObject({
      kind: 'not-delivered',
      error: { code: 'ACTOR_NOT_FOUND' },
    });
    const stale = new ActorRef(local.node, local.thread, local.path, local.incarnation + 5);
    expect(await settled(time, alpha.system.ask(stale, 'say', 1))).toMatchObject({
      kind: 'not-delivered',
      error: { code: 'STALE_INCARNATION' },
    });
    const target = far(alpha.system, local);
    expect(await settled(time, alpha.system.ask(target, 'fail', undefined))).toMatchObject({
      kind: 'unknown',
      error: { code: 'ACTOR_FAILED' },
    });
  });

  it('forward asks over a third node, and the answer finds its way back', async () => {
    const { time, alpha, beta, begin } = twoNodes();
    const gamma = begin('n-gamma');
    const middle = far(alpha.system, beta.system.spawn(echo, undefined, { name: 'echo' }));
    const last = gamma.system.spawn(echo, undefined, { name: 'echo' });
    const answer = await settled(time, alpha.system.ask(middle, 'forward', last));
    expect(answer).toEqual({ kind: 'answered', value: 'forwarded' });
  });

  it('watch each other, and hear of the end of an actor and of a whole peer', async () => {
    const { time, alpha, beta, begin } = twoNodes();
    const ends: string[] = [];
    const watcher = defineActor({
      kind: 'watcher',
      initial: () => undefined,
      receive: {
        watch: (_state, ref: ActorRef, ctx: ActorContext) => void ctx.watch(ref),
      },
      signals: {
        terminated: (_state, { ref, reason }) => {
          const { name } = ref;
          ends.push(`${name}: ${reason.kind === 'failed' ? reason.error.code : reason.kind}`);
        },
      },
    });
    const own = alpha.system.spawn(watcher, undefined, { name: 'watcher' });
    const [one, two] = ['one', 'two'].map((name) => beta.system.spawn(echo, undefined, { name }));
    for (const ref of [one, two]) alpha.system.tell(own, 'watch', ref as ActorRef);
    await time.advance(SOME_MS);
    beta.system.tell(one as ActorRef, 'stop');
    await time.advance(SOME_MS);
    expect(ends).toEqual(['one: normal']);
    beta.bus.cut();
    const reborn = begin('n-beta', 1);
    const target = far(reborn.system, own);
    reborn.system.tell(target, 'watch', own);
    await time.advance(2_000);
    expect(ends).toEqual(['one: normal', 'two: PEER_LOST']);
  });

  it('end asks as unknown when the peer is lost, and refuse none that can still be sent', async () => {
    const { time, alpha, beta } = twoNodes();
    const target = far(alpha.system, beta.system.spawn(echo, undefined, { name: 'echo' }));
    await settled(time, alpha.system.ask(target, 'say', 1));
    beta.bus.cut();
    const asked = alpha.system.ask(target, 'say', 2, { timeoutMs: 10 * LIMITS.peerSilentMs });
    await time.advance(LIMITS.peerSilentMs * 2);
    expect(await asked).toMatchObject({ kind: 'unknown', error: { code: 'PEER_LOST' } });
    expect(alpha.sessions.status()).toEqual([]);
    beta.bus.mend();
    expect(await settled(time, alpha.system.ask(target, 'say', 3))).toMatchObject({
      kind: 'answered',
    });
  });

  it('are refused messages beyond the bound while a peer does not keep up', async () => {
    const { time, alpha, beta } = twoNodes();
    const target = far(alpha.system, beta.system.spawn(echo, undefined, { name: 'echo' }));
    await settled(time, alpha.system.ask(target, 'say', 1));
    beta.bus.cut();
    const text = 'x'.repeat(2 ** 16);
    const results = Array.from({ length: 400 }, () => alpha.system.tell(target, 'say', text).kind);
    await time.settle();
    const later = alpha.system.tell(target, 'say', text);
    expect(later).toMatchObject({ kind: 'refused', error: { code: 'OVERLOADED' } });
    expect(results.filter((kind) => kind === 'accepted').length * 2 ** 16).toBeLessThan(
      LIMITS.linkBacklogBytes + 2 ** 20,
    );
  });

  it('keep what is private from each other, by path and all below it', async () => {
    const { time, wire, alpha } = twoNodes();
    const ports = { ...time, random: seededRandom('private') };
    const { log } = recordingLog();
    const system = new ActorSystem({ node: 'n-gamma' as NodeId, ports, log });
    const privatePaths = ['root/own', 'root/run-*'];
    const identity = simulatedIdentity(system.node);
    joinBus(system, { cluster: 'test', bus: wire.join(), identity, privatePaths });
    for (const name of ['own', 'run-1', 'owned', 'open']) system.spawn(echo, undefined, { name });
    const ask = async (path: string) => {
      const ref = alpha.system.refAt(`skein://n-gamma/main/root/${path}`);
      if (!ref.ok) throw new Error(ref.error.message);
      const answer = await settled(time, alpha.system.ask(ref.value, 'say', 1));
      return answer.kind === 'answered' ? answer.value : answer.error.code;
    };
    const found: Record<string, unknown> = {};
    for (const path of ['own', 'own/child', 'run-1', 'owned', 'open'])
      found[path] = await ask(path);
    expect(found).toEqual({
      own: 'ACTOR_PRIVATE',
      'own/child': 'ACTOR_PRIVATE',
      'run-1': 'ACTOR_PRIVATE',
      owned: 1,
      open: 1,
    });
    const within = system.refAt('skein://n-gamma/main/root/own');
    if (!within.ok) throw new Error(within.error.message);
    expect(await settled(time, system.ask(within.value, 'say', 2))).toMatchObject({ value: 2 });
  });

  it('let messages wait while the bus is away, or refuse them at once, as they were told', async () => {
    const send = async (whileAway: WhileAway) => {
      const { time, alpha, beta } = twoNodes(NO_FAULTS, whileAway);
      const ref = beta.system.spawn(echo, undefined, { name: 'echo' });
      const target = far(alpha.system, ref);
      await settled(time, alpha.system.ask(target, 'say', 'before'));
      alpha.bus.cut();
      const asked = alpha.system.ask(target, 'say', 'meanwhile');
      const told = alpha.system.tell(target, 'say', 'told').kind;
      await time.advance(SOME_MS);
      alpha.bus.mend();
      const answer = await settled(time, asked);
      const after = await settled(time, alpha.system.ask(target, 'say', 'after'));
      const seen = await settled(time, beta.system.ask(ref, 'seen', undefined));
      return { answer, told, after: after.kind, seen: seen.kind === 'answered' ? seen.value : [] };
    };
    expect(await send('park')).toEqual({
      answer: { kind: 'answered', value: 'meanwhile' },
      told: 'accepted',
      after: 'answered',
      seen: ['before', 'meanwhile', 'told', 'after'],
    });
    expect(await send('refuse')).toMatchObject({
      answer: { kind: 'not-delivered', error: { code: 'PEER_AWAY' } },
      told: 'refused',
      after: 'answered',
      seen: ['before', 'after'],
    });
  });

  it('may not stop, restart or spawn on another node, whatever a frame says', async () => {
    const { time, alpha, beta } = twoNodes();
    const local = beta.system.spawn(echo, undefined, { name: 'echo' });
    const target = far(alpha.system, local);
    await settled(time, alpha.system.ask(target, 'say', 1));
    const link = alpha.system.remote.nodes.linkTo(target);
    link?.other({
      kind: 'signal',
      to: local.path,
      incarnation: local.incarnation,
      signal: { kind: 'stop', mode: 'now', reason: { kind: 'normal' } },
    });
    link?.flush();
    await time.advance(SOME_MS);
    expect(beta.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(await settled(time, alpha.system.ask(target, 'seen', undefined))).toEqual({
      kind: 'answered',
      value: [1],
    });
  });
});
