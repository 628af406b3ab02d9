/** What is granted is permitted, and nothing else: the compiled policies against the rules that they come from. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapabilityGrants } from '../../../../src/contracts/index.ts';
import { actionOf } from '../../../../src/sandbox/capability.ts';
import { PolicyEngine } from '../../../../src/sandbox/policy/engine.ts';
import { cedarString, grantsSource } from '../../../../src/sandbox/policy/grant-policies.ts';

const principal = { name: 's', version: '1.0.0', contentHash: '0'.repeat(64), tenant: 't' };
const engine = new PolicyEngine();

function decide(grants: CapabilityGrants, name: string, ...args: readonly (string | object)[]) {
  const described = actionOf({ name, args: args as never });
  if (!described) throw new Error(`${name} has no description`);
  return engine.decide(grantsSource(grants), { principal, action: name, ...described });
}

describe('grants', () => {
  it('name the policy that permits', () => {
    const grants = { http: { hosts: ['api.example.com'], methods: ['GET'] }, kv: true, log: true };
    const http = decide(grants, 'http.request', { url: 'https://api.example.com/v1' });
    expect(http).toMatchObject({ allowed: true, determining: ['grants.http.api.example.com'] });
    expect(decide(grants, 'kv.set', 'k')).toMatchObject({
      allowed: true,
      determining: ['grants.kv'],
    });
    expect(grantsSource(grants).policies.map(({ id }) => id)).toEqual([
      'grants.http.api.example.com',
      'grants.kv',
      'skein.run',
      'skein.log',
    ]);
  });

  it('that are not there permit nothing', () => {
    expect(decide({}, 'kv.get', 'k')).toMatchObject({ allowed: false, determining: [] });
    expect(decide({}, 'http.request', { url: 'https://a.test/' }).allowed).toBe(false);
  });

  it.each([
    ['a.test', 'https://a.test/', true],
    ['a.test', 'http://a.test/', true],
    ['a.test', 'https://a.test:8443/', false],
    ['a.test:8443', 'https://a.test:8443/x?y', true],
    ['a.test:8443', 'https://a.test/', false],
    ['a.test', 'https://b.a.test/', false],
    ['a.test', 'https://a.test.evil/', false],
    ['*', 'https://a.test/', false],
    ['A.TEST', 'https://a.test/', true],
    ['[::1]:80', 'http://[::1]/', true],
    ['a.test/" || true || "', 'https://b.test/', false],
  ])('of %s for %s: %s', (host, url, allowed) => {
    const grants = { http: { hosts: [host], methods: ['GET'] } };
    expect(decide(grants, 'http.request', { url }).allowed).toBe(allowed);
    expect(decide(grants, 'http.request', { url, method: 'POST' }).allowed).toBe(false);
  });

  it('hold whatever text they are written with', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (method) => {
        const grants = { http: { hosts: ['a.test'], methods: [method] } };
        const url = 'https://a.test/';
        expect(cedarString(method)).toMatch(/^"[ -~]*"$/);
        expect(decide(grants, 'http.request', { url, method }).allowed).toBe(method.isWellFormed());
        expect(decide(grants, 'http.request', { url, method: `${method}X` }).allowed).toBe(false);
      }),
      { numRuns: 20 },
    );
  });
});
