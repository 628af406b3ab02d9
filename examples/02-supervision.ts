// Teaches: a supervisor restarts what fails, within limits; virtual time makes the backoff take no time in a test.
import assert from 'node:assert/strict';
import { type ActorRef, defineActor, type RefOf, supervisor } from 'skein';
import { testSystem } from 'skein/testing';

const worker = defineActor({
  kind: 'worker',
  initial: () => ({ done: 0 }),
  receive: {
    work: (state, load: number) => {
      if (load > 10) throw new RangeError(`a load of ${load} is too much`);
      state.done += load;
      return state.done;
    },
  },
});

const { system, time } = testSystem({ seed: 2 });
const tree = system.spawn(supervisor, {
  strategy: {
    scope: 'one-for-one',
    intensity: { maxRestarts: 3, windowMs: 10_000 },
    backoff: { minMs: 1_000, maxMs: 8_000, jitterRatio: 0 },
  },
  children: [{ name: 'worker', actor: { definition: worker } }],
});
const ref = system.refAt(`${tree.address}/worker`);
assert(ref.ok);
const target = ref.value as ActorRef as RefOf<typeof worker>;

const first = system.ask(target, 'work', 5);
const tooMuch = system.ask(target, 'work', 11);
const later = system.ask(target, 'work', 7, { timeoutMs: 5_000 });
await time.advance(3_000);
assert.deepEqual(await first, { kind: 'answered', value: 5 });
assert.equal((await tooMuch).kind, 'unknown');
assert.deepEqual(
  await later,
  { kind: 'answered', value: 7 },
  'the mailbox survived the restart, the state did not',
);

const report = system.ask(tree, 'report', undefined);
await time.settle();
const seen = await report;
assert(seen.kind === 'answered' && seen.value.totalRestarts === 1);
console.log(
  seen.value.failures
    .map(({ child, reason, action }) => `${child}: ${reason}; ${action}`)
    .join('\n'),
);
