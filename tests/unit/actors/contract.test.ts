import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractOf } from '../../../src/actors/index.ts';
import {
  type Ceiling,
  DEFAULT_RESOURCES,
  grantsFrom,
  type SkillManifest,
} from '../../../src/contracts/index.ts';

const FIGURES = [
  'cpuMs',
  'wallMs',
  'memoryMiB',
  'inputBytes',
  'outputBytes',
  'logBytes',
  'hostCalls',
  'hostCallsPerSecond',
] as const;
const HOSTS = ['a.example', 'b.example:8080', 'c.example'];
const figures = fc.record(
  Object.fromEntries(FIGURES.map((name) => [name, fc.integer({ min: 1, max: 1_000 })])) as Record<
    (typeof FIGURES)[number],
    fc.Arbitrary<number>
  >,
  { requiredKeys: [] },
);
const http = fc.record({
  hosts: fc.subarray(HOSTS),
  methods: fc.subarray(['GET', 'POST', 'PUT'] as ('GET' | 'POST' | 'PUT')[]),
});
const capabilities = fc.record({ http, kv: fc.boolean(), log: fc.boolean() }, { requiredKeys: [] });
const ceiling: fc.Arbitrary<Ceiling> = fc.record(
  { name: fc.constant('c'), resources: figures, grants: capabilities },
  { requiredKeys: ['name'] },
);
const manifestOf = (resources: object, asked: object): SkillManifest => ({
  name: 'price',
  version: '1.0.0',
  description: 'x',
  input: true,
  output: true,
  resources,
  capabilities: asked,
});

describe('the contract of a call', () => {
  it('has for each figure the smallest that manifest and ceilings name, in any order of ceilings', () => {
    fc.assert(
      fc.property(figures, fc.array(ceiling, { maxLength: 4 }), (resources, ceilings) => {
        const grants = grantsFrom(undefined);
        const contract = contractOf(manifestOf(resources, {}), { grants, ceilings });
        const reversed = contractOf(manifestOf(resources, {}), {
          grants,
          ceilings: ceilings.toReversed(),
        });
        expect(reversed).toEqual(contract);
        if (!contract.ok) throw new Error('nothing refuses it');
        for (const name of FIGURES) {
          const own = resources[name] ?? DEFAULT_RESOURCES[name];
          const caps = ceilings.map((each) => each.resources?.[name] ?? Number.POSITIVE_INFINITY);
          expect(contract.value.resources[name]).toBe(Math.min(own, ...caps));
        }
      }),
      { seed: 11 },
    );
  });

  it('grants exactly what the manifest asks, the caller gives and no ceiling withholds', () => {
    fc.assert(
      fc.property(
        capabilities,
        capabilities,
        fc.array(ceiling, { maxLength: 3 }),
        (asked, given, ceilings) => {
          const contract = contractOf(manifestOf({}, asked), {
            grants: grantsFrom(given),
            ceilings,
          });
          if (!contract.ok) throw new Error('nothing refuses it');
          const { grants } = contract.value;
          const layers = [given, ...ceilings.flatMap((each) => (each.grants ? [each.grants] : []))];
          expect(grants.kv).toBe(asked.kv === true && layers.every((layer) => layer.kv === true));
          expect(grants.log).toBe(
            asked.log !== false && layers.every((layer) => layer.log !== false),
          );
          for (const host of HOSTS) {
            const wanted = asked.http?.hosts.includes(host) === true;
            const allowed = layers.every((layer) => layer.http?.hosts.includes(host) === true);
            expect(grants.http?.hosts.includes(host) ?? false).toBe(wanted && allowed);
          }
        },
      ),
      { seed: 12 },
    );
  });

  it('is refused for a skill that a ceiling does not list, with the ceiling named', () => {
    const ceilings = [{ name: 'readers', skills: ['other'] }];
    const contract = contractOf(manifestOf({}, {}), { grants: {}, ceilings });
    expect(contract).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    if (!contract.ok) expect(contract.error.message).toContain('readers');
  });
});
