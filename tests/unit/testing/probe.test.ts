import { describe, expect, it } from 'vitest';
import { type ActorContext, type ActorRef, defineActor } from '../../../src/index.ts';
import { ExpectationFailed, probe, settled, testSystem } from '../../../src/testing.ts';

const clerk = defineActor({
  kind: 'clerk',
  initial: (args: { readonly reportTo: ActorRef }) => args,
  receive: {
    later: ({ reportTo }, afterMs: number, ctx: ActorContext) => {
      ctx.after(`in ${afterMs}`, afterMs, 'report', reportTo);
    },
    report: (_state, to: ActorRef, ctx: ActorContext) => void ctx.tell(to, 'done', { by: 'clerk' }),
    quote: ({ reportTo }, _none: undefined, ctx: ActorContext) =>
      ctx.replyLater(ctx.ask(reportTo, 'price', 'tea')),
    echo: (_state, text: string, ctx: ActorContext) =>
      ctx.sender && ctx.tell(ctx.sender, 'done', text),
    end: (_state, _none: undefined, ctx: ActorContext) => ctx.stop(),
    fail: () => {
      throw new RangeError('as told');
    },
  },
});

function world() {
  const kit = testSystem({ seed: 'probe' });
  const customer = probe(kit, ['done', 'price'], { name: 'customer' });
  const ref = kit.system.spawn(clerk, { reportTo: customer.ref }, { name: 'clerk' });
  return { kit, customer, ref, ...kit };
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (thrown) => thrown,
  );

describe('a probe', () => {
  it('moves time on until the next message is there, and no further', async () => {
    const { customer, system, ref, time } = world();
    system.tell(ref, 'later', 1_503);
    const message = await customer.next('done');
    expect(message).toMatchObject({ type: 'done', payload: { by: 'clerk' }, atMs: 1_503 });
    expect(message.sender?.address).toBe(ref.address);
    expect(time.clock.monotonicMs()).toBe(1_503);
  });

  it('gives messages one by one and keeps all of them', async () => {
    const { customer, system, ref } = world();
    for (const afterMs of [30, 10, 20]) system.tell(ref, 'later', afterMs);
    const atMs = [await customer.next(), await customer.next(), await customer.next()];
    expect(atMs.map((message) => message.atMs)).toEqual([10, 20, 30]);
    expect(customer.received).toEqual(atMs);
  });

  it('says what was expected and for how long when nothing comes', async () => {
    const { customer, system, ref, time } = world();
    system.tell(ref, 'later', 251);
    const thrown = await failureOf(customer.next('done', { withinMs: 250 }));
    expect(thrown).toBeInstanceOf(ExpectationFailed);
    expect(thrown).toMatchObject({
      message: 'expected a message done within 250 ms; found none',
    });
    expect(time.clock.monotonicMs()).toBe(250);
    await customer.next('done', { withinMs: 1 });
  });

  it('names the message of another type that came first, and leaves it to be taken', async () => {
    const { customer, system } = world();
    system.tell(customer.ref, 'done', 1);
    system.tell(customer.ref, 'done', { a: [2] });
    await customer.next('done');
    const thrown = await failureOf(customer.next('price'));
    expect(thrown).toMatchObject({
      expected: 'a message price within 3000 ms',
      found: 'done {"a":[2]} at 0 ms; before it: done 1 at 0 ms',
    });
    expect((await customer.next('done')).payload).toEqual({ a: [2] });
  });

  it('names messages of types that it was not told to take', async () => {
    const { customer, system } = world();
    system.tell(customer.ref as ActorRef, 'cancelled', 1);
    const thrown = await failureOf(customer.next('done', { withinMs: 5 }));
    expect(thrown).toMatchObject({ found: 'none; refused: cancelled (MESSAGE_UNHANDLED)' });
  });

  it('expects silence for as long as it is told', async () => {
    const { customer, system, ref, time } = world();
    system.tell(ref, 'later', 500);
    await customer.expectNone(499);
    expect(time.clock.monotonicMs()).toBe(499);
    const thrown = await failureOf(customer.expectNone(10));
    expect(thrown).toMatchObject({
      message: 'expected no message for 10 ms; found done {"by":"clerk"} at 500 ms',
    });
  });

  it('answers an ask when the test says so', async () => {
    const { kit, customer, system, ref } = world();
    const asked = system.ask(ref, 'quote', undefined);
    const price = await customer.next('price');
    expect(price.payload).toBe('tea');
    price.reply(3);
    const answer = { kind: 'answered', value: 3 };
    expect(await settled(kit, asked)).toEqual({ kind: 'answered', value: answer });
  });

  it('is the sender of what it tells', async () => {
    const { customer, ref } = world();
    expect(customer.tell(ref, 'echo', 'hello').kind).toBe('accepted');
    expect((await customer.next('done')).payload).toBe('hello');
  });

  it('learns how an actor ended that it watched, and that another was gone before', async () => {
    const { kit, customer, system, ref } = world();
    const late = probe(kit, []);
    customer.watch(ref);
    system.tell(ref, 'fail');
    expect(await customer.expectTerminated(ref)).toEqual({ kind: 'normal' });
    const reason = await late.expectTerminated(ref);
    expect(reason).toMatchObject({ kind: 'failed', error: { code: 'ACTOR_NOT_FOUND' } });
  });

  it('says that an actor lives on', async () => {
    const { customer, system, ref, time } = world();
    const thrown = await failureOf(customer.expectTerminated(ref, { withinMs: 40 }));
    expect(thrown).toMatchObject({
      message: `expected the end of ${ref.address} within 40 ms; found it has not ended`,
    });
    expect(time.clock.monotonicMs()).toBe(40);
    system.tell(ref, 'end');
    expect(await customer.expectTerminated(ref)).toEqual({ kind: 'normal' });
  });
});

describe('settled', () => {
  it('says that a promise is still pending when its time is up', async () => {
    const { kit } = world();
    const thrown = await failureOf(settled(kit, new Promise(() => undefined), { withinMs: 7 }));
    expect(thrown).toMatchObject({ expected: 'the promise to settle within 7 ms' });
    expect(kit.time.clock.monotonicMs()).toBe(7);
  });

  it('passes on a rejection', async () => {
    const { kit } = world();
    await expect(settled(kit, Promise.reject(new RangeError('no')))).rejects.toThrow('no');
  });

  it('refuses to wait for longer than ten minutes', async () => {
    const { kit } = world();
    await expect(settled(kit, Promise.resolve(), { withinMs: 600_001 })).rejects.toThrow(
      'argument withinMs: found 600001, expected 0 to 600000 ms',
    );
  });
});
