/** The sandbox around played processes: it fails closed, keeps its stock, holds its bound, and leaves nothing behind. */
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_RESOURCES,
  type ProcessHandle,
  type ProcessSpec,
  type TenantId,
} from '../../../src/contracts/index.ts';
import { simulatedTime } from '../../../src/host/index.ts';
import { type SandboxOptions, startSandbox } from '../../../src/sandbox/index.ts';
import { playedProcesses, READY } from '../../support/sandbox-fakes.ts';

const TENANT = 'acme' as TenantId;

async function start(options: Partial<SandboxOptions> = {}, greet: readonly unknown[] = [READY]) {
  const time = simulatedTime();
  const played = playedProcesses(greet);
  const result = await startSandbox({
    ...{ ports: time, processes: played.processes, level: 'process' },
    ...options,
  });
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

  test('does not start below the level that is demanded, and says what adds the layer', async () => {
    const { result, hosts } = await start({ level: 'strict', tools: {} });
    expect(result).toMatchObject({
      error: {
        code: 'SANDBOX_LEVEL_UNREACHED',
        details: { missing: expect.arrayContaining(['memory limit', 'own files']) },
      },
    });
    expect(hosts.every((host) => host.killed())).toBe(true);
  });

  test('takes the next wall when a host does not get ready behind the first, and stays with it', async () => {
    const time = simulatedTime();
    const played = playedProcesses();
    const start = (spec: ProcessSpec): ProcessHandle => {
      const handle = played.processes.start(spec);
      if (![spec.file, ...spec.args].some((word) => word.endsWith('bwrap'))) return handle;
      return {
        ...handle,
        onData: () => undefined,
        onExit: (exited) => queueMicrotask(() => exited({ exitCode: 1, signal: null })),
      };
    };
    const tools = { setpriv: '/bin/setpriv', bwrap: '/bin/bwrap', unshare: '/bin/unshare' };
    const result = await startSandbox({ ports: time, processes: { start }, tools, warmHosts: 1 });
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value.level.enclosure).toBe('unshare');
    await result.value.lease(TENANT);
    await time.advance(100);
    expect(played.hosts.at(-1)?.spec.args).toContain('/bin/unshare');
  });

  test('starts hosts without compilers for those who ask, and keeps them apart', async () => {
    const { sandbox, hosts, time } = await started({
      warmHosts: 1,
      hostMain: '/dist/host-main.js',
    });
    expect(hosts.some(({ spec }) => spec.args.includes('--jitless'))).toBe(false);
    await sandbox.lease(TENANT, DEFAULT_RESOURCES, 'jitless');
    await time.advance(100);
    const jitless = hosts.filter(({ spec }) => spec.args.includes('--jitless'));
    expect(jitless).toHaveLength(2);
    expect(sandbox.hostCounts()).toEqual({ living: 3, warm: 2 });
    const warm = await sandbox.lease(TENANT, DEFAULT_RESOURCES, 'jitless');
    expect(warm.ok && warm.value.pid).toBe(1_000 + hosts.indexOf(jitless[1] as never) + 1);
  });

  test('has no hosts without compilers where types must be stripped', async () => {
    const { sandbox, hosts } = await started({ warmHosts: 1, hostMain: '/src/host-main.ts' });
    const leased = await sandbox.lease(TENANT, DEFAULT_RESOURCES, 'jitless');
    expect(leased).toMatchObject({ ok: false, error: { code: 'SANDBOX_UNSUPPORTED' } });
    expect(hosts).toHaveLength(1);
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
