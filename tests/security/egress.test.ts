/** Egress with the real client and a real server on this machine: what leaves, where it goes, how long and how much. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realHttpClient } from '../../src/host/http-client.ts';
import { type AttackOptions, handlerOf, sandboxWorld } from '../support/sandbox.ts';

const world = sandboxWorld();
const seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[] =
  [];
let server: Server;
let origin: string;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url, headers } = request;
  seen.push({ ...(method ? { method } : {}), ...(url ? { url } : {}), headers, body });
  if (url === '/slow') return;
  if (url === '/redirect') response.writeHead(302, { location: 'http://169.254.169.254/' });
  response.end(url === '/large' ? 'x'.repeat(2 * 1024 * 1024) : `answer to ${body}`);
}

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const granted = (privateAddresses: boolean): AttackOptions => ({
  grants: { http: { hosts: [origin], methods: ['GET', 'POST'], privateAddresses } },
  effects: { http: realHttpClient },
  resources: { wallMs: 10_000 },
});
const request = (what: object) =>
  handlerOf(`return await ctx.http.request(${JSON.stringify(what)});`);

describe('egress', () => {
  test('carries a request out and its answer in', async () => {
    const source = request({
      url: `http://${origin}/a?b=1`,
      method: 'POST',
      headers: { 'X-A': 'b' },
      body: 'hello',
    });
    const report = await world.attack(source, granted(true));
    expect(report.result).toMatchObject({
      ok: true,
      value: { status: 200, body: 'answer to hello' },
    });
    expect(seen.at(-1)).toMatchObject({
      method: 'POST',
      url: '/a?b=1',
      body: 'hello',
      headers: { 'x-a': 'b', host: origin },
    });
    expect(report.usage.egressBytes).toBe('hello'.length + 'answer to hello'.length);
  });

  test('does not reach a private address that was only listed', async () => {
    const before = seen.length;
    const report = await world.attack(request({ url: `http://${origin}/` }), granted(false));
    expect(report.result).toMatchObject({ ok: false, error: { code: 'EGRESS_REFUSED' } });
    expect(seen).toHaveLength(before);
  });

  test('gives a redirect back instead of following it', async () => {
    const report = await world.attack(request({ url: `http://${origin}/redirect` }), granted(true));
    expect(report.result).toMatchObject({
      value: { status: 302, headers: { location: 'http://169.254.169.254/' } },
    });
  });

  test('ends at its timeout and at its byte cap', async () => {
    const slow = await world.attack(
      request({ url: `http://${origin}/slow`, timeoutMs: 100 }),
      granted(true),
    );
    expect(slow.result).toMatchObject({ error: { code: 'EGRESS_TIMEOUT' } });
    const large = await world.attack(request({ url: `http://${origin}/large` }), granted(true));
    expect(large.result).toMatchObject({ error: { code: 'EGRESS_FAILED' } });
  });

  test('fails typed when nobody listens', async () => {
    const options = granted(true);
    const grants = { http: { hosts: ['127.0.0.1:1'], methods: ['GET'], privateAddresses: true } };
    const report = await world.attack(request({ url: 'http://127.0.0.1:1/' }), {
      ...options,
      grants,
    });
    expect(report.result).toMatchObject({
      error: { code: 'EGRESS_FAILED', details: { reason: 'ECONNREFUSED' } },
    });
  });
});
