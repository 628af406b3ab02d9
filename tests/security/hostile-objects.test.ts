/** What a client of the NATS server can put where nodes look for packages: no node takes more of it than a package may have. */
import { jetstream } from '@nats-io/jetstream';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LIMITS } from '../../src/contracts/index.ts';
import { realTimers } from '../../src/host/index.ts';
import { type Objects, openJetStreamObjects } from '../../src/journal/index.ts';
import type { Nats } from '../../src/transport/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';
import { dialTest } from '../support/jetstream.ts';
import { startTestNats, type TestNats } from '../support/nats.ts';

let server: TestNats;
let nats: Nats;
let objects: Objects;
let store: ObjectStore;

beforeAll(async () => {
  server = await startTestNats();
  nats = await dialTest(server.url);
  const options = { nats, timers: realTimers, cluster: 'test', name: 'PACKAGES' };
  objects = valueIn(await openJetStreamObjects({ ...options, timeoutMs: 60_000 }));
  store = await new Objm(jetstream(nats.connection)).open('SKEIN_test_PACKAGES');
});
afterAll(async () => {
  await nats?.close();
  await server?.close();
});

const found = async (name: string) => valueIn(await objects.get(name));

it('an object of any size is read to its bound, and the next as if nothing had been', async () => {
  const large = Buffer.alloc(2 * LIMITS.packageBytes, 1);
  await store.putBlob({ name: 'large', options: { max_chunk_size: 512 * 1024 } }, large);
  const size = (await found('large'))?.byteLength ?? 0;
  expect(size).toBeGreaterThan(LIMITS.packageBytes);
  expect(size).toBeLessThan(LIMITS.packageBytes + 1024 * 1024);
  const whole = Buffer.alloc(LIMITS.packageBytes, 2);
  valueIn(await objects.put('whole', whole));
  expect(whole.equals((await found('whole')) ?? Buffer.alloc(0))).toBe(true);
});

it('a link is not followed, wherever it leads', async () => {
  valueIn(await objects.put('a', Buffer.from('a package')));
  const info = await store.info('a');
  if (!info) throw new Error('it is not there');
  await store.link('b', info);
  expect(Buffer.from((await found('b')) ?? []).toString()).toBe('');
  expect(Buffer.from((await found('a')) ?? []).toString()).toBe('a package');
});

it('what is not there, or no longer, is none', async () => {
  expect(await found('none')).toBeUndefined();
  valueIn(await objects.put('gone', Buffer.from('x')));
  await store.delete('gone');
  expect(await found('gone')).toBeUndefined();
});
