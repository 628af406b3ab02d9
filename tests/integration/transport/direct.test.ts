import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ByteStream, StreamAddress, Streams } from '../../../src/contracts/index.ts';
import { realPorts, realStreams } from '../../../src/host/index.ts';
import { ActorSystem, defineActor } from '../../../src/kernel/index.ts';
import { joinCluster } from '../../../src/supervisor/index.ts';
import { nodeKeyOf } from '../../../src/transport/index.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';

const KEY = Buffer.alloc(32, 7);
let nats: TestNats;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  nats = await startTestNats();
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(() => nats.close());

describe('streams', () => {
  it.each(['unix', 'tls'] as const)('carry bytes both ways by %s', async (kind) => {
    const folder = await realStreams.socketFolder();
    open.push(folder.close);
    const wanted: StreamAddress =
      kind === 'unix'
        ? { kind, path: `${folder.path}/link` }
        : { kind, host: '127.0.0.1', port: 0 };
    const listener = await realStreams.listen(
      wanted,
      (name) => (name === 'known' ? KEY : undefined),
      (stream) => stream.onData((bytes) => stream.write(Buffer.concat([Buffer.from('<'), bytes]))),
    );
    if (!listener.ok) throw new Error(listener.error.message);
    open.push(listener.value.close);
    const dialled = await realStreams.dial(listener.value.address, { name: 'known', key: KEY });
    if (!dialled.ok) throw new Error(dialled.error.message);
    expect(await answerOf(dialled.value)).toBe('<hello');
    dialled.value.close();
  });

  it('by TLS are refused to another key and to another name', async () => {
    let welcomed = 0;
    const listener = await realStreams.listen(
      { kind: 'tls', host: '127.0.0.1', port: 0 },
      (name) => (name === 'known' ? KEY : undefined),
      () => welcomed++,
    );
    if (!listener.ok) throw new Error(listener.error.message);
    open.push(listener.value.close);
    const strangers = [
      { name: 'known', key: Buffer.alloc(32, 8) },
      { name: 'unknown', key: KEY },
    ];
    for (const stranger of strangers) {
      expect(await realStreams.dial(listener.value.address, stranger)).toMatchObject({
        ok: false,
        error: { code: 'NODE_UNREACHABLE' },
      });
    }
    expect(welcomed).toBe(0);
  });

  it('say where they cannot listen', async () => {
    const address = { kind: 'unix', path: '/nowhere/at/all/link' } as const;
    const failed = await realStreams.listen(
      address,
      () => undefined,
      () => undefined,
    );
    expect(failed).toMatchObject({ ok: false, error: { code: 'PORT_UNAVAILABLE' } });
  });
});

const answerOf = (stream: ByteStream): Promise<string> =>
  new Promise((resolve) => {
    stream.onData((bytes) => resolve(Buffer.from(bytes).toString('utf8')));
    stream.write(Buffer.from('hello'));
  });

const counter = defineActor({
  kind: 'counter',
  mailbox: { capacity: 1_000_000, overflow: 'refuse' },
  initial: () => ({ next: 0, misplaced: 0 }),
  receive: {
    item: (state, id: number) => {
      if (id !== state.next) state.misplaced++;
      state.next = id + 1;
    },
    report: ({ next, misplaced }) => ({ next, misplaced }),
  },
});

/** A node whose streams can be cut, on a machine of its own as far as others can tell. */
async function node(name: string, machine: string) {
  const { log } = recordingLog();
  const keySeed = createHash('sha256').update(name).digest();
  const system = new ActorSystem({ node: nodeKeyOf(keySeed).id, ports: realPorts, log });
  const cut: (() => void)[] = [];
  const folders: string[] = [];
  const streams: Streams = {
    ...realStreams,
    hostId: () => machine,
    socketFolder: async () => {
      const folder = await realStreams.socketFolder();
      folders.push(folder.path);
      return folder;
    },
    dial: async (address, credentials) => {
      const dialled = await realStreams.dial(address, credentials);
      if (dialled.ok) cut.push(dialled.value.close);
      return dialled;
    },
  };
  const way = { name: 'direct', natsUrl: nats.url, directHost: '127.0.0.1' };
  const options = { ...way, keySeed, life: 1 };
  const joined = await joinCluster(system, options, { streams });
  if (!joined.ok) throw new Error(joined.error.message);
  const { peers, close } = joined.value;
  const end = async (): Promise<void> => {
    await system.shutdown({ drainMs: 100 });
    await close();
  };
  open.push(end);
  return { system, peers, end, folders, cut: () => cut.splice(0).map((close) => close()).length };
}

describe('direct links', () => {
  it.each([
    ['unix', 'one', 'one'],
    ['tls', 'one', 'another'],
  ] as const)('by %s are cut and made again without a message lost', async (path, here, there) => {
    const [alpha, beta] = [
      await node(`n-alpha-${path}`, here),
      await node(`n-beta-${path}`, there),
    ];
    const target = beta.system.spawn(counter, undefined, { name: 'counter' });
    const found = alpha.system.refAt(target.address);
    if (!found.ok) throw new Error(found.error.message);
    let sent = 0;
    const send = (): void => {
      for (let each = 0; each < 500; each++) alpha.system.tell(found.value, 'item', sent++);
    };
    send();
    for (let round = 0; round < 5; round++) {
      await until(`the link is by ${path}`, () => alpha.peers()[0]?.path === path);
      send();
      expect(alpha.cut() + beta.cut()).toBe(1);
      send();
      await until('the cut is seen', () => alpha.peers()[0]?.path === 'nats');
    }
    const report = await alpha.system.ask(found.value, 'report', undefined);
    expect(report).toEqual({ kind: 'answered', value: { next: sent, misplaced: 0 } });
  });

  it('leave nothing behind', async () => {
    const alpha = await node('n-tidy', 'one');
    expect(alpha.folders.map((folder) => existsSync(folder))).toEqual([true]);
    await alpha.end();
    expect(alpha.folders.map((folder) => existsSync(folder))).toEqual([false]);
  });
});
