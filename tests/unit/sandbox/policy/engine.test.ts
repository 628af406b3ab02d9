import { describe, expect, it } from 'vitest';
import { PolicyEngine } from '../../../../src/sandbox/policy/engine.ts';
import { checkPolicies } from '../../../../src/sandbox/policy/policy-file.ts';
import type { PolicyRequest } from '../../../../src/sandbox/policy/policy-request.ts';
import { type PolicySource, policySource } from '../../../../src/sandbox/policy/policy-source.ts';

const principal = {
  name: 'fetcher',
  version: '1.2.3',
  contentHash: 'c'.repeat(64),
  tenant: 'acme',
};

const get = (host: string, more: PolicyRequest['attributes'] = {}): PolicyRequest => ({
  principal,
  action: 'http.request',
  resource: { type: 'Host', id: host },
  attributes: { scheme: 'https', port: 443, method: 'GET', path: '/', secrets: [], ...more },
});
const set = (key: string): PolicyRequest => ({
  principal,
  action: 'kv.set',
  resource: { type: 'Key', id: key },
  attributes: { op: 'set' },
});

function sourceOf(text: string): PolicySource {
  const { source, problems } = checkPolicies(text, 'policy.cedar');
  if (!source) throw new Error(JSON.stringify(problems));
  return source;
}
const decide = (text: string, request: PolicyRequest) =>
  new PolicyEngine().decide(sourceOf(text), request);

describe('the engine', () => {
  it('denies everything under no policies at all', () => {
    const { allowed, determining, reasons } = decide('', get('a.test'));
    expect({ allowed, determining }).toEqual({ allowed: false, determining: [] });
    expect(reasons).toEqual(['no policy permits http.request on Host a.test']);
  });

  it.each([
    ['the skill', 'permit (principal == Skill::"fetcher", action, resource);', true],
    ['another skill', 'permit (principal == Skill::"other", action, resource);', false],
    ['its tenant', 'permit (principal in Tenant::"acme", action, resource);', true],
    ['another tenant', 'permit (principal in Tenant::"other", action, resource);', false],
    ['the action', 'permit (principal, action == Action::"http.request", resource);', true],
    ['its capability', 'permit (principal, action in Action::"http", resource);', true],
    ['another capability', 'permit (principal, action in Action::"kv", resource);', false],
    ['whatever has an effect', 'permit (principal, action in Action::"effect", resource);', true],
    ['the host', 'permit (principal, action, resource == Host::"a.test");', true],
    ['another port of it', 'permit (principal, action, resource == Host::"a.test:8443");', false],
    [
      'a fact of the call',
      'permit (principal, action == Action::"http.request", resource) when { context.method == "GET" };',
      true,
    ],
    [
      'a part of the name of what it is done to',
      'permit (principal, action, resource) when { context.target like "*.test" };',
      true,
    ],
    [
      'another fact',
      'permit (principal, action == Action::"http.request", resource) when { context.path like "/v1/*" };',
      false,
    ],
    [
      'the version of the skill',
      'permit (principal, action, resource) when { principal.version like "1.*" };',
      true,
    ],
  ])('permits by %s: %s', (_what, text, allowed) => {
    expect(decide(text, get('a.test')).allowed).toBe(allowed);
  });

  it('lets a forbid win over any permit, and names it', () => {
    const text = `permit (principal, action, resource);
      @id("freeze") forbid (principal, action in Action::"effect", resource);`;
    expect(decide(text, set('k'))).toMatchObject({
      allowed: false,
      determining: ['freeze'],
      reasons: ['freeze forbids it'],
    });
  });

  it('takes the highest risk of the permits that decided, and the action’s own where they say nothing', () => {
    const text = `@id("all") permit (principal, action, resource);
      @id("hot") @risk("medium") permit (principal, action, resource) when { resource == Host::"b.test" };`;
    expect(decide(text, get('a.test'))).toMatchObject({ risk: 'low', determining: ['all'] });
    expect(decide(text, get('b.test'))).toMatchObject({
      risk: 'medium',
      determining: ['all', 'hot'],
    });
  });

  it('denies when a policy fails while it is evaluated: it may be the one that forbids', () => {
    const text = `permit (principal, action, resource);
      @id("sum") forbid (principal, action == Action::"http.request", resource) when { context.port * 9223372036854775807 > 1 };`;
    const decision = decide(text, get('a.test'));
    expect(decision).toMatchObject({ allowed: false, determining: ['sum'] });
    expect(decision.reasons[0]).toMatch(/policy sum failed: .*overflow/);
  });

  it.each([
    ['an unknown action', { ...get('a.test'), action: 'fs.format' }, /no action fs.format/],
    [
      'another resource',
      { ...get('a.test'), resource: { type: 'Space', id: 's' } },
      /done to a Host/,
    ],
    ['a missing fact', { ...get('a.test'), attributes: {} }, /the engine failed/],
    ['a fact of the wrong type', get('a.test', { port: 'x' }), /the engine failed/],
    ['a fact that nobody knows', get('a.test', { extra: 1 }), /the engine failed/],
  ])('denies a request with %s, though everything is permitted', (_what, request, reason) => {
    const decision = decide('permit (principal, action, resource);', request as PolicyRequest);
    expect(decision.allowed).toBe(false);
    expect(decision.reasons[0]).toMatch(reason);
  });

  it('denies under a set that cannot be read', () => {
    const broken = policySource([{ id: 'x', text: 'permit (', effect: 'permit' }], 'file');
    const decision = new PolicyEngine().decide(broken, get('a.test'));
    expect(decision.allowed).toBe(false);
    expect(decision.reasons[0]).toMatch(/the policies cannot be read/);
  });

  it('gives equal questions under one policy one ID, and others another', () => {
    const all = 'permit (principal, action, resource);';
    const { id } = decide(all, get('a.test'));
    expect(decide(all, get('a.test')).id).toBe(id);
    expect(decide(all, get('b.test')).id).not.toBe(id);
    expect(decide(`${all}${all.replace('permit', 'forbid')}`, get('a.test')).id).not.toBe(id);
    expect(id).toMatch(/^[0-9a-f]{16}$/);
  });

  it('finds a decision that it made, and makes it anew under another policy', () => {
    const engine = new PolicyEngine();
    const open = sourceOf('permit (principal, action, resource);');
    expect(engine.decide(open, get('a.test'))).toMatchObject({ allowed: true, cached: false });
    expect(engine.decide(open, get('a.test'))).toMatchObject({ allowed: true, cached: true });
    expect(engine.decide(sourceOf(''), get('a.test'))).toMatchObject({
      allowed: false,
      cached: false,
    });
    expect(engine.counts).toEqual({ decided: 2, cached: 1 });
  });

  it('goes on with more sets than it holds parsed', () => {
    const engine = new PolicyEngine({ decisionsMax: 0 });
    const sources = Array.from({ length: 50 }, (_, at) =>
      sourceOf(`permit (principal, action, resource == Host::"h${at}.test");`),
    );
    for (const round of [0, 1]) {
      for (const [at, source] of sources.entries()) {
        const own = engine.decide(source, get(`h${at}.test`)).allowed;
        const other = engine.decide(source, get(`h${at + 1}.test`)).allowed;
        expect({ round, at, own, other }).toEqual({ round, at, own: true, other: false });
      }
    }
  });
});
