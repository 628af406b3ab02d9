/** Leases on three nats-servers that keep three copies: one server may go; without a majority nobody owns anything, in time. */
import { afterEach, expect, it } from 'vitest';
import { acceptTerms, acquireLease, type Lease } from '../../../src/cluster/index.ts';
import type { Result, SharedState } from '../../../src/contracts/index.ts';
import { realPorts } from '../../../src/host/index.ts';
import { openJetStreamState } from '../../../src/journal/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { dialTest } from '../../support/jetstream.ts';
import { startNatsCluster } from '../../support/nats-cluster.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Longer than the servers need to elect another leader. */
const TERMS = valueIn(acceptTerms({ ttlMs: 10_000, stopMs: 500, isStateForgetful: false }));

async function stateAt(url: string): Promise<SharedState> {
  const nats = await dialTest(url);
  open.push(nats.close);
  const options = { nats, cluster: 'test', name: 'majority', replicas: 3 };
  const { timers } = realPorts;
  // A cluster of servers has to elect its leader first.
  const opened = await until('the bucket is open', async () => {
    const state = await openJetStreamState({ ...options, timers, log: recordingLog().log });
    return state.ok && state.value;
  });
  open.push(opened.close);
  return opened;
}

it('outlives one server; without a majority the owner stops and nobody begins; with it again one does', async () => {
  const servers = await startNatsCluster();
  open.push(servers.close);
  const [one, two] = [await stateAt(servers.urls[0] ?? ''), await stateAt(servers.urls[1] ?? '')];
  const take = (state: SharedState, holder: string, over?: number): Promise<Result<Lease>> =>
    acquireLease({ state, ports: realPorts, key: 'lease', holder, terms: TERMS }, over);

  const first = valueIn(await take(one, 'one'));
  expect(await take(two, 'two')).toMatchObject({ error: { code: 'LEASE_HELD' } });

  await servers.kill(2);
  await until('a write goes through without the third server', async () => {
    const written = await two.put('other', 1);
    return written.ok;
  });
  expect(first.isHeld()).toBe(true);

  let lostReason = '';
  first.onLost((reason) => {
    lostReason = reason;
  });
  await servers.kill(1);
  const killedMs = realPorts.clock.monotonicMs();
  await until('the owner has stopped', () => !first.isHeld());
  expect(realPorts.clock.monotonicMs() - killedMs).toBeLessThan(TERMS.ttlMs * 1.5);
  expect(lostReason).not.toBe('');
  expect(await take(two, 'two')).toMatchObject({ ok: false, error: { code: 'STATE_UNAVAILABLE' } });

  await servers.start(1);
  const found = await until('the state answers again', async () => {
    const entry = await two.get('lease');
    return entry.ok && entry;
  });
  const second = await until('another owns it', async () => {
    const taken = await take(two, 'two', found.value?.revision);
    return taken.ok && taken.value;
  });
  expect(second.token.revision).toBeGreaterThan(first.token.revision);
  expect(first.isHeld()).toBe(false);
  await second.release();
});
