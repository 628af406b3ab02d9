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
let otherOrigin: string;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { method, url, headers } = request;
  seen.push({ ...(method ? { method } : {}), ...(url ? { url } : {}), headers, body });
  if (url === '/slow') return;
  const [, hops, status] = /^\/hops\/(\d+)\/(\d+)$/.exec(url ?? '') ?? [];
  if (Number(hops) > 0)
    response.writeHead(Number(status), { location: `/hops/${Number(hops) - 1}/${status}` });
  if (url === '/elsewhere') response.writeHead(307, { location: `http://${otherOrigin}/taken` });
  if (url === '/redirect') response.writeHead(302, { location: 'http://169.254.169.254/' });
  response.end(url === '/large' ? 'x'.repeat(2 * 1024 * 1024) : `answer to ${body}`);
}

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  origin = `127.0.0.1:${port}`;
  otherOrigin = `localhost:${port}`;
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

  test('follows up to three when asked to, each a call of its own', async () => {
    const follow = (path: string, more: object = {}) =>
      request({ url: `http://${origin}${path}`, redirect: 'follow', ...more });
    const before = seen.length;
    const events: string[] = [];
    const options = {
      ...granted(true),
      onHostCall: ({ detail }: { detail: string }) => void events.push(detail),
    };
    const posted = { method: 'POST', body: 'kept', headers: { authorization: 'mine' } };
    const three = await world.attack(follow('/hops/3/307', posted), options);
    expect(three.result).toMatchObject({ value: { status: 200, body: 'answer to kept' } });
    expect(three.result).not.toHaveProperty('value.next');
    expect(seen.slice(before).map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual(
      [3, 2, 1, 0].map((hop) => `POST /hops/${hop}/307 kept`),
    );
    expect(events).toEqual([3, 2, 1, 0].map((hop) => `http://${origin}/hops/${hop}/307`));
    expect(three.usage.hostCalls).toBe(4);

    const four = await world.attack(follow('/hops/4/302'), options);
    expect(four.result).toMatchObject({ error: { code: 'EGRESS_REFUSED' } });
    const read = await world.attack(follow('/hops/1/303', posted), options);
    expect(read.result).toMatchObject({ value: { body: 'answer to ' } });
    expect(seen.at(-1)).toMatchObject({ method: 'GET', headers: { authorization: 'mine' } });
  });

  test('checks each redirect like a first request, and takes no authorization to another origin', async () => {
    const source = request({
      url: `http://${origin}/elsewhere`,
      redirect: 'follow',
      headers: { authorization: 'mine', 'x-a': 'b' },
    });
    const options = granted(true);
    const before = seen.length;
    const refused = await world.attack(source, options);
    expect(refused.result).toMatchObject({ error: { code: 'EGRESS_REFUSED' } });
    expect(seen.slice(before).map(({ url }) => url)).toEqual(['/elsewhere']);

    const hosts = [origin, otherOrigin];
    const grants = { http: { hosts, methods: ['GET'], privateAddresses: true } };
    const followed = await world.attack(source, { ...options, grants });
    expect(followed.result).toMatchObject({ value: { status: 200 } });
    expect(seen.at(-1)).toMatchObject({
      url: '/taken',
      headers: { host: otherOrigin, 'x-a': 'b' },
    });
    expect(seen.at(-1)?.headers).not.toHaveProperty('authorization');
  });

  test('is the same again from the tape, redirects too', async () => {
    const source = request({ url: `http://${origin}/hops/2/302`, redirect: 'follow' });
    const first = await world.attack(source, granted(true));
    const before = seen.length;
    const again = await world.attack(source, { ...granted(true), tape: first.tape });
    expect(again.result).toEqual(first.result);
    expect(seen).toHaveLength(before);
  });

  test('is bounded by the bytes of the grant, up and down', async () => {
    const options = granted(true);
    const grants = {
      http: { hosts: [origin], methods: ['GET', 'POST'], privateAddresses: true, maxBytes: 20 },
    };
    const send = (body: string) =>
      world.attack(request({ url: `http://${origin}/`, method: 'POST', body }), {
        ...options,
        grants,
      });
    const before = seen.length;
    expect((await send('x'.repeat(21))).result).toMatchObject({
      error: { code: 'EGRESS_REFUSED' },
    });
    expect(seen).toHaveLength(before);
    expect((await send('0123456789')).result).toMatchObject({ ok: true });
    expect((await send('0123456789a')).result).toMatchObject({ error: { code: 'EGRESS_FAILED' } });
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
