// Teaches: exploreSeeds finds a race that one run does not meet, and shows that the mended actor passes the same seeds.
import assert from 'node:assert/strict';
import { type ActorContext, type ActorSystem, defineActor, type RefOf } from 'skein';
import { exploreSeeds, SeedFailed, settled, testCluster } from 'skein/testing';

const priceStore = defineActor({
  kind: 'price-store',
  initial: () => new Map([['tea', 3]]),
  receive: {
    get: (prices, item: string) => prices.get(item) ?? 0,
    set: (prices, { item, price }: { item: string; price: number }) => {
      prices.set(item, price);
    },
  },
});
type Store = RefOf<typeof priceStore>;

const racyCache = defineActor({
  kind: 'price-cache',
  initial: ({ store }: { store: Store }, _ctx: ActorContext) => ({
    store,
    cached: new Map<string, number>(),
  }),
  receive: {
    price: (state, item: string, ctx: ActorContext) => {
      const known = state.cached.get(item);
      if (known !== undefined) return known;
      const loaded = ctx.ask(state.store, 'get', item).then((answer) => {
        assert(answer.kind === 'answered');
        state.cached.set(item, answer.value);
        return answer.value;
      });
      return ctx.replyLater(loaded);
    },
    forget: (state, item: string) => {
      state.cached.delete(item);
    },
  },
});

const priceCache = defineActor({
  kind: 'price-cache',
  initial: ({ store }: { store: Store }, _ctx: ActorContext) => ({
    store,
    cached: new Map<string, number>(),
    changes: 0,
  }),
  receive: {
    price: (state, item: string, ctx: ActorContext) => {
      const known = state.cached.get(item);
      if (known !== undefined) return known;
      const { changes } = state;
      const loaded = ctx.ask(state.store, 'get', item).then((answer) => {
        assert(answer.kind === 'answered');
        if (state.changes === changes) state.cached.set(item, answer.value);
        return answer.value;
      });
      return ctx.replyLater(loaded);
    },
    forget: (state, item: string) => {
      state.changes++;
      state.cached.delete(item);
    },
  },
});

type SpawnCache = (system: ActorSystem, store: Store) => RefOf<typeof racyCache>;

const showsTheNewPrice = (spawnCache: SpawnCache) => async (seed: number) => {
  const cluster = testCluster({
    nodes: ['store', 'cache', 'shop'],
    seed,
    faults: { delay: { minMs: 1, maxMs: 20 } },
  });
  const store = cluster.node('store').system.spawn(priceStore, undefined);
  const cache = spawnCache(cluster.node('cache').system, store);
  const shop = cluster.node('shop').system;

  const seen = shop.ask(cache, 'price', 'tea');
  await cluster.advance(cluster.random.next() * 100);
  await settled(cluster, shop.ask(store, 'set', { item: 'tea', price: 4 }));
  shop.tell(cache, 'forget', 'tea');
  await settled(cluster, seen);
  await cluster.advance(1_000);

  const price = await settled(cluster, shop.ask(cache, 'price', 'tea'));
  assert.deepEqual(price, { kind: 'answered', value: 4 });
};

const racy = showsTheNewPrice((system, store) => system.spawn(racyCache, { store }));
const mended = showsTheNewPrice((system, store) => system.spawn(priceCache, { store }));

await exploreSeeds({ from: 1, to: 1 }, racy);
const found = await exploreSeeds({ from: 1, to: 1_000 }, racy).catch((thrown) => thrown);
assert(found instanceof SeedFailed);
const again = await exploreSeeds({ from: found.seed, to: found.seed }, racy).catch((e) => e);
assert.equal(again.message, found.message);
const { seeds } = await exploreSeeds({ from: 1, to: 1_000 }, mended);

console.log(`the racy cache fails at seed ${found.seed}, after ${found.passed} that pass`);
console.log(`the mended cache passes ${seeds} seeds`);
