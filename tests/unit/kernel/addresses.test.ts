import { describe, expect, it } from 'vitest';
import { type ActorContext, type ActorRef, defineActor } from '../../../src/kernel/index.ts';
import { join, testSystem, twoThreads } from '../../support/systems.ts';

const echo = defineActor({
  kind: 'echo',
  initial: (_none: void, _ctx: ActorContext) => ({}),
  receive: {
    echo: (_state, text: string) => text,
    child: (_state, _none: void, ctx): string => ctx.spawn(echo, undefined).address,
    end: (_state, _none: void, ctx) => ctx.stop(),
  },
});

describe('addresses', () => {
  it('of actors without a name of their own find them, as long as they live', async () => {
    const { system, time } = testSystem();
    const parent = system.spawn(echo, undefined);
    expect(parent.name).toMatch(/^\$\d+$/);
    const asked = system.ask(parent, 'child', undefined);
    await time.settle();
    const answer = await asked;
    if (answer.kind !== 'answered') throw new Error('it has a child');
    for (const address of [parent.address, answer.value]) {
      const ref = system.refAt(address);
      if (!ref.ok) throw new Error(ref.error.message);
      const echoed = system.ask(ref.value, 'echo', 'here');
      await time.settle();
      expect(await echoed).toEqual({ kind: 'answered', value: 'here' });
    }
    system.tell(parent, 'end');
    await time.settle();
    const ref = system.refAt(answer.value);
    const late = ref.ok ? system.ask(ref.value, 'echo', 'late') : undefined;
    await time.settle();
    expect(await late).toMatchObject({
      kind: 'not-delivered',
      error: { code: 'ACTOR_NOT_FOUND' },
    });
  });

  it('cannot be chosen to look like a generated one', () => {
    const { system } = testSystem();
    expect(() => system.spawn(echo, undefined, { name: '$7' })).toThrow(/name/);
    for (const bad of ['$', '$x', '$-1', '$1$'])
      expect(system.refAt(`skein://n/main/root/${bad}`).ok).toBe(false);
  });
});

describe('an ask that is forwarded to a third thread', () => {
  it('is answered through the one in the middle, also when the deadline passes', async () => {
    const { main, other, time } = twoThreads();
    const third = testSystem(time, 't2');
    join(other.system, third.system);
    const far = third.system.spawn(echo, undefined, { name: 'far' });
    const silent = defineActor({
      kind: 'silent',
      initial: (_none: void, _ctx: ActorContext) => ({}),
      receive: { echo: () => new Promise<string>(() => undefined) },
    });
    const mute = third.system.spawn(silent, undefined, { name: 'mute' });
    const middle = other.system.spawn(
      defineActor({
        kind: 'middle',
        initial: (to: { far: ActorRef; mute: ActorRef }, _ctx: ActorContext) => to,
        receive: {
          far: (to, text: string, ctx) => ctx.forward(to.far, 'echo', text),
          mute: (to, text: string, ctx) => ctx.forward(to.mute, 'echo', text),
        },
      }),
      { far, mute },
      { name: 'middle' },
    );
    const ref = main.system.refAt(middle.address);
    if (!ref.ok) throw new Error(ref.error.message);
    const answers = ['a', 'b'].map((text) => main.system.ask(ref.value, 'far', text));
    const never = main.system.ask(ref.value, 'mute', 'c', { timeoutMs: 500 });
    await time.settle();
    expect(await Promise.all(answers)).toEqual([
      { kind: 'answered', value: 'a' },
      { kind: 'answered', value: 'b' },
    ]);
    await time.advance(1_000);
    expect(await never).toMatchObject({ kind: 'unknown', error: { code: 'ASK_TIMEOUT' } });
    expect(other.system.pendingAsks).toBe(0);
  });
});

it('a message from another thread finds an actor by the ref that was sent there', async () => {
  const { main, other, time } = twoThreads();
  const caller = other.system.spawn(
    defineActor({
      kind: 'caller',
      initial: (_none: void, _ctx: ActorContext) => ({}),
      receive: { call: (_state, to: ActorRef, ctx) => ctx.ask(to, 'echo', 'hi') },
    }),
    undefined,
    { name: 'caller' },
  );
  const ref = main.system.refAt(caller.address);
  if (!ref.ok) throw new Error(ref.error.message);
  const unnamed = main.system.spawn(echo, undefined);
  const answer = main.system.ask(ref.value, 'call', unnamed);
  await time.settle();
  expect(await answer).toMatchObject({
    kind: 'answered',
    value: { kind: 'answered', value: 'hi' },
  });
});
