import { describe, expect, it } from 'vitest';
import { type ActorContext, defineActor } from '../../../src/kernel/index.ts';
import { testSystem } from '../../support/systems.ts';

const counter = defineActor({
  kind: 'counter',
  initial: (args: { start: number }) => ({ count: args.start }),
  receive: {
    add: (state, by: number) => {
      state.count += by;
    },
    get: (state) => state.count,
    slowly: async (state, by: number) => {
      await Promise.resolve();
      state.count += by;
      return state.count;
    },
    fail: () => {
      throw new RangeError('out of range');
    },
  },
});

describe('tell and ask', () => {
  it('runs messages in the order they were sent and answers an ask with the handler’s value', async () => {
    const { system, time } = testSystem();
    const ref = system.spawn(counter, { start: 1 });
    system.tell(ref, 'add', 2);
    system.tell(ref, 'add', 3);
    const result = system.ask(ref, 'get', undefined);
    await time.settle();
    expect(await result).toEqual({ kind: 'answered', value: 6 });
  });

  it('runs no other message of an actor while a handler awaits', async () => {
    const { system, time } = testSystem();
    const ref = system.spawn(counter, { start: 0 });
    const first = system.ask(ref, 'slowly', 10);
    const second = system.ask(ref, 'get', undefined);
    await time.settle();
    expect(await first).toEqual({ kind: 'answered', value: 10 });
    expect(await second).toEqual({ kind: 'answered', value: 10 });
  });

  it('answers unknown when the handler throws, since part of the work may have happened', async () => {
    const { system, time } = testSystem();
    const ref = system.spawn(counter, { start: 0 });
    const result = system.ask(ref, 'fail', undefined);
    await time.settle();
    expect(await result).toMatchObject({ kind: 'unknown', error: { code: 'ACTOR_FAILED' } });
  });

  it('answers not-delivered when nobody lives at the address', async () => {
    const { system, time } = testSystem();
    const nobody = system.refAt('skein://n-test/main/root/nobody');
    if (!nobody.ok) throw new Error('address');
    const result = system.ask(nobody.value, 'get', undefined);
    await time.settle();
    expect(await result).toMatchObject({
      kind: 'not-delivered',
      error: { code: 'ACTOR_NOT_FOUND' },
    });
  });

  it('answers unknown when no answer came before the deadline', async () => {
    const { system, time } = testSystem();
    const never = defineActor({
      kind: 'never',
      initial: () => ({}),
      receive: { ask: () => new Promise<number>(() => undefined) },
    });
    const result = system.ask(system.spawn(never, undefined), 'ask', undefined, { timeoutMs: 100 });
    await time.advance(200);
    expect(await result).toMatchObject({ kind: 'unknown', error: { code: 'ASK_TIMEOUT' } });
  });

  it('drops work whose deadline passed in the mailbox, and does not run it', async () => {
    const { system, time } = testSystem();
    const ran: string[] = [];
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = defineActor({
      kind: 'slow',
      initial: () => ({}),
      receive: {
        hold: () => gate,
        work: (_state, name: string) => {
          ran.push(name);
        },
      },
    });
    const ref = system.spawn(slow, undefined);
    system.tell(ref, 'hold');
    const late = system.ask(ref, 'work', 'late', { timeoutMs: 50 });
    const inTime = system.ask(ref, 'work', 'in time', { timeoutMs: 5_000 });
    await time.advance(100);
    release();
    await time.settle();
    expect(await late).toMatchObject({ kind: 'unknown' });
    expect(await inTime).toMatchObject({ kind: 'answered' });
    expect(ran).toEqual(['in time']);
  });

  it('lets a nested ask wait no longer than the message it belongs to', async () => {
    const { system, time } = testSystem();
    const never = defineActor({
      kind: 'never',
      initial: () => ({}),
      receive: { ask: () => new Promise<number>(() => undefined) },
    });
    const outer = defineActor({
      kind: 'outer',
      initial: (_args: undefined, ctx: ActorContext) => ({ inner: ctx.spawn(never, undefined) }),
      receive: {
        ask: async (state, _none: undefined, ctx) => {
          const startMs = ctx.clock.monotonicMs();
          const result = await ctx.ask(state.inner, 'ask', undefined, { timeoutMs: 60_000 });
          seen.push({ kind: result.kind, waitedMs: ctx.clock.monotonicMs() - startMs });
        },
      },
    });
    const seen: { kind: string; waitedMs: number }[] = [];
    const result = system.ask(system.spawn(outer, undefined), 'ask', undefined, { timeoutMs: 500 });
    await time.advance(1_000);
    expect((await result).kind).toBe('unknown');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.kind).toBe('unknown');
    expect(seen[0]?.waitedMs).toBeLessThanOrEqual(510);
  });

  it('hands an ask on with forward, and the other actor answers the asker', async () => {
    const { system, time } = testSystem();
    const router = defineActor({
      kind: 'router',
      initial: (_args: undefined, ctx: ActorContext) => ({ to: ctx.spawn(counter, { start: 7 }) }),
      receive: { get: (state, _none: undefined, ctx) => ctx.forward(state.to, 'get') },
    });
    const result = system.ask(system.spawn(router, undefined), 'get', undefined);
    await time.settle();
    expect(await result).toEqual({ kind: 'answered', value: 7 });
  });

  it('ends the turn at once with replyLater, and answers when the promise settles', async () => {
    const { system, time } = testSystem();
    let open = (_value: string): void => undefined;
    const gate = new Promise<string>((resolve) => {
      open = resolve;
    });
    const host = defineActor({
      kind: 'host',
      initial: () => ({ turns: 0 }),
      receive: {
        wait: (_state, _none: undefined, ctx) => ctx.replyLater(gate),
        touch: (state) => ++state.turns,
      },
    });
    const ref = system.spawn(host, undefined);
    const waits = system.ask(ref, 'wait', undefined);
    const touches = system.ask(ref, 'touch', undefined);
    await time.settle();
    expect(await touches).toEqual({ kind: 'answered', value: 1 });
    open('later');
    await time.settle();
    expect(await waits).toEqual({ kind: 'answered', value: 'later' });
  });

  it('treats a message named like an inherited property as unhandled', async () => {
    const { system, time } = testSystem();
    const ref = system.spawn(counter, { start: 0 });
    for (const type of ['toString', 'constructor', '__proto__', 'hasOwnProperty']) {
      const result = system.ask(ref as never, type as never, undefined as never);
      await time.settle();
      expect(await result).toMatchObject({ error: { code: 'MESSAGE_UNHANDLED' } });
    }
  });
});

describe('behaviour and stash', () => {
  const door = defineActor({
    kind: 'door',
    initial: () => ({ entered: [] as string[] }),
    receive: {
      open: (_state, _none: void, ctx) => {
        ctx.become('opened');
        ctx.unstashAll();
      },
      enter: (_state, _name: string, ctx) => ctx.stash(),
      who: (state) => [...state.entered],
    },
    behaviours: {
      opened: {
        enter: (state, name: string) => {
          state.entered.push(name);
          return state.entered.length;
        },
        who: (state) => [...state.entered],
      },
    },
  });

  it('puts stashed messages back in their order, in front of later ones, with their asks open', async () => {
    const { system, time } = testSystem();
    const ref = system.spawn(door, undefined);
    const ann = system.ask(ref, 'enter', 'ann');
    system.tell(ref, 'enter', 'bob');
    system.tell(ref, 'open');
    system.tell(ref, 'enter', 'cy');
    const who = system.ask(ref, 'who', undefined);
    await time.settle();
    expect(await who).toEqual({ kind: 'answered', value: ['ann', 'bob', 'cy'] });
    expect(await ann).toEqual({ kind: 'answered', value: 1 });
  });

  it('refuses what the behaviour does not handle, and names the behaviour', async () => {
    const { system, time } = testSystem();
    const ref = system.spawn(door, undefined);
    system.tell(ref, 'open');
    system.tell(ref, 'open');
    await time.settle();
    expect(system.deadLetters.list()[0]?.reason).toMatchObject({
      code: 'MESSAGE_UNHANDLED',
      details: { behaviour: 'opened' },
    });
  });

  it('gives a message back when the stash is full', async () => {
    const { system, time } = testSystem();
    const ref = system.spawn(door, undefined);
    for (let i = 0; i < 101; i++) system.tell(ref, 'enter', `guest ${i}`);
    await time.settle();
    expect(system.deadLetters.list().map((letter) => letter.reason.code)).toEqual(['STASH_FULL']);
  });
});

describe('timers', () => {
  it('delivers a named timer as a message, once, and a replaced one not at all', async () => {
    const { system, time } = testSystem();
    const seen: string[] = [];
    const alarm = defineActor({
      kind: 'alarm',
      initial: (_args: undefined, ctx: ActorContext) => {
        ctx.after('a', 100, 'ring', 'replaced');
        ctx.after('a', 200, 'ring', 'kept');
        ctx.every('b', 90, 'ring', 'beat');
        return {};
      },
      receive: {
        ring: (_state, what: string) => {
          seen.push(what);
        },
        quiet: (_state, _none: void, ctx) => ctx.cancelTimer('b'),
      },
    });
    const ref = system.spawn(alarm, undefined);
    await time.advance(200);
    expect(seen).toEqual(['beat', 'beat', 'kept']);
    system.tell(ref, 'quiet');
    await time.advance(1_000);
    expect(seen).toHaveLength(3);
    expect(time.pendingTimers()).toBe(0);
  });
});
