import { expect, it } from 'vitest';
import { type ActorContext, ActorExit, defineActor } from '../../../src/kernel/index.ts';
import { testSystem } from '../../../src/testing.ts';

const fragile = defineActor({
  kind: 'fragile',
  initial: (_none: void, _ctx: ActorContext) => ({}),
  receive: {
    fail: () => {
      throw new Error('no');
    },
    die: () => {
      throw new ActorExit(
        {
          kind: 'sandbox',
          exit: { kind: 'native-abort', signal: 'SIGSEGV', exitCode: null, note: '' },
        },
        'died',
      );
    },
    rest: () => undefined,
  },
  mailbox: { capacity: 2 },
});

it('a system counts actors, failures by kind, full mailboxes and dead letters', async () => {
  const { system, time } = testSystem();
  const before = system.counts();
  expect(before).toMatchObject({ failures: {}, mailboxOverflows: 0, deadLetters: 0 });
  const [one, two, three] = [1, 2, 3].map(() => system.spawn(fragile, undefined));
  if (!one || !two || !three) throw new Error('three were spawned');
  expect(system.counts().actors).toBe(before.actors + 3);
  system.tell(one, 'fail');
  system.tell(two, 'die');
  for (let i = 0; i < 5; i++) system.tell(three, 'rest');
  await time.settle();
  expect(system.counts()).toMatchObject({
    actors: before.actors + 1,
    failures: { actor: 1, sandbox_native_abort: 1 },
    mailboxOverflows: 3,
    deadLetters: 3,
  });
});
