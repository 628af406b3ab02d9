/** Calls that a node makes for skills outside their threads, and the kill switch over them. */
import { expect, it } from 'vitest';
import { type Result, success, type TenantId } from '../../../../src/contracts/index.ts';
import { type HttpClient, simulatedTime } from '../../../../src/host/index.ts';
import {
  HaltableCalls,
  type HaltOrder,
  haltedError,
  Notifier,
  orderOver,
  SecretStore,
} from '../../../../src/sandbox/index.ts';
import { orderOf } from '../../../support/halt-records.ts';

const TENANT = 'acme' as TenantId;
const NOTE = { channel: 'ops', subject: 's', text: 't', tenant: TENANT, skill: 'mail' };

function world() {
  let standing: readonly HaltOrder[] = [];
  const calls = new HaltableCalls((subject) => {
    const order = orderOver(standing, subject, 'n-here');
    return order && haltedError(order);
  });
  const signals: AbortSignal[] = [];
  const http: HttpClient = {
    resolve: async () => ['93.184.215.14'],
    send: ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    },
  };
  const { clock } = simulatedTime();
  const notifier = new Notifier({
    ...{ http, clock, secrets: new SecretStore({ env: {} }), log: () => undefined },
    channels: { ops: { url: 'https://hooks.test/x' } },
  });
  const send = (skill: string): Promise<Result<unknown>> =>
    calls.serve({ ...NOTE, skill }, (signal) => notifier.send({ ...NOTE, skill }, signal));
  return {
    ...{ calls, signals, send },
    throwOver: (skill: string): number => {
      standing = [orderOf({ scope: { kind: 'skill', name: skill } })];
      return calls.halt();
    },
    release: () => {
      standing = [];
    },
  };
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('gives up the request of a halted skill, and leaves those of others alone', async () => {
  const { send, signals, throwOver } = world();
  const halted = send('mail');
  void send('post');
  await settled();
  expect(throwOver('mail')).toBe(1);
  expect(await halted).toMatchObject({ ok: false, error: { code: 'HALTED' } });
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(throwOver('mail')).toBe(0);
});

it('begins nothing for a halted skill, and does again after the release', async () => {
  const { calls, send, signals, throwOver, release } = world();
  throwOver('mail');
  expect(await send('mail')).toMatchObject({ ok: false, error: { code: 'HALTED' } });
  await settled();
  expect(signals).toHaveLength(0);
  release();
  expect(await calls.serve(NOTE, async () => success('sent'))).toEqual(success('sent'));
});
