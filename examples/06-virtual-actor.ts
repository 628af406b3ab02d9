// Teaches: a virtual actor is addressed before it exists, keeps its state while it sleeps, and is woken by its reminders.
import assert from 'node:assert/strict';
import { defineVirtualActor, startNode } from 'skein';

const cart = defineVirtualActor({
  kind: 'cart',
  initial: () => ({ items: [] as string[], isForgotten: false }),
  receive: {
    add: (state, item: string, ctx) => {
      state.items.push(item);
      ctx.remind('expire', { afterMs: 300 });
      return state.items.length;
    },
    read: (state) => state,
    rest: (_state, _: undefined, ctx) => ctx.passivate(),
  },
  reminders: {
    expire: (state) => {
      state.items = [];
      state.isForgotten = true;
    },
  },
});

// Alone it keeps everything in memory; with `cluster: { name: 'shop' }` the nodes of that name share the actors.
const node = await startNode({ dataDir: 'memory', threads: 1, warmHosts: 0 });
assert(node.ok, 'the node starts');
const { virtual } = node.value;
const registered = await virtual.register(cart);
assert(registered.ok, 'the kind is known to the node');

const mine = virtual.get(cart, 'customer/7');
assert.equal(mine.address, 'skein://cart/customer%2F7');
assert.deepEqual(await mine.ask('add', 'tea'), { kind: 'answered', value: 1 });
assert.deepEqual(await mine.ask('rest'), { kind: 'answered', value: undefined });
assert.deepEqual(await mine.ask('add', 'milk'), { kind: 'answered', value: 2 });

for (;;) {
  const answer = await mine.ask('read');
  assert(answer.kind === 'answered');
  if (answer.value.isForgotten) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log(`${mine.address} lived twice, and was reminded to forget`);
await node.value.close();
