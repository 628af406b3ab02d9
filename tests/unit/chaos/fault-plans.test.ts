import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleOf } from '../../../src/chaos/fault-schedule.ts';
import { FAULTS, type FaultPlan, loadProfile, readFaultPlan } from '../../../src/chaos/index.ts';
import type { NodeId, ThreadName } from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';

const profiles = new URL('../../../profiles/', import.meta.url);
const layout = {
  nodeIds: ['n-1', 'n-2', 'n-3'] as NodeId[],
  threads: ['main', 't1'] as ThreadName[],
  forMs: 30_000,
};
const planIn = (text: string) => {
  const read = readFaultPlan(text, 'plan.yaml');
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
};
const faultsIn = ({ faults = [], draw }: FaultPlan): readonly string[] => [
  ...faults.map(({ fault }) => fault),
  ...(draw?.faults ?? []),
];
const mistakeIn = (text: string): string => {
  const read = readFaultPlan(text, 'plan.yaml');
  return read.ok ? 'no mistake' : `${read.error.code}: ${read.error.message}`;
};
const faults = (line: string): string => `version: 1\ntitle: t\nfaults:\n  - ${line}\n`;
const drawn = (lines: string): string => `version: 1\ntitle: t\n${lines}\n`;

describe('the fault plans that come with Skein', () => {
  it.each(readdirSync(profiles))('%s is sound, and does something', (file) => {
    const plan = planIn(readFileSync(new URL(file, profiles), 'utf8'));
    const events = scheduleOf(plan, layout, seededRandom(1));
    expect(events.length).toBeGreaterThan(0);
    expect(events.every(({ fault }) => fault in FAULTS)).toBe(true);
  });

  it('use every fault that there is', () => {
    const used = readdirSync(profiles).flatMap((file) =>
      faultsIn(planIn(readFileSync(new URL(file, profiles), 'utf8'))),
    );
    expect(Object.keys(FAULTS).filter((name) => !used.includes(name))).toEqual([]);
  });
});

describe('a fault plan with a mistake', () => {
  it.each([
    ['version: 2\ntitle: t\nfaults: []\n', '/version'],
    ['version: 1\nfaults: []\n', 'title'],
    [faults('{ fault: fire }'), '/faults/0/fault'],
    [faults('{ fault: crash-node, target: { names: [n-1/t1] } }'), '/faults/0/target/names/0'],
    [faults('{ fault: partition, target: { names: [n-1>n-1] } }'), '/faults/0/target/names/0'],
    [faults('{ fault: loss, attributes: { share: 2 } }'), '/faults/0/attributes/share'],
    [faults('{ fault: loss, attributes: { shame: 1 } }'), '/faults/0/attributes/shame'],
    [faults('{ fault: loss, everyMs: 1 }'), '/faults/0/everyMs'],
    [faults('{ fault: constructor }'), '/faults/0/fault'],
    ['version: 1\ntitle: t\n', 'faults, draw or both'],
    [drawn('draw: { faults: [loss, fire] }'), '/draw/faults/1'],
    [drawn('draw: { faults: [] }'), '/draw/faults'],
    [drawn('draw: { faults: [loss], share: 2 }'), '/draw/share'],
    [drawn('draw: { faults: [loss], everyMs: 1 }'), '/draw/everyMs'],
    [drawn('draw: { faults: [loss] }\nworkload: none'), '/workload'],
    [drawn('draw: { faults: [loss] }\nworld: { nodes: { min: 3, max: 2 } }'), '/world/nodes/min'],
    [drawn('draw: { faults: [loss] }\nworld: { threads: -1 }'), '/world/threads'],
    [drawn('draw: { faults: [loss] }\nsometimes: [a miracle]'), '/sometimes/0'],
    ['a: [', 'plan.yaml'],
    ['', 'plan.yaml'],
  ])('is refused with its place: %j', (text, place) => {
    expect(mistakeIn(text)).toMatch(/^FAULT_PLAN_INVALID/);
    expect(mistakeIn(text)).toContain(place);
  });

  it('never throws, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(typeof readFaultPlan(text, 'plan.yaml').ok).toBe('boolean');
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});

describe('a plan by name', () => {
  it('is one that comes with Skein; by a path it is that file', async () => {
    const found = await loadProfile('cluster');
    expect(found.ok && found.value.workload).toBe('cluster');
    const folder = await mkdtemp(join(tmpdir(), 'skein-profile-'));
    try {
      const file = join(folder, 'own.yaml');
      await writeFile(file, drawn('faults: []'));
      expect((await loadProfile(file)).ok).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('that there is not is refused with the file that was looked for', async () => {
    const missing = await loadProfile('no-such-plan');
    expect(missing).toMatchObject({ ok: false, error: { code: 'FILE_UNREADABLE' } });
    expect(!missing.ok && missing.error.message).toContain('profiles/no-such-plan.yaml');
  });
});

describe('a plan that draws', () => {
  const text = drawn('draw: { faults: [loss, crash-node, cut], share: 0.7, everyMs: 1000 }');

  it('has another schedule for every seed, of the faults that it names', () => {
    const plan = planIn(text);
    const of = (seed: number) => scheduleOf(plan, layout, seededRandom(seed));
    const seeds = Array.from({ length: 40 }, (_, at) => of(at));
    expect(new Set(seeds.map((events) => JSON.stringify(events))).size).toBeGreaterThan(35);
    const names = new Set(seeds.flatMap((events) => events.map(({ fault }) => fault)));
    expect([...names].sort()).toEqual(['crash-node', 'cut', 'loss']);
    expect(seeds.some((events) => !events.some(({ fault }) => fault === 'cut'))).toBe(true);
    const mean = seeds.reduce((sum, events) => sum + events.length, 0) / seeds.length;
    expect(mean).toBeGreaterThan(20);
    expect(mean).toBeLessThan(40);
    expect(of(7)).toEqual(of(7));
  });
});

describe('the schedule of a plan', () => {
  const text = `version: 1
title: t
blastRadius: { nodes: 1 }
faults:
  - { fault: crash-node, everyMs: 1000, forMs: 900, target: { any: 2 } }
  - { fault: hang-thread, everyMs: 700, forMs: 2000, probability: 0.5 }
`;

  it('is the same for the same seed, and another for another', () => {
    const plan = planIn(text);
    const of = (seed: number) => scheduleOf(plan, layout, seededRandom(seed));
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it('touches no more nodes at once than the blast radius allows', () => {
    const plan = planIn(text);
    fc.assert(
      fc.property(fc.nat(10_000), (seed) => {
        const events = scheduleOf(plan, layout, seededRandom(seed));
        for (const { atMs } of events) {
          const active = events.filter(
            (each) => each.atMs <= atMs && atMs <= each.atMs + each.forMs,
          );
          const nodes = new Set(active.map(({ target }) => target.split('/')[0]));
          expect(nodes.size).toBeLessThanOrEqual(1);
        }
      }),
      { seed: 5, numRuns: 50 },
    );
  });
});
