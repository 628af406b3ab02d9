import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { afterEach, describe, expect, it } from 'vitest';
import { findProgram, realPorts, realProcesses } from '../../../src/host/index.ts';
import {
  connectNats,
  dialNats,
  type NatsAccess,
  type NatsServer,
  startNatsServer,
} from '../../../src/transport/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { openTestState } from '../../support/jetstream.ts';
import { certificateIn, startOperated, tlsIn } from '../../support/operated-server.ts';
import { startSlowReader } from '../../support/slow-reader.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'skein-access-'));
  open.push(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function start(dataDir: string) {
  const wanted = { program: 'nats-server', debianPackage: 'nats-server' };
  const program = valueIn(await findProgram(wanted));
  const ports = { ...realPorts, processes: realProcesses };
  const { log, lines } = recordingLog();
  const server = valueIn(
    await startNatsServer({ ...ports, program, dataDir, cluster: 'own', log }),
  );
  open.push(server.close);
  return { server, lines };
}

const dial = (access: NatsAccess) => dialNats({ ...access, name: 'test', log: recordingLog().log });
const accessTo = ({ url, credsFile = '' }: NatsServer): NatsAccess => ({ url, credsFile });

describe('a nats-server of our own', () => {
  it('lets nobody in without its key, which its owner alone can read', async () => {
    const { server } = await start(await folder());
    expect((await stat(server.credsFile ?? '')).mode & 0o777).toBe(0o600);
    const closed = { ok: false, error: { code: 'NATS_FAILED', details: { layer: 'credentials' } } };
    expect(await dial({ url: server.url })).toMatchObject(closed);
    const other = await folder();
    const file = join(other, 'other.nk');
    await writeFile(file, nkeys.createUser().getSeed());
    expect(await dial({ url: server.url, credsFile: file })).toMatchObject(closed);
    const nats = valueIn(await dial(accessTo(server)));
    await nats.close();
  });

  it('lets its key to the subjects of its cluster and to JetStream, and nowhere else', async () => {
    const { server } = await start(await folder());
    const nats = valueIn(await dial(accessTo(server)));
    open.push(nats.close);
    const state = await openTestState(nats, 'rights', { cluster: 'own' });
    valueIn(await state.create('key', 1));
    expect(valueIn(await state.get('key'))).toMatchObject({ value: 1 });
    expect(valueIn(await state.keys(''))).toEqual(['key']);
    const refused: string[] = [];
    void (async () => {
      for await (const status of nats.connection.status())
        if (status.type === 'error') refused.push(status.error.message);
    })();
    const subjects = ['skein.own.thread.n-a.main', 'skein.other.gossip.all', 'elsewhere', '$SYS.>'];
    for (const subject of subjects) nats.connection.subscribe(subject, { callback: () => {} });
    nats.connection.publish('skein.other.thread.n-a.main', 'x');
    nats.connection.publish('skein.own.thread.n-a.main', 'x');
    await nats.connection.flush();
    await until('four are refused', () => refused.length >= 4);
    expect(refused.join(' ')).not.toContain('skein.own');
    expect(refused).toHaveLength(4);
  });

  it('keeps its key and its port over restarts, and its key over lives', async () => {
    const data = await folder();
    const { server: first } = await start(data);
    const seed = await readFile(first.credsFile ?? '', 'utf8');
    const before = first.pid() ?? 0;
    process.kill(before, 'SIGKILL');
    await until('it is back', () => first.pid() !== undefined && first.pid() !== before);
    await valueIn(await dial(accessTo(first))).close();
    await first.close();
    const { server: second } = await start(data);
    expect(await readFile(second.credsFile ?? '', 'utf8')).toBe(seed);
    await valueIn(await dial(accessTo(second))).close();
  });

  it('does not start with a key that others can read, or that is none', async () => {
    const data = await folder();
    const { server } = await start(data);
    await server.close();
    const wanted = { program: 'nats-server', debianPackage: 'nats-server' };
    const program = valueIn(await findProgram(wanted));
    const ports = { ...realPorts, processes: realProcesses, log: recordingLog().log };
    const again = () => startNatsServer({ ...ports, program, dataDir: data, cluster: 'own' });
    await chmod(server.credsFile ?? '', 0o644);
    expect(codeIn(await again())).toBe('NATS_CREDENTIALS_UNUSABLE');
    await chmod(server.credsFile ?? '', 0o600);
    await writeFile(server.credsFile ?? '', 'SUnothing');
    expect(codeIn(await again())).toBe('NATS_CREDENTIALS_UNUSABLE');
  });

  it('runs with a configuration that the operator keeps, unchanged', async () => {
    const data = await folder();
    const { server: first } = await start(data);
    await first.close();
    const file = join(data, 'nats-server.conf');
    const [, ...rest] = (await readFile(file, 'utf8')).split('\n');
    const kept = ['# Ours.', ...rest].join('\n').replace('max_payload: 1MB', 'max_payload: 2MB');
    await writeFile(file, kept);
    const { server, lines } = await start(data);
    const nats = valueIn(await dial(accessTo(server)));
    expect(nats.connection.info?.max_payload).toBe(2 * 1024 * 1024);
    await nats.close();
    expect(await readFile(file, 'utf8')).toBe(kept);
    expect(lines.map(({ message }) => message).join()).toContain('the operator keeps');
  });

  it('counts the consumers that it cuts off, and says so once a second at most', async () => {
    const data = await folder();
    const { server: first } = await start(data);
    await first.close();
    const file = join(data, 'nats-server.conf');
    const written = await readFile(file, 'utf8');
    await writeFile(file, `# Ours.\n${written.replace('max_pending: 64MB', 'max_pending: 2MB')}`);
    const { server, lines } = await start(data);
    const nats = valueIn(await dial(accessTo(server)));
    open.push(nats.close);
    const slow = await startSlowReader(accessTo(server), 'skein.own.flood');
    const packet = new Uint8Array(512 * 1024);
    await until('it is cut off', () => {
      for (let each = 0; each < 8; each++) nats.connection.publish('skein.own.flood', packet);
      return server.slowConsumers().count > 0;
    });
    expect(server.slowConsumers().lastAtMs).toBeGreaterThan(0);
    const alarms = lines.filter(({ message }) => message.includes('slow consumer'));
    expect(alarms).toHaveLength(1);
    await slow.close();
  });
});

describe('credentials', () => {
  it('are refused by name when the file holds none, and never shown', async () => {
    const data = await folder();
    const file = join(data, 'wrong');
    for (const text of ['', 'secret', 'SUSECRET', '-----BEGIN NATS USER JWT-----\nsecret']) {
      await writeFile(file, text);
      const refused = await dial({ url: 'nats://127.0.0.1:1', credsFile: file });
      expect(codeIn(refused)).toBe('NATS_CREDENTIALS_UNUSABLE');
      expect(JSON.stringify(refused)).not.toMatch(/secret/i);
    }
    const missing = await dial({ url: 'nats://127.0.0.1:1', credsFile: join(data, 'none') });
    expect(codeIn(missing)).toBe('NATS_CREDENTIALS_UNUSABLE');
  });
});

describe('user and password', () => {
  it('in the URL are shown to the server, a user alone as a token', async () => {
    const named = await startOperated(() => [
      'authorization { users: [{ user: "a b", password: "c@d" }] }',
    ]);
    open.push(named.close);
    const tokened = await startOperated(() => ['authorization { token: secret }']);
    open.push(tokened.close);
    const at = ({ url }: NatsServer, who: string) => ({ url: url.replace('//', `//${who}@`) });
    await valueIn(await dial(at(named, 'a%20b:c%40d'))).close();
    await valueIn(await dial(at(tokened, 'secret'))).close();
    expect(await dial(at(named, 'a%20b:wrong'))).toMatchObject({
      error: { details: { layer: 'credentials' } },
    });
  });
});

describe('TLS', () => {
  it('is taken with an authority that is known, and refused without', async () => {
    let cert = '';
    const server = await startOperated((data) => {
      const made = certificateIn(data);
      cert = made.cert;
      return [tlsIn(made)];
    });
    open.push(server.close);
    const url = server.url.replace('127.0.0.1', 'localhost');
    const nats = valueIn(await dial({ url, caFile: cert }));
    expect(nats.isConnected()).toBe(true);
    await nats.close();
    const unknown = await dial({ url });
    expect(unknown).toMatchObject({ error: { code: 'NATS_FAILED', details: { layer: 'tls' } } });
  });

  it('that is wanted is not given up for a server without it', async () => {
    const { server } = await start(await folder());
    const { credsFile = '', url } = server;
    const wanted = url.replace('nats:', 'tls:');
    const refused = { error: { code: 'NATS_FAILED', details: { layer: 'tls' } } };
    expect(await dial({ url: wanted, credsFile })).toMatchObject(refused);
  });
});

describe('while the server is away', () => {
  it('nothing that is published is kept for later', async () => {
    const { server } = await start(await folder());
    const { log } = recordingLog();
    const [sender, receiver] = await Promise.all(
      ['sender', 'receiver'].map(async (name) =>
        valueIn(await connectNats({ ...accessTo(server), name, log })),
      ),
    );
    if (!sender || !receiver) throw new Error('two were connected');
    open.push(sender.close, receiver.close);
    const heard: string[] = [];
    receiver.subscribe('skein.own.late', (packet) => heard.push(Buffer.from(packet).toString()));
    const before = server.pid() ?? 0;
    process.kill(before, 'SIGKILL');
    await until('it is away', () => !sender.isConnected());
    for (let each = 0; each < 1_000; each++) sender.publish('skein.own.late', Buffer.from('late'));
    await until('both are back', () => sender.isConnected() && receiver.isConnected());
    await until('the way is open', () => {
      sender.publish('skein.own.late', Buffer.from('new'));
      return heard.length > 0;
    });
    expect(new Set(heard)).toEqual(new Set(['new']));
  });
});
