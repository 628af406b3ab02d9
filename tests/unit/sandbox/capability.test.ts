import { describe, expect, test } from 'vitest';
import type {
  Capabilities,
  CapabilityGrants,
  Json,
  KeyValue,
  TenantId,
} from '../../../src/contracts/index.ts';
import type { HttpSend } from '../../../src/host/http-client.ts';
import { effectiveGrants, type HostEffects, serveCall } from '../../../src/sandbox/capability.ts';

const call = (name: string, args: readonly Json[]) => ({
  name,
  args,
  tenant: 'acme' as TenantId,
  skill: 'orders',
  signal: new AbortController().signal,
  onEgress: () => undefined,
});

describe('effective grants', () => {
  const policy: CapabilityGrants = {
    http: { hosts: ['a.test', 'b.test'], methods: ['GET', 'POST'] },
    kv: true,
    log: true,
  };

  test('are what the manifest asks and the policy grants, nothing more', () => {
    const asked = { http: { hosts: ['b.test', 'c.test'], methods: ['POST', 'DELETE'] }, kv: true };
    expect(effectiveGrants(asked as Capabilities, policy)).toEqual({
      http: { hosts: ['b.test'], methods: ['POST'] },
      kv: true,
      log: true,
    });
  });

  test('are empty for an empty policy or an empty manifest, except that log is asked for by default', () => {
    expect(effectiveGrants({ http: { hosts: ['a.test'] }, kv: true }, {})).toEqual({
      kv: false,
      log: false,
    });
    expect(effectiveGrants(undefined, policy)).toEqual({ kv: false, log: true });
    expect(effectiveGrants({ log: false }, policy)).toEqual({ kv: false, log: false });
  });

  test('read only where the manifest names no method', () => {
    const { http } = effectiveGrants({ http: { hosts: ['a.test'] } }, policy);
    expect(http).toEqual({ hosts: ['a.test'], methods: ['GET'] });
  });
});

describe('a call', () => {
  test('of a run that has ended meanwhile touches nothing', async () => {
    const set: string[] = [];
    const keyValue = { set: async (key: string) => void set.push(key) } as never;
    const ended = { ...call('kv.set', ['k', 'v']), signal: AbortSignal.abort() };
    expect(await serveCall(ended, { kv: true }, { keyValue })).toMatchObject({
      error: { code: 'RUN_CANCELLED' },
    });
    expect(set).toEqual([]);
  });

  test('is denied without a grant, without a body, and without a name', async () => {
    const denied = { ok: false, error: { code: 'CAPABILITY_DENIED' } };
    expect(await serveCall(call('kv.get', ['k']), {}, {})).toMatchObject(denied);
    expect(await serveCall(call('kv.get', ['k']), { kv: true }, {})).toMatchObject(denied);
    expect(await serveCall(call('http.request', [{}]), {}, {})).toMatchObject(denied);
    expect(await serveCall(call('fs.read', ['/']), { kv: true }, {})).toMatchObject(denied);
  });

  test('of a broken body is a failure, not an exception', async () => {
    const keyValue = { get: () => Promise.reject(new Error('down')) } as unknown as KeyValue;
    expect(await serveCall(call('kv.get', ['k']), { kv: true }, { keyValue })).toMatchObject({
      ok: false,
      error: { code: 'INTERNAL' },
    });
  });

  test.each([[[]], [['']], [[1]], [['k'.repeat(513)]], [['k', 'v'.repeat(70_000)]]])(
    'of kv.set with %j is invalid',
    async (args) => {
      const keyValue = {} as KeyValue;
      const result = await serveCall(call('kv.set', args), { kv: true }, { keyValue });
      expect(result).toMatchObject({ ok: false, error: { code: 'HOST_CALL_INVALID' } });
    },
  );
});

describe('http.request', () => {
  const grants = { http: { hosts: ['api.test'], methods: ['GET', 'POST'] } };
  const request = async (argument: Json) => {
    const sent: HttpSend[] = [];
    const effects: HostEffects = {
      http: {
        resolve: async () => ['93.184.215.14'],
        send: async (outgoing) => {
          sent.push(outgoing);
          return {
            kind: 'answered',
            status: 302,
            headers: { location: 'https://evil.test/' },
            body: 'b',
            bytes: 1,
          };
        },
      },
    };
    return { result: await serveCall(call('http.request', [argument]), grants, effects), sent };
  };

  test('sends to the checked address under the granted name, and gives redirects back', async () => {
    const { result, sent } = await request({
      url: 'https://api.test/a?b#c',
      headers: { Accept: 'x' },
    });
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      address: '93.184.215.14',
      port: 443,
      hostname: 'api.test',
      hostHeader: 'api.test',
      path: '/a?b',
      headers: { accept: 'x' },
    });
    expect(result).toMatchObject({ ok: true, value: { status: 302 } });
  });

  test.each<[string, Json]>([
    ['a text instead of a request', 'https://api.test/'],
    ['an option that does not exist', { url: 'https://api.test/', proxy: 'http://127.0.0.1' }],
    ['a host header', { url: 'https://api.test/', headers: { Host: 'internal.test' } }],
    [
      'a connection header',
      { url: 'https://api.test/', headers: { 'Transfer-Encoding': 'chunked' } },
    ],
    [
      'a header with a line break',
      { url: 'https://api.test/', headers: { 'X-A': 'a\r\nHost: b' } },
    ],
    ['a header name with a colon', { url: 'https://api.test/', headers: { 'X:A': 'a' } }],
    ['a method with a line break', { url: 'https://api.test/', method: 'GET / HTTP/1.1\r\nX: y' }],
    ['a method that was not granted', { url: 'https://api.test/', method: 'DELETE' }],
    ['a URL that is an object', { url: { href: 'https://api.test/' } }],
    ['time without end', { url: 'https://api.test/', timeoutMs: 1e12 }],
  ])('sends nothing for %s', async (_, argument) => {
    const { result, sent } = await request(argument);
    expect(result.ok).toBe(false);
    expect(sent).toEqual([]);
  });
});
