/** The host process as a cell: what it may do itself, and that its loss is nobody else's. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { handlerOf, isRunning, runRequest, sandboxWorld } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

const world = sandboxWorld();
const LINUX = process.platform === 'linux';
const HUNG = handlerOf('return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);');

describe('a host process', () => {
  test.runIf(LINUX)(
    'inherits nothing of the environment and is wrapped in every tool found',
    async () => {
      process.env.CANARY_ENV = 'CANARY-1';
      const host = await world.lease();
      const environment = readFileSync(`/proc/${host.pid}/environ`, 'utf8');
      expect(environment).not.toContain('CANARY');
      expect(environment.split('\0').filter(Boolean).sort()).toEqual([
        'LC_ALL=en_US.UTF-8',
        'TZ=UTC',
      ]);
      const limits = readFileSync(`/proc/${host.pid}/limits`, 'utf8');
      if (world.sandbox().level.memoryCapped) expect(limits).toMatch(/Max data size\s+\d+/);
      host.dispose();
    },
  );

  test('killed in a run takes only that run with it', async () => {
    const [victim, other] = [await world.lease('mallory'), await world.lease('alice')];
    const dying = victim.run(runRequest(HUNG, { resources: { cpuMs: 60_000, wallMs: 60_000 } }));
    const living = other.run(runRequest(handlerOf('return 1;'), { tenant: 'alice' }));
    victim.dispose();
    expect(await dying).toMatchObject({
      result: { error: { code: 'SANDBOX_DIED', retryable: true } },
      exit: { kind: 'killed' },
    });
    expect((await living).result).toEqual({ ok: true, value: 1 });
    await until('the process is gone', () => !isRunning(victim.pid ?? 0));
    other.dispose();
  });

  test('serves run after run, each in a realm of its own', async () => {
    const host = await world.lease();
    for (let run = 0; run < 30; run++) {
      const source = handlerOf(
        `globalThis.n = (globalThis.n ?? 0) + 1; return [globalThis.n, input];`,
      );
      const report = await host.run(runRequest(source, { input: run }));
      expect(report.result).toEqual({ ok: true, value: [1, run] });
    }
    const failed = await host.run(runRequest(handlerOf('throw new Error("x");')));
    expect(failed.result.ok).toBe(false);
    expect(host.isAlive()).toBe(true);
    host.dispose();
  });

  test('gives memory as its contract says, small or large', async () => {
    const fill = handlerOf('return new Uint8Array(150 << 20).fill(1).length;');
    const small = await world.attack(fill, {
      resources: { memoryMiB: 64, wallMs: 10_000, cpuMs: 5_000 },
    });
    expect(small.result).toMatchObject({ error: { code: 'SKILL_HEAP_EXCEEDED' } });
    const large = await world.attack(fill, {
      resources: { memoryMiB: 200, wallMs: 10_000, cpuMs: 5_000 },
    });
    expect(large.result).toEqual({ ok: true, value: 150 << 20 });
  });

  test('carries inputs and outputs as large as a contract may allow', async () => {
    const bytes = 32 * 1024 * 1024;
    const resources = {
      inputBytes: bytes,
      outputBytes: bytes,
      memoryMiB: 256,
      cpuMs: 20_000,
      wallMs: 30_000,
    };
    const input = 'x'.repeat(bytes - 2);
    const report = await world.attack(handlerOf('return input;'), { input, resources });
    expect(report.result.ok).toBe(true);
    expect(report.usage.outputBytes).toBe(bytes);
  });

  test('of a tenant is refused to another', async () => {
    const host = await world.lease('alice');
    const report = await host.run(runRequest(handlerOf('return 1;'), { tenant: 'mallory' }));
    expect(report.result).toMatchObject({ error: { code: 'SANDBOX_UNAVAILABLE' } });
    host.dispose();
  });
});
