/** The kill switch of a sandbox around played processes: what it kills, what it gives up, what it refuses. */
import { expect, it } from 'vitest';
import type { TenantId } from '../../../../src/contracts/index.ts';
import { type HttpClient, simulatedTime } from '../../../../src/host/index.ts';
import {
  type HaltJudge,
  haltedError,
  orderOver,
  startSandbox,
} from '../../../../src/sandbox/index.ts';
import { orderOf } from '../../../support/halt-records.ts';
import { runRequest } from '../../../support/sandbox.ts';
import { playedProcesses } from '../../../support/sandbox-fakes.ts';

const judgeOf =
  (...orders: readonly ReturnType<typeof orderOf>[]): HaltJudge =>
  (subject) => {
    const order = orderOver(orders, subject, 'n-here');
    return order && haltedError(order);
  };

async function started() {
  const time = simulatedTime();
  const { processes, hosts } = playedProcesses();
  const starting = startSandbox({ ports: time, processes, warmHosts: 1 });
  await time.advance(100);
  const sandbox = await starting;
  if (!sandbox.ok) throw new Error(sandbox.error.message);
  const signals: AbortSignal[] = [];
  const http: HttpClient = {
    resolve: async () => ['1.1.1.1'],
    send: ({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    },
  };
  /** A run that waits for a web server which never answers. */
  const busy = async (tenant: string, name: string) => {
    const lease = await sandbox.value.lease(tenant as TenantId);
    if (!lease.ok) throw new Error(lease.error.message);
    const report = lease.value.run(
      runRequest('source', {
        tenant,
        manifest: { name },
        grants: { http: { hosts: ['slow.test'], methods: ['GET'] } },
        effects: { http },
      }),
    );
    const host = hosts.find((_, at) => lease.value.pid === 1_001 + at);
    if (!host) throw new Error('it runs nowhere');
    await time.settle();
    const args = [{ url: 'https://slow.test/' }];
    host.say({ kind: 'call', run: 1, seq: 1, name: 'http.request', args });
    await time.settle();
    await time.advance(100);
    return { host, report, lease: lease.value };
  };
  return { time, hosts, sandbox: sandbox.value, busy, signals };
}

it('kills the processes of a halted tenant and gives up their calls; others go on', async () => {
  const { sandbox, busy, signals } = await started();
  const halted = await busy('acme', 'mail');
  const other = await busy('other', 'mail');
  const stopped = await sandbox.halt(judgeOf(orderOf({ scope: { kind: 'tenant', name: 'acme' } })));
  expect(stopped).toEqual({ runs: 1, hostCalls: 1, sandboxHosts: 1 });
  expect((await halted.report).result).toMatchObject({ ok: false, error: { code: 'HALTED' } });
  expect([halted.host.killed(), other.host.killed()]).toEqual([true, false]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  expect(await sandbox.lease('acme' as TenantId)).toMatchObject({ error: { code: 'HALTED' } });
  expect((await sandbox.lease('other' as TenantId)).ok).toBe(true);
});

it('kills what runs a halted skill, and lets a host that is there run another', async () => {
  const { sandbox, busy, hosts, time } = await started();
  const mail = await busy('acme', 'mail');
  const idle = await sandbox.lease('acme' as TenantId);
  if (!idle.ok) throw new Error(idle.error.message);
  await sandbox.halt(judgeOf(orderOf({ scope: { kind: 'skill', name: 'mail' } })));
  expect(mail.host.killed()).toBe(true);
  const again = await idle.value.run(
    runRequest('source', { tenant: 'acme', manifest: { name: 'mail' } }),
  );
  expect(again.result).toMatchObject({ error: { code: 'HALTED' } });
  const post = idle.value.run(runRequest('source', { tenant: 'acme', manifest: { name: 'post' } }));
  await time.settle();
  const running = hosts.filter((each) => !each.killed() && each.received.length > 0);
  expect(running).toHaveLength(1);
  running[0]?.say({
    ...{ kind: 'done', run: 1, cpuMs: 1, heapBytes: 1, limitTouched: false },
    ending: { kind: 'value', value: 1 },
  });
  expect((await post).result).toEqual({ ok: true, value: 1 });
});

it('has no process at all while everything is halted, and warm ones again afterwards', async () => {
  const { sandbox, busy, time, hosts } = await started();
  await busy('acme', 'mail');
  await sandbox.halt(judgeOf(orderOf()));
  await time.advance(10_000);
  expect(sandbox.hostCounts()).toEqual({ living: 0, warm: 0 });
  expect(hosts.every((host) => host.killed())).toBe(true);
  await sandbox.halt(judgeOf());
  await time.advance(1_000);
  expect(sandbox.hostCounts()).toEqual({ living: 1, warm: 1 });
  expect((await sandbox.lease('acme' as TenantId)).ok).toBe(true);
});
