/** The gate in front of what capabilities do: whatever the engine does but permit, nothing is served. */
import { describe, expect, it } from 'vitest';
import {
  type CapabilityGrants,
  type CorrelationId,
  failure,
  type Json,
  success,
  type TenantId,
} from '../../../../src/contracts/index.ts';
import { type SimulatedTime, simulatedTime } from '../../../../src/host/index.ts';
import type { HostEffects } from '../../../../src/sandbox/capability.ts';
import {
  type AuditFact,
  DECISION_MS_MAX,
  guardedCall,
  guardedStart,
  type RunPolicy,
} from '../../../../src/sandbox/policy/gate.ts';
import { grantsPolicy } from '../../../../src/sandbox/policy/grants-policy.ts';
import type { Decision } from '../../../../src/sandbox/policy/policy-request.ts';
import type { Risk } from '../../../../src/sandbox/policy/risk.ts';

const GRANTS: CapabilityGrants = {
  http: { hosts: ['a.test'], methods: ['GET'], privateAddresses: true },
  kv: true,
  fs: 'write',
  secret: { names: ['n'], reveal: true },
  actor: { kinds: ['a'] },
  notify: { channels: ['c'] },
  llm: { models: ['m'] },
  log: true,
};
const LONG = 'x'.repeat(20_000);
const principal = { name: 's', version: '1.0.0', contentHash: '0'.repeat(64), tenant: 't' };

function world(policy: RunPolicy | undefined, grants = GRANTS) {
  const served: string[] = [];
  const facts: AuditFact[] = [];
  const effect = (what: string) => {
    served.push(what);
    return success(null);
  };
  const effects: HostEffects = {
    http: {
      resolve: async () => {
        served.push('resolve');
        return ['127.0.0.1'];
      },
      send: async ({ path }) => {
        served.push(`send ${path}`);
        return { kind: 'answered', status: 200, headers: {}, body: '', bytes: 1 };
      },
    },
    keyValue: {
      get: async () => success(undefined),
      put: async (_space, key) => {
        served.push(`put ${key}`);
        return success({ revision: 1 });
      },
      delete: async () => success(true),
      close: async () => undefined,
    },
    files: { serve: async () => effect('file') },
    secrets: {
      find: () => {
        served.push('secret');
        return success({ value: 'a secret value', hosts: [] });
      },
      values: () => [],
    },
    actors: { ask: async () => effect('ask'), tell: async () => effect('tell') },
    notify: { send: async () => effect('note') },
    models: { complete: async () => effect('model') },
  };
  const files = { serve: async () => success('') };
  const secrets = {
    find: () => success({ value: 'sekrit-0123456789', hosts: [] }),
    values: () => [],
  };
  const time = simulatedTime();
  const terms = {
    policy: policy && { audit: (fact: AuditFact) => void facts.push(fact), ...policy },
    principal,
    correlationId: 'c'.repeat(32) as CorrelationId,
    clock: time.clock,
    timers: time.timers,
  };
  const call = (name: string, ...args: readonly Json[]) => {
    const host = { tenant: 't' as TenantId, skill: 's', signal: new AbortController().signal };
    return guardedCall(
      { name, args, ...host, onEgress: () => undefined },
      grants,
      { ...effects, files, secrets },
      terms,
    );
  };
  return { served, facts, time, call, terms };
}

const decision = (more: Partial<Decision>): Decision => ({
  id: 'd',
  allowed: true,
  risk: 'low',
  determining: ['p'],
  reasons: [],
  policyHash: 'h',
  cached: false,
  ...more,
});
const CALLS: readonly [string, ...Json[]][] = [
  ['http.request', { url: 'https://a.test/' }],
  ['kv.set', 'k', 1],
  ['kv.get', 'k'],
  ['kv.delete', 'k'],
  ['fs.write', 'p', 'text'],
  ['secret.get', 'n'],
  ['actor.ask', 'a', 'key', 'message'],
  ['actor.tell', 'a', 'key', 'message'],
  ['notify.send', { channel: 'c', subject: 's', text: 't' }],
  ['llm.complete', { model: 'm', messages: [{ role: 'user', content: 'hi' }] }],
];

describe.each(CALLS)('%s', (name, ...args) => {
  it.each<[string, RunPolicy | undefined, RegExp]>([
    ['there is no policy', undefined, /no policy is loaded/],
    ['the engine denies', { decide: () => decision({ allowed: false, reasons: ['no'] }) }, /no/],
    [
      'the engine throws',
      {
        decide: () => {
          throw new RangeError('memory access out of bounds');
        },
      },
      /the engine failed: RangeError: memory access/,
    ],
    [
      'the engine rejects',
      { decide: () => Promise.reject(new Error('gone')) },
      /the engine failed/,
    ],
    ['the engine gives nothing', { decide: () => undefined as never }, /gave no decision/],
    ['the engine gives a text', { decide: () => 'allow' as never }, /gave no decision/],
    [
      'the engine says neither yes nor no',
      { decide: () => decision({ allowed: 'yes' as never }) },
      /policy denies/,
    ],
  ])('is not served when %s', async (_what, policy, reason) => {
    const { call, served } = world(policy);
    const answer = await call(name, ...args);
    expect(answer).toMatchObject({ ok: false, error: { code: 'POLICY_DENIED', retryable: false } });
    if (!answer.ok) expect(answer.error.message).toMatch(reason);
    expect(served).toEqual([]);
  });

  it('is not served when the engine never answers', async () => {
    const { call, served, time } = world({ decide: () => new Promise(() => undefined) });
    const answer = call(name, ...args);
    await time.advance(DECISION_MS_MAX + 1);
    expect(await answer).toMatchObject({ ok: false, error: { code: 'POLICY_DENIED' } });
    expect(served).toEqual([]);
  });

  it('is not served when the engine permits too late', async () => {
    const late: { time?: SimulatedTime } = {};
    const { call, served, time } = world({
      decide: async () => {
        await late.time?.advance(DECISION_MS_MAX + 1);
        return decision({});
      },
    });
    late.time = time;
    expect(await call(name, ...args)).toMatchObject({ error: { code: 'POLICY_DENIED' } });
    expect(served).toEqual([]);
  });

  it('is not served when the engine holds up the thread too long', async () => {
    let nowMs = 0;
    const { call, served, terms } = world({
      decide: () => {
        nowMs = DECISION_MS_MAX + 1;
        return decision({});
      },
    });
    Object.assign(terms, { clock: { ...terms.clock, monotonicMs: () => nowMs } });
    expect(await call(name, ...args)).toMatchObject({ error: { code: 'POLICY_DENIED' } });
    expect(served).toEqual([]);
  });

  it.each<Risk>(['medium', 'high'])(
    'of %s risk is not served where nobody can approve',
    async (risk) => {
      const { call, served, facts } = world({ decide: () => decision({ risk }) });
      expect(await call(name, ...args)).toMatchObject({ error: { code: 'APPROVAL_REFUSED' } });
      expect(served).toEqual([]);
      expect(facts).toMatchObject([
        { decision: { allowed: false, risk }, code: 'APPROVAL_REFUSED' },
      ]);
    },
  );

  it('of medium risk is not served while its approval waits, and is once it is given', async () => {
    const waits = failure('APPROVAL_REQUIRED', {
      ...{ approval: 'a-1', action: name, actionHash: 'h', risk: 'medium' },
      ...{ approvers: 1, expiresAtMs: 0 },
    });
    let answer: ReturnType<NonNullable<RunPolicy['claim']>> = Promise.resolve(waits);
    const { call, facts } = world({
      decide: () => decision({ risk: 'medium' }),
      claim: () => answer,
    });
    expect(await call(name, ...args)).toEqual(waits);
    answer = Promise.reject(new Error('the link is gone'));
    expect(await call(name, ...args)).toMatchObject({ error: { code: 'APPROVAL_REFUSED' } });
    answer = Promise.resolve(success('a-1'));
    expect(await call(name, ...args)).toMatchObject({ ok: true });
    expect(facts.at(-1)).toMatchObject({ approval: 'a-1', decision: { allowed: true } });
  });

  it('is served when what was granted is the policy', async () => {
    const { call, facts } = world(grantsPolicy(GRANTS));
    expect(await call(name, ...args)).toMatchObject({ ok: true });
    expect(facts).toMatchObject([
      { decision: { allowed: true, risk: 'low' }, isEffect: name !== 'kv.get' },
    ]);
  });

  it('without its grant is refused by name, under a policy that would permit it', async () => {
    const { call, served, facts } = world({ decide: () => decision({}) }, {});
    expect(await call(name, ...args)).toMatchObject({ error: { code: 'CAPABILITY_DENIED' } });
    expect(served).toEqual([]);
    expect(facts).toMatchObject([{ code: 'CAPABILITY_DENIED' }]);
  });
});

describe('the gate', () => {
  it.each<[string, string, Json[], string]>([
    ['a call of nothing', 'process.exit', ['/etc/passwd'], 'CAPABILITY_DENIED'],
    ['a name of the prototype', 'constructor', [], 'CAPABILITY_DENIED'],
    ['a URL that is none', 'http.request', [{ url: 'not a url' }], 'EGRESS_REFUSED'],
    ['another scheme', 'http.request', [{ url: 'file:///etc/passwd' }], 'EGRESS_REFUSED'],
    ['no arguments', 'http.request', [], 'HOST_CALL_INVALID'],
    ['a key that is none', 'kv.get', [7], 'HOST_CALL_INVALID'],
    ['a key that is longer than what is decided about', 'kv.get', [LONG], 'HOST_CALL_INVALID'],
    [
      'a path that is longer than what is decided about',
      'http.request',
      [{ url: `https://a.test/${LONG}` }],
      'EGRESS_REFUSED',
    ],
    ['a host that is not granted', 'http.request', [{ url: 'https://b.test/' }], 'EGRESS_REFUSED'],
    [
      'a method that is not granted',
      'http.request',
      [{ url: 'https://a.test/', method: 'PUT' }],
      'EGRESS_REFUSED',
    ],
  ])('serves nothing for %s, and says what is wrong with it', async (_what, name, args, code) => {
    const { call, served, facts } = world(grantsPolicy(GRANTS));
    expect(await call(name, ...args)).toMatchObject({ ok: false, error: { code } });
    expect(served).toEqual([]);
    expect(facts).toMatchObject([{ decision: { allowed: false }, code }]);
  });

  it('uses up no approval for what the capability refuses anyway', async () => {
    let claims = 0;
    const { call } = world({
      decide: () => decision({ risk: 'medium' }),
      claim: async () => {
        claims++;
        return success('a');
      },
    });
    const refused = await call('http.request', { url: 'https://b.test/' });
    expect(refused).toMatchObject({ error: { code: 'EGRESS_REFUSED' } });
    expect(claims).toBe(0);
  });

  it('narrows hosts that were left to the policy to the one that it permitted', async () => {
    const open = { http: { hosts: ['*'], methods: ['GET'], privateAddresses: true } };
    const { call, served } = world({ decide: () => decision({}) }, open);
    expect(await call('http.request', { url: 'http://c.test:81/x' })).toMatchObject({ ok: true });
    expect(served).toEqual(['resolve', 'send /x']);
    const { call: granted } = world(grantsPolicy(open), open);
    expect(await granted('http.request', { url: 'http://c.test:81/x' })).toMatchObject({
      ok: false,
    });
  });

  it('lets no listener stand in the way', async () => {
    const { call } = world({
      ...grantsPolicy(GRANTS),
      audit: () => {
        throw new Error('disk full');
      },
    });
    expect(await call('kv.set', 'k', 1)).toMatchObject({ ok: true });
  });

  it('decides about a run as a whole: what would need approval is denied', async () => {
    expect(await guardedStart('run', world(grantsPolicy({})).terms)).toEqual(success(null));
    expect(await guardedStart('log', world(grantsPolicy({})).terms)).toMatchObject({ ok: false });
    expect(await guardedStart('run', world(undefined).terms)).toMatchObject({ ok: false });
    const risky = world({ decide: () => decision({ risk: 'medium' }) });
    expect(await guardedStart('run', risky.terms)).toMatchObject({
      error: { code: 'POLICY_DENIED' },
    });
  });
});

it.each<[string, ...Json[]]>([
  ['fs.stat', 'a'],
  ['fs.remove', 'a'],
  ['secret.get', 'api'],
])(
  '%s above low risk is judged without anything behind it, and nothing throws',
  async (name, ...args) => {
    const grants: CapabilityGrants = { fs: 'write', secret: { names: ['api'], reveal: true } };
    const risky = { decide: () => decision({ risk: 'high' }) };
    expect(await world(risky, grants).call(name, ...args)).toMatchObject({
      ok: false,
      error: { code: 'APPROVAL_REFUSED' },
    });
    const approved = { ...risky, claim: async () => success('a1') };
    expect(await world(approved, grants).call(name, ...args)).toMatchObject({ ok: true });
  },
);
