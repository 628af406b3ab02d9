/** A small run of each fuzzer; `npm run fuzz` makes large ones. And: a fuzzer finds what is wrong, where something is. */
import { expect, test } from 'vitest';
import { CALL_NAMES } from '../../src/sandbox/call-table.ts';
import { fuzzHostCalls } from '../support/fuzz/fuzz-host-calls.ts';
import { fuzzManifest } from '../support/fuzz/fuzz-manifest.ts';
import { type FuzzTarget, runFuzz } from '../support/fuzz/run-fuzz.ts';

/** How long a case takes is for the large runs to judge. */
const SIZE = { seed: 'security', clock: { monotonicMs: () => 0 } };

test('whatever a host process says, the node gives each run one typed end', async () => {
  const report = await runFuzz(fuzzHostCalls(), { ...SIZE, cases: 1_200 });
  expect(report.failures).toEqual([]);
  const { outcomes, reached } = report;
  for (const word of [
    'value',
    'SANDBOX_DIED',
    'SKILL_THREW',
    'HOST_CALLS_EXCEEDED',
    'LOG_EXCEEDED',
  ])
    expect(outcomes, word).toHaveProperty(word);
  expect(outcomes).toHaveProperty(['replayed: TAPE_DIVERGED']);
  // Every call is refused for want of a grant, and served.
  for (const name of CALL_NAMES) {
    expect(reached, name).toHaveProperty([`${name} CAPABILITY_DENIED`]);
    expect(
      Object.keys(reached).filter((word) => word.startsWith(`${name} `)).length,
      name,
    ).toBeGreaterThan(2);
  }
});

test('whatever a manifest, a module or a package file says, it is taken whole or refused with a place', async () => {
  const report = await runFuzz(fuzzManifest(), { ...SIZE, cases: 800 });
  expect(report.failures).toEqual([]);
  expect(Object.keys(report.outcomes)).toEqual(
    expect.arrayContaining([
      ...['accepted', 'refused manifest', 'folder accepted', 'folder refused MANIFEST_INVALID'],
      ...['file accepted', 'file refused PACKAGE_INVALID', 'file refused PACKAGE_TAMPERED'],
    ]),
  );
});

let nowMs = 0;
const planted: readonly (readonly [string, FuzzTarget['one'], RegExp])[] = [
  [
    'a crash',
    async () => {
      throw new TypeError('a crash');
    },
    /a crash/,
  ],
  [
    'a changed prototype',
    async () => {
      Object.defineProperty(Object.prototype, 'polluted', { value: 1, configurable: true });
      return 'done';
    },
    /prototype/,
  ],
  [
    'time without a bound',
    async () => {
      nowMs += 3_000;
      return 'done';
    },
    /took/,
  ],
];

test.each(planted)(
  'a fuzzer finds %s, and says how to have it again',
  async (_name, one, reason) => {
    const rare: FuzzTarget = {
      name: 'planted',
      one: async (draw) => (draw.chance(0.1) ? one(draw) : 'nothing'),
    };
    const options = { seed: '7', cases: 40, clock: { monotonicMs: () => nowMs } };
    const report = await runFuzz(rare, options);
    Reflect.deleteProperty(Object.prototype, 'polluted');
    const [first] = report.failures;
    if (!first) throw new Error('it found nothing');
    expect(first.reason).toMatch(reason);
    expect(first.command).toBe(`npm run fuzz -- --target planted --seed 7 --case ${first.at}`);
    const again = await runFuzz(rare, { ...options, only: first.at });
    Reflect.deleteProperty(Object.prototype, 'polluted');
    expect(again).toMatchObject({ cases: 1, failed: 1 });
  },
);
