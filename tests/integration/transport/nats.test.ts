import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NodeId } from '../../../src/contracts/index.ts';
import { realPorts, realProcesses } from '../../../src/host/index.ts';
import { ActorSystem, defineActor, joinBus } from '../../../src/kernel/index.ts';
import {
  connectNats,
  type NatsBus,
  simulatedIdentity,
  startNatsServer,
} from '../../../src/transport/index.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';

let nats: TestNats;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  nats = await startTestNats();
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(() => nats.close());

async function bus(): Promise<NatsBus> {
  const connected = await connectNats({ url: nats.url, name: 'test', log: recordingLog().log });
  if (!connected.ok) throw new Error(connected.error.message);
  open.push(connected.value.close);
  return connected.value;
}

async function node(name: string) {
  const own = await bus();
  const { log, lines } = recordingLog();
  const system = new ActorSystem({ node: name as NodeId, ports: realPorts, log });
  const sessions = joinBus(system, {
    cluster: 'test',
    bus: own,
    identity: simulatedIdentity(system.node),
  });
  open.push(async () => {
    await system.shutdown({ drainMs: 100 });
    await sessions.close();
  });
  return { system, sessions, lines };
}

const collector = defineActor({
  kind: 'collector',
  mailbox: { capacity: 100_000, overflow: 'refuse' },
  initial: () => ({ next: 0, misplaced: 0 }),
  receive: {
    item: (state, id: number) => {
      if (id !== state.next) state.misplaced++;
      state.next = id + 1;
      return id;
    },
    report: ({ next, misplaced }) => ({ next, misplaced }),
  },
});

describe('a nats-server of our own', () => {
  it('listens on a free loopback port, with JetStream, as its configuration says', async () => {
    const config = await readFile(join(nats.dataDir, 'nats-server.conf'), 'utf8');
    expect(config).toContain(`port: ${nats.port}`);
    expect(config).toContain('host: "127.0.0.1"');
    const connection = await connect({ servers: nats.url });
    const { data } = await connection.request('$JS.API.INFO', '');
    expect(JSON.parse(Buffer.from(data).toString('utf8'))).toHaveProperty('limits');
    await connection.close();
  });

  it('that cannot start says why', async () => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
    const { port } = taken.address() as { readonly port: number };
    const ports = { ...realPorts, processes: realProcesses };
    const { log } = recordingLog();
    const busy = await startNatsServer({
      ...ports,
      program: nats.program,
      dataDir: join(nats.dataDir, 'second'),
      log,
      port,
    });
    expect(busy).toMatchObject({ ok: false, error: { code: 'NATS_FAILED' } });
    expect(busy.ok ? '' : busy.error.message).toContain('address already in use');
    const missing = await startNatsServer({
      ...ports,
      program: '/nowhere/nats-server',
      dataDir: join(nats.dataDir, 'third'),
      log,
    });
    expect(missing).toMatchObject({ ok: false, error: { code: 'NATS_FAILED' } });
    await new Promise((closed) => taken.close(closed));
  });

  it('that nobody runs is named without its password', async () => {
    const url = 'nats://me:secret@127.0.0.1:1';
    const failed = await connectNats({ url, name: 'test', log: recordingLog().log });
    expect(failed).toMatchObject({ ok: false, error: { code: 'NATS_FAILED' } });
    expect(JSON.stringify(failed)).toContain('127.0.0.1:1');
    expect(JSON.stringify(failed)).not.toContain('secret');
  });
});

describe('nodes that meet through NATS', () => {
  it('tell and ask each other', async () => {
    const [alpha, beta] = [await node('n-alpha'), await node('n-beta')];
    beta.system.spawn(collector, undefined, { name: 'collector' });
    const target = alpha.system.refAt('skein://n-beta/main/root/collector');
    if (!target.ok) throw new Error(target.error.message);
    for (let id = 0; id < 10_000; id++) alpha.system.tell(target.value, 'item', id);
    const report = await alpha.system.ask(target.value, 'report', undefined);
    expect(report).toEqual({ kind: 'answered', value: { next: 10_000, misplaced: 0 } });
    expect(alpha.sessions.status()).toMatchObject([
      { node: 'n-beta', thread: 'main', path: 'nats' },
    ]);
  });

  it('lose, repeat and reorder nothing when nats-server is killed and comes back', async () => {
    const [alpha, beta] = [await node('n-gamma'), await node('n-delta')];
    beta.system.spawn(collector, undefined, { name: 'collector' });
    const target = alpha.system.refAt('skein://n-delta/main/root/collector');
    if (!target.ok) throw new Error(target.error.message);
    let sent = 0;
    const send = (count: number): void => {
      for (let each = 0; each < count; each++) alpha.system.tell(target.value, 'item', sent++);
    };
    send(1_000);
    await alpha.system.ask(target.value, 'report', undefined);
    for (let cut = 0; cut < 3; cut++) {
      const before = nats.pid();
      send(500);
      process.kill(before as number, 'SIGKILL');
      send(500);
      await until('nats-server is back', () => {
        const pid = nats.pid();
        return pid !== undefined && pid !== before;
      });
      send(500);
    }
    const report = await alpha.system.ask(target.value, 'report', undefined, { timeoutMs: 20_000 });
    expect(report).toEqual({ kind: 'answered', value: { next: sent, misplaced: 0 } });
    expect(alpha.lines.filter(({ message }) => message.startsWith('a link'))).toEqual([]);
  });
});
