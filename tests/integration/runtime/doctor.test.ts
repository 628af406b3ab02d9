/** Faults planted for real, one a test: the doctor names the layer of each, and of none other first. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { Gossip } from '../../../src/cluster/index.ts';
import { realClock, realPorts } from '../../../src/host/index.ts';
import {
  type Diagnosis,
  type DoctorOptions,
  examine,
  type SkeinNode,
  startNode,
} from '../../../src/runtime/index.ts';
import {
  connectNats,
  dialNats,
  KnownKeys,
  type NatsAccess,
  newSeed,
  nodeKeyOf,
} from '../../../src/transport/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { certificateIn, jetStreamIn, startOperated, tlsIn } from '../../support/operated-server.ts';
import { startSlowReader } from '../../support/slow-reader.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'skein-doctor-'));
  open.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

const { log } = recordingLog();
async function diagnose(options: Partial<DoctorOptions>): Promise<Diagnosis> {
  const dataDir = options.dataDir ?? (await folder());
  return examine({ cluster: 'ill', ports: realPorts, log, ...options, dataDir });
}

const verdictOf = ({ checks }: Diagnosis, layer: string): string | undefined =>
  checks.find((check) => check.layer === layer)?.verdict;

async function server(lines: (folder: string) => readonly string[]): Promise<NatsAccess> {
  const { url, close } = await startOperated(lines);
  open.push(close);
  return { url };
}

async function startedNode(dataDir: string): Promise<SkeinNode> {
  const cluster = { name: 'ill' };
  const node = valueIn(await startNode({ dataDir, threads: 1, warmHosts: 1, cluster }));
  open.push(node.close);
  return node;
}

/** As the command gets at it: from the status of the running node. */
async function statusOf(node: SkeinNode) {
  const status = await node.status();
  const { nats: url = '', natsCredsFile } = status.cluster ?? {};
  return { status, access: { url, ...(natsCredsFile ? { credsFile: natsCredsFile } : {}) } };
}

describe('the doctor names as failing', () => {
  it('server: nobody listens', async () => {
    const diagnosis = await diagnose({ access: { url: 'nats://127.0.0.1:9' } });
    expect(diagnosis).toMatchObject({ failing: { layer: 'server' }, exitCode: 3 });
    expect(verdictOf(diagnosis, 'credentials')).toBe('skipped');
  });

  it('server: what listens is none of NATS', async () => {
    const web = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((listening) => web.listen(0, '127.0.0.1', listening));
    open.push(() => new Promise((closed) => web.close(closed)));
    const { port } = web.address() as AddressInfo;
    const diagnosis = await diagnose({ access: { url: `nats://127.0.0.1:${port}` } });
    expect(diagnosis).toMatchObject({ failing: { layer: 'server' }, exitCode: 3 });
    expect(diagnosis.failing?.found).toContain('does not speak');
  });

  it('tls: it is expected, and the server is plain', async () => {
    const { url } = await server((data) => [jetStreamIn(data)]);
    const diagnosis = await diagnose({ access: { url: url.replace('nats:', 'tls:') } });
    expect(diagnosis).toMatchObject({ failing: { layer: 'tls' }, exitCode: 1 });
  });

  it('tls: the certificate is not believed, unless its authority is named', async () => {
    let cert = '';
    const { url } = await server((data) => {
      const made = certificateIn(data);
      cert = made.cert;
      return [jetStreamIn(data), tlsIn(made)];
    });
    const named = url.replace('127.0.0.1', 'localhost');
    const unknown = await diagnose({ access: { url: named } });
    expect(unknown).toMatchObject({ failing: { layer: 'tls' }, exitCode: 1 });
    const known = await diagnose({ access: { url: named, caFile: cert } });
    expect(known).toMatchObject({ failing: null, exitCode: 0 });
    expect(verdictOf(known, 'tls')).toBe('ok');
  });

  it('credentials: none, those of another, or a file that holds none', async () => {
    const data = await folder();
    const { access } = await statusOf(await startedNode(data));
    const { url } = access;
    const [other, nothing] = [join(data, 'other.nk'), join(data, 'nothing.nk')];
    await writeFile(other, nkeys.createUser().getSeed());
    await writeFile(nothing, 'nothing');
    for (const wrong of [{ url }, { url, credsFile: other }, { url, credsFile: nothing }]) {
      const diagnosis = await diagnose({ access: wrong });
      expect(diagnosis).toMatchObject({ failing: { layer: 'credentials' }, exitCode: 1 });
    }
  });

  it('payload limit: the server takes less than a packet', async () => {
    const access = await server((data) => ['max_payload: 64KB', jetStreamIn(data)]);
    const diagnosis = await diagnose({ access });
    expect(diagnosis).toMatchObject({ failing: { layer: 'payload limit' }, exitCode: 1 });
  });

  it.each([
    ['publish', '{ publish: { deny: ["skein.*.gossip.>"] } }', /publish on skein\.ill\.gossip/],
    ['subscribe', '{ subscribe: { allow: ["_INBOX.>"] } }', /subscribe on skein\.ill/],
  ])('subjects: the server denies to %s', async (_what, permissions, found) => {
    const users = `authorization { users: [{ user: a, password: b, permissions: ${permissions} }] }`;
    const { url } = await server((data) => [jetStreamIn(data), users]);
    const access = { url: url.replace('//', '//a:b@') };
    const diagnosis = await diagnose({ access });
    expect(diagnosis).toMatchObject({ failing: { layer: 'subjects' }, exitCode: 1 });
    expect(diagnosis.failing?.found).toMatch(found);
  });

  it('jetstream: it is off', async () => {
    const diagnosis = await diagnose({ access: await server(() => []) });
    expect(diagnosis).toMatchObject({ failing: { layer: 'jetstream' }, exitCode: 1 });
  });

  it('jetstream: it is on, and this node may not use it', async () => {
    const permissions = '{ publish: { deny: ["$JS.API.STREAM.CREATE.>"] } }';
    const users = `authorization { users: [{ user: a, password: b, permissions: ${permissions} }] }`;
    const { url } = await server((data) => [jetStreamIn(data), users]);
    const diagnosis = await diagnose({ access: { url: url.replace('//', '//a:b@') } });
    expect(diagnosis).toMatchObject({ failing: { layer: 'jetstream' }, exitCode: 1 });
    expect(diagnosis.failing?.found).toContain('making a bucket');
  });

  it.each([
    [10_000, 'fail', /ahead of/],
    [-10_000, 'fail', /behind/],
    [2_000, 'warn', /ahead of/],
    [0, 'ok', /./],
  ])('clock: it goes wrong by %i ms (%s)', async (shiftMs, verdict, found) => {
    const access = await server((data) => [jetStreamIn(data)]);
    const clock = { ...realClock, wallMs: () => realClock.wallMs() + shiftMs };
    const diagnosis = await diagnose({ access, ports: { ...realPorts, clock } });
    expect(verdictOf(diagnosis, 'clock')).toBe(verdict);
    expect(diagnosis.failing?.layer ?? null).toBe(verdict === 'fail' ? 'clock' : null);
    expect(diagnosis.checks.find(({ layer }) => layer === 'clock')?.found).toMatch(found);
  });

  it('wire version: a member speaks none that this node speaks', async () => {
    const access = await server((data) => [jetStreamIn(data)]);
    const bus = valueIn(await connectNats({ ...access, name: 'peer', log }));
    open.push(bus.close);
    const facts = { labels: {}, load: 0, state: 'ready', skills: '' } as const;
    const peer = (wire: readonly [number, number]) => {
      const key = nodeKeyOf(newSeed(realPorts.random));
      const identity = { key, book: new KnownKeys() };
      return new Gossip({
        ...{ self: key.id, identity, epoch: 1, cluster: 'ill', bus, ports: realPorts, log, wire },
        facts: { ...facts, wire },
      });
    };
    const future = peer([90, 99]);
    const diagnosis = await diagnose({ access });
    expect(diagnosis).toMatchObject({ failing: { layer: 'wire version' }, exitCode: 1 });
    expect(diagnosis.failing?.found).toMatch(/n-[a-z2-7]{8}.*90-99/);
    future.close();
    const wide = peer([1, 99]);
    expect(await diagnose({ access })).toMatchObject({ failing: null, exitCode: 0 });
    wide.close();
  });

  it('slow consumer: the server has just cut one off', async () => {
    const data = await folder();
    await valueIn(await startNode({ dataDir: data, threads: 1, cluster: { name: 'ill' } })).close();
    const file = join(data, 'nats/nats-server.conf');
    const written = await readFile(file, 'utf8');
    await writeFile(file, `# Ours.\n${written.replace('max_pending: 64MB', 'max_pending: 2MB')}`);
    const node = await startedNode(data);
    const { access } = await statusOf(node);
    const slow = await startSlowReader(access, 'skein.ill.flood');
    const nats = valueIn(await dialNats({ ...access, name: 'flood', log }));
    const packet = new Uint8Array(512 * 1024);
    await until('it is cut off', async () => {
      for (let each = 0; each < 8; each++) nats.connection.publish('skein.ill.flood', packet);
      return ((await node.status()).cluster?.slowConsumers?.count ?? 0) > 0;
    });
    await Promise.all([nats.close(), slow.close()]);
    const diagnosis = await diagnose({ dataDir: data, ...(await statusOf(node)) });
    expect(diagnosis).toMatchObject({ failing: { layer: 'slow consumer' }, exitCode: 1 });
  });

  it('data directory: others can read the key of the node', async () => {
    const data = await folder();
    await writeFile(join(data, 'node.key'), 'key', { mode: 0o600 });
    expect((await diagnose({ dataDir: data })).failing).toBeNull();
    await chmod(join(data, 'node.key'), 0o644);
    const diagnosis = await diagnose({ dataDir: data });
    expect(diagnosis).toMatchObject({ failing: { layer: 'data directory' }, exitCode: 1 });
  });

  it('nothing, of a node that is well, and leaves no trace with its members', async () => {
    const data = await folder();
    const node = await startedNode(data);
    const diagnosis = await diagnose({ dataDir: data, ...(await statusOf(node)) });
    const bad = diagnosis.checks.filter(({ verdict }) => verdict !== 'ok');
    expect(bad).toEqual([]);
    const { cluster } = await node.status();
    expect(cluster?.members.map((member) => member.node)).toEqual([node.id]);
    expect(cluster?.refused).toEqual({});
  });
});
