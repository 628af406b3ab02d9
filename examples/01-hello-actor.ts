// Teaches: an actor is a state and a handler for each message. What a wrong message would be does not compile.
import assert from 'node:assert/strict';
import {
  type ActorContext,
  ActorSystem,
  createLog,
  defineActor,
  newNodeId,
  realPorts,
} from 'skein';

const greeter = defineActor({
  kind: 'greeter',
  initial: (args: { greeting: string }, _ctx: ActorContext) => ({
    greeting: args.greeting,
    met: 0,
  }),
  receive: {
    greet: (state, name: string) => {
      state.met += 1;
      return `${state.greeting}, ${name}!`;
    },
    met: (state) => state.met,
  },
});

const log = createLog({ level: 'warn', format: 'plain', clock: realPorts.clock, bindings: {} });
const system = new ActorSystem({ node: newNodeId(realPorts.random), ports: realPorts, log });
const ref = system.spawn(greeter, { greeting: 'Hello' }, { name: 'greeter' });

system.tell(ref, 'greet', 'Grace');
const answer = await system.ask(ref, 'greet', 'Ada');
assert.deepEqual(answer, { kind: 'answered', value: 'Hello, Ada!' });
assert.deepEqual(await system.ask(ref, 'met', undefined), { kind: 'answered', value: 2 });
console.log(answer.kind, answer.value);

await system.shutdown({ drainMs: 100 });
