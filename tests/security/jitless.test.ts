/** Hosts without V8's compilers: the same results to the byte, the same walls, and no compiler inside. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TenantId } from '../../src/contracts/index.ts';
import { tierOf } from '../../src/sandbox/index.ts';
import { type BuiltPackage, buildPackage } from '../support/built-package.ts';
import { type Attack, handlerOf, sandboxWorld, testAttacks } from '../support/sandbox.ts';

let built: BuiltPackage;
beforeAll(() => {
  built = buildPackage();
});
afterAll(() => built.remove());

const world = sandboxWorld();
/** Node strips types by WebAssembly, which --jitless takes away: such hosts are of the compiled package alone. */
const jitless = sandboxWorld(async (options) => {
  const { startSandbox } = (await built.load(
    'sandbox/index',
  )) as typeof import('../../src/sandbox/index.ts');
  return startSandbox(options);
}, 'jitless');

/** Floats, integers, strings, sorting, regular expressions, big integers: what compiled code could round or order otherwise. */
const COMPUTE = handlerOf(`
  let sum = 0;
  for (let i = 1; i < 20_000; i++) sum += Math.sin(i) * Math.sqrt(i) / (i % 7 + 1) - Math.fround(i * 0.1) ** 2;
  const rows = Array.from({ length: 500 }, () => ({ key: Math.random().toString(36), n: Math.imul(sum * 1e6, 31) }));
  rows.sort((a, b) => (a.key < b.key ? -1 : 1));
  const words = rows.map(({ key }) => key.replace(/([a-z])([0-9])/gu, '$2$1')).join(' ');
  let factorial = 1n;
  for (let i = 1n; i < 200n; i++) factorial *= i;
  return [sum, rows.slice(0, 20), words, String(factorial), new Date().toISOString(), [0.1 + 0.2, 1e21, -0, 5e-324]];
`);

test('a computation gives the same bytes with and without compilers', async () => {
  const resources = { cpuMs: 20_000, wallMs: 40_000 };
  const [one, other] = [
    await world.attack(COMPUTE, { resources }),
    await jitless.attack(COMPUTE, { resources }),
  ];
  expect(one.result).toMatchObject({ ok: true });
  expect(other.result).toEqual(one.result);
  expect(other.outputHash).toBe(one.outputHash);
});

test('a host is started without compilers', async () => {
  const host = await jitless.lease();
  expect(host.pid).toBeGreaterThan(0);
  if (process.platform === 'linux') {
    const line = readFileSync(`/proc/${host.pid}/cmdline`, 'utf8').split('\0');
    expect(line).toContain('--jitless');
  }
  host.dispose();
});

describe('attacks without compilers', () => {
  const attacks: readonly Attack[] = [
    {
      name: 'on the constructor chain find nothing outside',
      source:
        "const f = ctx.log.info.constructor('return typeof process + typeof require')(); return f === 'undefinedundefined' ? 'absent' : 'ESCAPE! ' + f;",
      verdicts: ['denied', 'contained'],
    },
    {
      name: 'by WebAssembly find none',
      source: "return typeof WebAssembly === 'undefined' ? 'absent' : 'ESCAPE! WebAssembly';",
      verdicts: ['denied'],
    },
    {
      name: 'by an endless loop end at the limit',
      source: 'for (;;);',
      verdicts: ['terminated'],
      codes: ['SKILL_CPU_EXCEEDED'],
      options: { resources: { wallMs: 60_000 } },
    },
    {
      name: 'by a regular expression that backtracks end at the limit',
      source: "return /^(a+)+$/.test('a'.repeat(40) + 'b');",
      verdicts: ['terminated'],
      codes: ['SKILL_CPU_EXCEEDED'],
      options: { resources: { wallMs: 60_000 } },
    },
    {
      name: 'by memory end at the limit',
      source: 'const held = []; for (;;) held.push(new Array(1e5).fill(held.length));',
      verdicts: ['terminated'],
      codes: ['SKILL_HEAP_EXCEEDED'],
      options: { resources: { cpuMs: 30_000, wallMs: 60_000 } },
    },
    {
      name: 'by a promise that nobody settles end',
      source: 'await new Promise(() => undefined);',
      verdicts: ['terminated'],
      codes: ['SKILL_NEVER_SETTLED'],
    },
    {
      name: 'on what was not granted are denied',
      source: "await ctx.kv.get('k');",
      verdicts: ['denied'],
      codes: ['CAPABILITY_DENIED'],
    },
  ];
  testAttacks(jitless, attacks);
});

test('the operator names the skills, or all of them', () => {
  expect(tierOf('orders', { jitless: ['orders'] })).toBe('jitless');
  expect(tierOf('orders', { jitless: ['*'] })).toBe('jitless');
  expect(tierOf('orders', { jitless: ['order'] })).toBe('jit');
  expect(tierOf('orders')).toBe('jit');
});

test('types and no compilers do not go together: a checkout says so, and starts nothing', async () => {
  const before = world.sandbox().hostCounts().living;
  const leased = await world.sandbox().lease('mallory' as TenantId, undefined, 'jitless');
  expect(leased).toMatchObject({ ok: false, error: { code: 'SANDBOX_UNSUPPORTED' } });
  expect(world.sandbox().hostCounts().living).toBe(before);
});
