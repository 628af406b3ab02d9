import { describe, expect, it } from 'vitest';
import {
  type ActorContext,
  type ActorRef,
  defineActor,
  LIFECYCLE,
  type LifecycleEvent,
  type LifecycleState,
  permits,
  transition,
} from '../../../src/kernel/index.ts';
import { join, testSystem, twoThreads } from '../../support/systems.ts';

const gated = (overflow: 'refuse' | 'drop-oldest' | 'block-sender', ran: number[]) => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const actor = defineActor({
    kind: 'gated',
    initial: () => ({}),
    receive: {
      hold: () => gate,
      work: (_state, n: number) => {
        ran.push(n);
      },
    },
    mailbox: { capacity: 2, overflow },
  });
  return { actor, open: () => open() };
};

describe('the lifecycle table', () => {
  const states = Object.keys(LIFECYCLE) as LifecycleState[];
  const events: LifecycleEvent[] = [
    'started',
    'failed',
    'resume',
    'restart',
    'children-stopped',
    'passivate',
    'wake',
    'drain',
    'stop',
    'ended',
  ];

  it('names a known state for each event it permits, and refuses every other', () => {
    for (const state of states) {
      for (const event of events) {
        if (permits(state, event)) expect(states).toContain(transition(state, event));
        else
          expect(() => transition(state, event)).toThrow(
            `an actor that is ${state} cannot meet the event ${event}`,
          );
      }
    }
  });

  it('lets every state but the last reach the end', () => {
    const reaches = (from: LifecycleState, seen = new Set<string>()): boolean => {
      if (from === 'stopped') return true;
      if (seen.has(from)) return false;
      seen.add(from);
      return Object.values(LIFECYCLE[from]).some((next) => reaches(next as LifecycleState, seen));
    };
    for (const state of states) expect(reaches(state), state).toBe(true);
  });
});

describe('a full mailbox', () => {
  it('refuses by default and tells sender and dead letters', async () => {
    const { system, time } = testSystem();
    const ran: number[] = [];
    const { actor, open } = gated('refuse', ran);
    const ref = system.spawn(actor, undefined);
    system.tell(ref, 'hold');
    await time.settle();
    const sent = [1, 2, 3].map((n) => system.tell(ref, 'work', n).kind);
    expect(sent).toEqual(['accepted', 'accepted', 'refused']);
    open();
    await time.settle();
    expect(ran).toEqual([1, 2]);
    expect(system.deadLetters.list()).toMatchObject([
      { type: 'work', reason: { code: 'MAILBOX_FULL' } },
    ]);
  });

  it('drops the oldest under drop-oldest', async () => {
    const { system, time } = testSystem();
    const ran: number[] = [];
    const { actor, open } = gated('drop-oldest', ran);
    const ref = system.spawn(actor, undefined);
    system.tell(ref, 'hold');
    await time.settle();
    for (const n of [1, 2, 3, 4]) system.tell(ref, 'work', n);
    open();
    await time.settle();
    expect(ran).toEqual([3, 4]);
  });

  it('holds back a blocked sender until there is room, and loses nothing', async () => {
    const { system, time } = testSystem();
    const ran: number[] = [];
    const { actor, open } = gated('block-sender', ran);
    const ref = system.spawn(actor, undefined);
    const turns: number[] = [];
    const sender = defineActor({
      kind: 'sender',
      initial: () => ({}),
      receive: {
        send: (_state, n: number, ctx) => {
          turns.push(n);
          return ctx.tell(ref, 'work', n).kind;
        },
      },
    });
    system.tell(ref, 'hold');
    const from = system.spawn(sender, undefined);
    for (const n of [1, 2, 3, 4, 5]) system.tell(from, 'send', n);
    await time.settle();
    expect(turns).toEqual([1, 2, 3]);
    open();
    await time.settle();
    expect(turns).toEqual([1, 2, 3, 4, 5]);
    expect(ran).toEqual([1, 2, 3, 4, 5]);
  });

  it('cannot hold up a stop', async () => {
    const { system, time } = testSystem();
    const ended: string[] = [];
    const busy = defineActor({
      kind: 'busy',
      initial: () => ({}),
      receive: {
        spin: (_state, _none: void, ctx) => {
          ctx.tell(ctx.self, 'spin');
          if (ctx.clock.monotonicMs() === 0) ctx.stop();
        },
      },
      signals: {
        stopped: () => {
          ended.push('stopped');
        },
      },
    });
    system.tell(system.spawn(busy, undefined), 'spin');
    await time.settle();
    expect(ended).toEqual(['stopped']);
  });
});

describe('dispatch', () => {
  it('gives others their turn beside an actor that never runs out of messages', async () => {
    const { system, time } = testSystem();
    let spins = 0;
    const spinner = defineActor({
      kind: 'spinner',
      initial: () => ({}),
      receive: {
        spin: (_state, _none: void, ctx) => {
          if (++spins < 100_000) ctx.tell(ctx.self, 'spin');
        },
      },
    });
    const quiet = defineActor({ kind: 'quiet', initial: () => ({}), receive: { at: () => spins } });
    system.tell(system.spawn(spinner, undefined), 'spin');
    const answer = system.ask(system.spawn(quiet, undefined), 'at', undefined);
    await time.settle();
    const seen = await answer;
    expect(seen.kind).toBe('answered');
    if (seen.kind === 'answered') expect(seen.value).toBeLessThan(1_000);
    expect(spins).toBe(100_000);
  });
});

describe('death watch and dead letters', () => {
  it('tells of an end once, and at once of an actor that never was', async () => {
    const { system, time } = testSystem();
    const ends: string[] = [];
    const mortal = defineActor({
      kind: 'mortal',
      initial: () => ({}),
      receive: { die: (_s, _n: void, ctx) => ctx.stop() },
    });
    const watcher = defineActor({
      kind: 'watcher',
      initial: (refs: readonly ActorRef[], ctx: ActorContext) => {
        for (const ref of refs) ctx.watch(ref);
        return {};
      },
      receive: {},
      signals: {
        terminated: (_state, { ref, reason }) => {
          ends.push(`${ref.name} ${reason.kind}`);
        },
      },
    });
    const ref = system.spawn(mortal, undefined, { name: 'mortal' });
    const nobody = system.refAt('skein://n-test/main/root/nobody');
    if (!nobody.ok) throw new Error('address');
    system.spawn(watcher, [ref, nobody.value]);
    await time.settle();
    system.tell(ref, 'die');
    await time.settle();
    expect(ends).toEqual(['nobody failed', 'mortal normal']);
  });

  it('keeps dead letters that can be sent again once somebody lives there', async () => {
    const { system, time } = testSystem();
    const got: string[] = [];
    const late = defineActor({
      kind: 'late',
      initial: () => ({}),
      receive: {
        hear: (_state, text: string) => {
          got.push(text);
        },
      },
    });
    const address = system.refAt('skein://n-test/main/root/late');
    if (!address.ok) throw new Error('address');
    system.tell(address.value, 'hear', 'early bird');
    const [letter] = system.deadLetters.list();
    expect(letter).toMatchObject({ type: 'hear', reason: { code: 'ACTOR_NOT_FOUND' } });
    system.spawn(late, undefined, { name: 'late' });
    expect(system.resend(letter?.id ?? 0)?.kind).toBe('accepted');
    await time.settle();
    expect(got).toEqual(['early bird']);
    expect(system.deadLetters.list()).toEqual([]);
  });

  it('does not give a message for an earlier incarnation to a later one', async () => {
    const { system, time } = testSystem();
    const mortal = defineActor({
      kind: 'mortal',
      initial: () => ({}),
      receive: { die: (_s, _n: void, ctx) => ctx.stop() },
    });
    const first = system.spawn(mortal, undefined, { name: 'same' });
    system.tell(first, 'die');
    await time.settle();
    system.spawn(mortal, undefined, { name: 'same' });
    const result = system.ask(first, 'die', undefined);
    await time.settle();
    expect(await result).toMatchObject({
      kind: 'not-delivered',
      error: { code: 'STALE_INCARNATION' },
    });
  });
});

describe('passivation', () => {
  it('gives up the state of an idle actor and wakes it with its snapshot', async () => {
    const { system, time } = testSystem();
    const starts: unknown[] = [];
    const sleeper = defineActor({
      kind: 'sleeper',
      initial: (_args: undefined, ctx: ActorContext) => {
        starts.push(ctx.snapshot);
        return { count: (ctx.snapshot as number | undefined) ?? 0 };
      },
      receive: { count: (state) => ++state.count },
      signals: { passivated: (state) => state.count },
      passivateAfterIdleMs: 1_000,
    });
    const ref = system.spawn(sleeper, undefined);
    system.tell(ref, 'count');
    await time.advance(3_000);
    const answer = system.ask(ref, 'count', undefined);
    await time.settle();
    expect(await answer).toEqual({ kind: 'answered', value: 2 });
    expect(starts).toEqual([undefined, 1]);
  });
});

describe('shutdown', () => {
  it('ends the youngest first, works off mailboxes, and leaves nothing', async () => {
    const { system, time } = testSystem();
    const log: string[] = [];
    const worker = defineActor({
      kind: 'worker',
      initial: (name: string) => name,
      receive: {
        work: async (name, n: number) => {
          await Promise.resolve();
          log.push(`${name} ${n}`);
        },
      },
      signals: {
        stopped: (name) => {
          log.push(`${name} stopped`);
        },
      },
    });
    const refs = ['a', 'b'].map((name) => system.spawn(worker, name, { name }));
    for (const ref of refs) for (const n of [1, 2]) system.tell(ref, 'work', n);
    const end = system.shutdown({ drainMs: 1_000 });
    await time.settle();
    expect((await end).reason.kind).toBe('shutdown');
    expect(log.filter((line) => line.endsWith('stopped'))).toEqual(['b stopped', 'a stopped']);
    expect(log.filter((line) => !line.endsWith('stopped')).sort()).toEqual([
      'a 1',
      'a 2',
      'b 1',
      'b 2',
    ]);
    expect(system.actorCount).toBe(0);
    await time.advance(2_000);
    expect(time.pendingTimers()).toBe(0);
  });

  it('sends what is left to the dead letters when the time is up', async () => {
    const { system, time } = testSystem();
    const stuck = defineActor({
      kind: 'stuck',
      initial: () => ({}),
      receive: { hang: () => new Promise<never>(() => undefined), more: () => undefined },
    });
    const ref = system.spawn(stuck, undefined);
    const hang = system.ask(ref, 'hang', undefined, { timeoutMs: 60_000 });
    system.tell(ref, 'more');
    const end = system.shutdown({ drainMs: 500 });
    await time.advance(600);
    expect((await end).reason.kind).toBe('shutdown');
    expect((await hang).kind).toBe('unknown');
    expect(system.deadLetters.list()).toMatchObject([
      { type: 'more', reason: { code: 'ACTOR_STOPPED' } },
    ]);
  });
});

describe('a link between two threads', () => {
  it('ends asks as unknown when the thread is lost, and finds its actors again after it is back', async () => {
    const { main, other, time } = twoThreads();
    const remote = defineActor({
      kind: 'remote',
      initial: () => ({}),
      receive: { wait: () => new Promise<never>(() => undefined), ping: () => 'pong' },
    });
    const there = other.system.spawn(remote, undefined, { name: 'remote' });
    const ref = main.system.refAt(there.address);
    if (!ref.ok) throw new Error('address');
    const ping = main.system.ask(ref.value, 'ping', undefined);
    await time.settle();
    expect(await ping).toEqual({ kind: 'answered', value: 'pong' });
    const wait = main.system.ask(ref.value, 'wait', undefined, { timeoutMs: 60_000 });
    await time.settle();
    const exit = { kind: 'threw', message: 'gone' } as const;
    main.system.threadLost(other.system.thread, { kind: 'thread', thread: 't1', exit }, 'gone');
    await time.settle();
    expect(await wait).toMatchObject({ kind: 'unknown', error: { code: 'THREAD_LOST' } });
    const refused = main.system.ask(ref.value, 'ping', undefined);
    await time.settle();
    expect(await refused).toMatchObject({ kind: 'not-delivered', error: { code: 'LINK_CLOSED' } });
    const again = testSystem(time, 't1', 1);
    again.system.spawn(remote, undefined, { name: 'remote' });
    join(main.system, again.system);
    const back = main.system.ask(ref.value, 'ping', undefined);
    await time.settle();
    expect(await back).toEqual({ kind: 'answered', value: 'pong' });
  });
});
