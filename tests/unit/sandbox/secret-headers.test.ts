/** Secrets in headers: filled in for the destination that was checked and only where everything agrees. */
import { expect, it } from 'vitest';
import type { CapabilityGrants, Json, TenantId } from '../../../src/contracts/index.ts';
import type { HttpSend } from '../../../src/host/http-client.ts';
import { actionOf, serveCall } from '../../../src/sandbox/capability.ts';
import type { Secrets } from '../../../src/sandbox/secrets/secret-store.ts';
import { SecretStore } from '../../../src/sandbox/secrets/secret-store.ts';

const VALUE = 'a value of a secret';
const secrets: Secrets = new SecretStore({
  env: { SKEIN_SECRET_API: VALUE, SKEIN_SECRET_API_HOSTS: 'api.test,api.test:8443' },
});
const HTTP = { hosts: ['api.test', 'api.test:8443', 'other.test'], methods: ['GET'] };

async function request(
  url: string,
  value: Json,
  grants: CapabilityGrants = { http: HTTP, secret: { names: ['api', 'none'] } },
) {
  const sent: HttpSend[] = [];
  const http = {
    resolve: async () => ['93.184.215.14'],
    send: async (asked: HttpSend) => {
      sent.push(asked);
      const body = `you sent ${asked.headers['x-key']}`;
      return { kind: 'answered', status: 200, headers: {}, body, bytes: 0 } as const;
    },
  };
  const call = {
    name: 'http.request',
    args: [{ url, headers: { 'X-Key': value } }],
    tenant: 'acme' as TenantId,
    skill: 'orders',
    signal: new AbortController().signal,
    onEgress: () => undefined,
  };
  const result = await serveCall(call, grants, { http, secrets });
  return { result, header: sent[0]?.headers['x-key'], sends: sent.length, action: actionOf(call) };
}

it('are sent to their hosts and taken out of the answer', async () => {
  for (const url of ['https://api.test/a', 'https://api.test:8443/']) {
    const { result, header, action } = await request(url, { secret: 'api', prefix: 'Bearer ' });
    expect(header).toBe(`Bearer ${VALUE}`);
    expect(result).toMatchObject({ ok: true, value: { body: 'you sent Bearer [secret]' } });
    expect(action?.attributes.secrets).toEqual(['api']);
  }
});

it.each([
  ['another host', 'https://other.test/', { secret: 'api' }, 'SECRET_UNAVAILABLE'],
  ['http', 'http://api.test/', { secret: 'api' }, 'SECRET_UNAVAILABLE'],
  ['one that is not set', 'https://api.test/', { secret: 'none' }, 'SECRET_UNAVAILABLE'],
  ['one that was not granted', 'https://api.test/', { secret: 'root' }, 'CAPABILITY_DENIED'],
  ['an object of another shape', 'https://api.test/', { secret: 1 }, 'HOST_CALL_INVALID'],
  [
    'a prefix of two lines',
    'https://api.test/',
    { secret: 'api', prefix: 'a\r\nb: c' },
    'HOST_CALL_INVALID',
  ],
])('are not sent to or as %s', async (_what, url, value, code) => {
  const { result, sends } = await request(url, value);
  expect(result).toMatchObject({ ok: false, error: { code } });
  expect(sends).toBe(0);
});

it('are read only with reveal', async () => {
  const read = async (reveal: boolean) => {
    const call = {
      ...{ name: 'secret.get', args: ['api'], tenant: 'acme' as TenantId, skill: 'orders' },
      ...{ signal: new AbortController().signal, onEgress: () => undefined },
    };
    return serveCall(call, { secret: { names: ['api'], reveal } }, { secrets });
  };
  expect(await read(true)).toEqual({ ok: true, value: VALUE });
  expect(await read(false)).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
});
