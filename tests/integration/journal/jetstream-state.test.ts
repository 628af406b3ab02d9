/** The shared state on a real nats-server: what a kill, a pause, a rollback of its disk and other clients do to it. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { afterEach, describe, expect, it } from 'vitest';
import type { SharedState, StateChange } from '../../../src/contracts/index.ts';
import { findProgram, realPorts, realProcesses, realTimers } from '../../../src/host/index.ts';
import { openJetStreamState } from '../../../src/journal/index.ts';
import { type Nats, type NatsServer, startNatsServer } from '../../../src/transport/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { dialTest, openTestState } from '../../support/jetstream.ts';
import { pauseProcess } from '../../support/processes.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'skein-state-'));
  open.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function start(dataDir: string, port?: number): Promise<NatsServer> {
  const program = valueIn(
    await findProgram({ program: 'nats-server', debianPackage: 'nats-server' }),
  );
  const ports = { ...realPorts, processes: realProcesses, log: recordingLog().log };
  const options = { ...ports, program, dataDir, ...(port === undefined ? {} : { port }) };
  const server = valueIn(await startNatsServer(options));
  open.push(server.close);
  return server;
}

async function dial(server: NatsServer): Promise<Nats> {
  const nats = await dialTest(server.url);
  open.push(nats.close);
  return nats;
}

function watching(state: SharedState, prefix = '') {
  const seen: StateChange[] = [];
  const known = new Map<string, unknown>();
  valueIn(
    state.watch(prefix, (change) => {
      seen.push(change);
      if (change.kind === 'begin') known.clear();
      else if (change.kind === 'entry') known.set(change.key, change.value);
      else if (change.kind === 'deleted') known.delete(change.key);
    }),
  );
  const count = (kind: StateChange['kind']) => seen.filter((change) => change.kind === kind).length;
  const caughtUp = (times: number) =>
    until(`caught up ${times} times`, () => count('caught-up') >= times);
  return { seen, known, count, caughtUp };
}

describe('the shared state when nats-server is killed and comes back', () => {
  it('has every acknowledged write, goes on with the revisions, and watches begin again', async () => {
    const server = await start(await folder());
    const nats = await dial(server);
    const state = await openTestState(nats, 'killed');
    const watch = watching(state);
    await watch.caughtUp(1);
    const acknowledged = new Map<string, unknown>();
    let last = 0;
    for (let kill = 1; kill <= 3; kill++) {
      for (let at = 0; at < 100; at++) {
        const key = `k.${at % 10}`;
        const { revision } = valueIn(await state.put(key, { kill, at }));
        expect(revision).toBeGreaterThan(last);
        last = revision;
        acknowledged.set(key, { kill, at });
      }
      const gone = `gone.${kill}`;
      last = valueIn(await state.put(gone, kill)).revision;
      const late = new Promise((settle) => {
        const forget = nats.onLost(() => {
          forget();
          settle(state.update(gone, 'late', last));
        });
      });
      process.kill(server.pid() as number, 'SIGKILL');
      expect(await late).toMatchObject({
        ok: false,
        error: { code: 'STATE_UNAVAILABLE', details: { mayHaveHappened: false } },
      });
      await until('the state is there again', async () => (await state.get('k.0')).ok);
      last = valueIn(await state.delete(gone, last)).revision;
      await watch.caughtUp(kill + 1);
      expect(watch.count('lost')).toBe(kill);
      for (const [key, value] of acknowledged)
        expect(valueIn(await state.get(key))?.value).toEqual(value);
    }
    await until('the watch has heard of all', () => watch.known.size === acknowledged.size);
    expect(new Map([...watch.known].sort())).toEqual(new Map([...acknowledged].sort()));
  });

  it('gives the revisions of lost writes to others when its disk went back, and tells watchers to begin again', async () => {
    const [dataDir, copy] = [await folder(), await folder()];
    const first = await start(dataDir);
    const state = await openTestState(await dial(first), 'rollback');
    const watch = watching(state);
    await watch.caughtUp(1);
    const kept = valueIn(await state.put('lease', 'kept')).revision;
    await first.close();
    await cp(dataDir, copy, { recursive: true });
    const second = await start(dataDir, first.port);
    await until('the state is there again', async () => (await state.get('lease')).ok);
    const lost = valueIn(await state.update('lease', 'lost', kept)).revision;
    valueIn(await state.put('other', 'lost, too'));
    await until('the watch knows', () => watch.known.size === 2);
    await second.close();
    await rm(dataDir, { recursive: true });
    await cp(copy, dataDir, { recursive: true });
    await start(dataDir, first.port);
    await until('the state is there again', async () => (await state.get('lease')).ok);
    expect(valueIn(await state.get('lease'))).toEqual({
      key: 'lease',
      value: 'kept',
      revision: kept,
    });
    expect(valueIn(await state.update('lease', 'another', kept)).revision).toBe(lost);
    await until('the watch has begun again', () => watch.known.get('lease') === 'another');
    await watch.caughtUp(3);
    expect([...watch.known]).toEqual([['lease', 'another']]);
  });
});

describe('the shared state when nats-server does not answer', () => {
  it('calls a compare-and-set unknown, not failed: it may be done after its caller gave up', async () => {
    const server = await start(await folder());
    const nats = await dial(server);
    const state = await openTestState(nats, 'paused', { timeoutMs: 1_000 });
    const { revision } = valueIn(await state.create('lease', 'free'));
    const pid = server.pid() as number;
    await pauseProcess(pid);
    const [update, read, keys] = await Promise.all([
      state.update('lease', 'taken', revision),
      state.get('lease'),
      state.keys(''),
    ]);
    process.kill(pid, 'SIGCONT');
    const code = 'STATE_UNAVAILABLE';
    expect(update).toMatchObject({ error: { code, details: { mayHaveHappened: true } } });
    expect(read).toMatchObject({ error: { code, details: { mayHaveHappened: false } } });
    expect(keys).toMatchObject({ error: { code, details: { mayHaveHappened: false } } });
    await until('the late write is done', async () => {
      const entry = await state.get('lease');
      return entry.ok && entry.value?.value === 'taken';
    });
  });

  it('notices by missing heartbeats that a watch is dead', async () => {
    const server = await start(await folder());
    const nats = await dial(server);
    const state = await openTestState(nats, 'silent');
    const watch = watching(state);
    await watch.caughtUp(1);
    const jsm = await jetstreamManager(nats.connection);
    for await (const { name } of jsm.consumers.list('KV_SKEIN_test_silent'))
      await jsm.consumers.delete('KV_SKEIN_test_silent', name);
    await until('the watch was lost', () => watch.count('lost') === 1);
    valueIn(await state.put('a', 1));
    await watch.caughtUp(2);
    await until('the watch knows', () => watch.known.get('a') === 1);
  });
});

describe('the bucket of a shared state', () => {
  it('is one that other clients of NATS key-value read and write', async () => {
    const nats = await dial(await start(await folder()));
    const state = await openTestState(nats, 'shown');
    const bucket = await new Kvm(nats.connection).open('SKEIN_test_shown');
    const watch = watching(state);
    await watch.caughtUp(1);
    const { revision } = valueIn(await state.put('a.b', { n: 1 }));
    const entry = await bucket.get('a.b');
    expect([entry?.revision, entry?.operation, entry?.json()]).toEqual([revision, 'PUT', { n: 1 }]);
    valueIn(await state.delete('a.b'));
    expect((await bucket.get('a.b'))?.operation).toBe('DEL');
    const theirs = await bucket.put('c', '[2]');
    expect(valueIn(await state.get('c'))).toEqual({ key: 'c', value: [2], revision: theirs });
    await bucket.purge('c');
    expect(valueIn(await state.get('c'))).toBeUndefined();
    expect(valueIn(await state.create('c', 3)).revision).toBe(theirs + 2);
    await bucket.put('broken', '{');
    expect(await state.get('broken')).toMatchObject({ error: { code: 'STATE_UNAVAILABLE' } });
    valueIn(await state.put('end', true));
    await until('the watch has heard of all', () => watch.known.has('end'));
    expect([...watch.known]).toEqual([
      ['c', 3],
      ['end', true],
    ]);
  });

  it('may be opened by many at once, keeps its state when all have gone, and is bounded', async () => {
    const server = await start(await folder());
    const nats = await dial(server);
    const states = await Promise.all(Array.from({ length: 8 }, () => openTestState(nats, 'many')));
    valueIn(await (states[0] as SharedState).put('a', 1));
    for (const state of states) await state.close();
    const again = await openTestState(await dial(server), 'many');
    expect(valueIn(await again.get('a'))?.value).toBe(1);
    const jsm = await jetstreamManager(nats.connection);
    const { config } = await jsm.streams.info('KV_SKEIN_test_many');
    expect(config).toMatchObject({ max_msgs_per_subject: 1, storage: 'file', num_replicas: 1 });
    expect(config.max_bytes).toBeGreaterThan(0);
  });

  it('is refused when it is not one of ours, or its name or its server will not do', async () => {
    const nats = await dial(await start(await folder()));
    await new Kvm(nats.connection).create('SKEIN_test_foreign', { history: 5 });
    const opened = (name: string, more: object = {}) =>
      openJetStreamState({
        nats,
        cluster: 'test',
        name,
        timers: realTimers,
        log: recordingLog().log,
        ...more,
      });
    expect(await opened('foreign')).toMatchObject({ error: { code: 'NATS_FAILED' } });
    expect(await opened('a_b')).toMatchObject({ error: { code: 'ARGUMENT_INVALID' } });
    expect(await opened('a', { cluster: 'x.y' })).toMatchObject({
      error: { code: 'ARGUMENT_INVALID' },
    });
    expect(await opened('a', { replicas: 0 })).toMatchObject({
      error: { code: 'ARGUMENT_INVALID' },
    });
    expect(await opened('a', { replicas: 3 })).toMatchObject({ error: { code: 'NATS_FAILED' } });
    await nats.close();
    expect(await opened('a')).toMatchObject({ error: { code: 'NATS_FAILED' } });
  });
});
