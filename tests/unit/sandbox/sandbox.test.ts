/** The sandbox around played processes: it fails closed, keeps its stock, holds its bound, and leaves nothing behind. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES, type TenantId } from '../../../src/contracts/index.ts';
import { simulatedTime } from '../../../src/host/index.ts';
import { type SandboxOptions, startSandbox } from '../../../src/sandbox/index.ts';
import { playedProcesses, READY } from '../../support/sandbox-fakes.ts';

const TENANT = 'acme' as TenantId;

async function start(options: Partial<SandboxOptions> = {}, greet: readonly unknown[] = [READY]) {
  const time = simulatedTime();
  const played = playedProcesses(greet);
  const result = await startSandbox({ ports: time, processes: played.processes, ...options });
  await time.advance(100);
  return { time, hosts: played.hosts, result };
}

async function started(options: Partial<SandboxOptions> = {}) {
  const { result, ...world } = await start(options);
  if (!result.ok) throw new Error(result.error.message);
  return { ...world, sandbox: result.value };
}

describe('the sandbox', () => {
  test.each([
    ['isolated-vm is too old', { ...READY, isolatedVm: '7.0.0' }],
    ['a flag is missing', { ...READY, missing: ['--no-node-snapshot'] }],
    ['the permissions are missing', { ...READY, missing: ['--permission'] }],
  ])('does not start when %s', async (_, ready) => {
    const { result, hosts } = await start({}, [ready]);
    expect(result).toMatchObject({ ok: false, error: { code: 'SANDBOX_UNSUPPORTED' } });
    expect(hosts.every((host) => host.killed())).toBe(true);
  });

  test('keeps its stock of warm hosts and refills it', async () => {
    const { sandbox, time, hosts } = await started({ warmHosts: 2 });
    expect(sandbox.hostCounts()).toEqual({ living: 2, warm: 2 });
    expect((await sandbox.lease(TENANT)).ok).toBe(true);
    await time.advance(100);
    expect(sandbox.hostCounts()).toEqual({ living: 3, warm: 2 });
    expect(hosts).toHaveLength(3);
  });

  test('hands out a new process each time', async () => {
    const { sandbox } = await started();
    const leases = await Promise.all([1, 2, 3, 4].map(() => sandbox.lease(TENANT)));
    const pids = leases.map((lease) => (lease.ok ? lease.value.pid : undefined));
    expect(new Set(pids).size).toBe(4);
  });

  test('starts a larger process for a larger contract', async () => {
    const { sandbox, hosts } = await started({ warmHosts: 1 });
    await sandbox.lease(TENANT, { ...DEFAULT_RESOURCES, memoryMiB: 200 });
    const limits = hosts.map((host) => Number(host.spec.args.at(-1)));
    expect(limits.at(-1)).toBeGreaterThan(limits[0] ?? 0);
  });

  test('refuses a lease over its bound', async () => {
    const { sandbox } = await started({ warmHosts: 0, hosts: 2 });
    expect((await sandbox.lease(TENANT)).ok).toBe(true);
    expect((await sandbox.lease(TENANT)).ok).toBe(true);
    const third = await sandbox.lease(TENANT);
    expect(third).toMatchObject({
      ok: false,
      error: { code: 'SANDBOX_UNAVAILABLE', retryable: true },
    });
  });

  test('passes over a warm host that died', async () => {
    const { sandbox, hosts, time } = await started({ warmHosts: 1 });
    hosts[0]?.exit({ exitCode: 1, signal: null });
    await time.advance(100);
    const lease = await sandbox.lease(TENANT);
    expect(lease.ok && lease.value.isAlive()).toBe(true);
  });

  test('kills every process when it closes, and leases no more', async () => {
    const { sandbox, hosts } = await started();
    await sandbox.lease(TENANT);
    await sandbox.close();
    expect(hosts.every((host) => host.killed())).toBe(true);
    expect(sandbox.hostCounts()).toEqual({ living: 0, warm: 0 });
    expect((await sandbox.lease(TENANT)).ok).toBe(false);
  });
});
