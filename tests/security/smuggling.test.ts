/** One request of a skill is one request on the wire: no body becomes another, of a method, path or host that was never decided about. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TenantId } from '../../src/contracts/index.ts';
import { type HttpSend, realHttpClient } from '../../src/host/http-client.ts';
import { serveCall } from '../../src/sandbox/capability.ts';
import { codeIn } from '../conformance/journal-suite.ts';

const SMUGGLED = 'POST /admin HTTP/1.1\r\nhost: internal.test\r\ncontent-length: 0\r\n\r\n';
const METHODS = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PUT', 'PATCH'];
let server: Server;
let port: number;
let seen: string[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      seen = requestsIn(text);
      socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  port = (server.address() as { readonly port: number }).port;
});
afterAll(() => server.close());

/** As a server reads a connection: by `content-length`, else a request has no body (RFC 9112, section 6.3). */
function requestsIn(text: string): string[] {
  const found: string[] = [];
  for (let rest = text; rest.includes('\r\n\r\n'); ) {
    const [head = ''] = rest.split('\r\n\r\n', 1);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    found.push(head.split('\r\n', 1)[0] ?? '');
    rest = rest.slice(head.length + 4 + length);
  }
  return found;
}

it.each(METHODS)('of a %s with a body, whatever is in it', async (method) => {
  const request: HttpSend = {
    ...{ address: '127.0.0.1', port, hostname: 'a.test', hostHeader: 'a.test', secure: false },
    ...{ path: '/public', method, headers: {}, body: SMUGGLED },
    ...{ timeoutMs: 10_000, maxBytes: 1_000, signal: new AbortController().signal },
  };
  await realHttpClient.send(request);
  expect(seen).toEqual([`${method} /public HTTP/1.1`]);
});

it.each(['GET', 'HEAD'])('a %s of a skill has no body at all', async (method) => {
  const url = `http://127.0.0.1:${port}/public`;
  const http = { hosts: [`127.0.0.1:${port}`], methods: METHODS, privateAddresses: true };
  const ask = (body: object) =>
    serveCall(
      {
        ...{ name: 'http.request', args: [{ url, method, ...body }] },
        ...{ tenant: 'acme' as TenantId, skill: 'orders', onEgress: () => undefined },
        signal: new AbortController().signal,
      },
      { http },
      { http: realHttpClient },
    );
  seen = [];
  for (const body of [SMUGGLED, '', 'x'])
    expect(codeIn(await ask({ body }))).toBe('HOST_CALL_INVALID');
  expect(seen).toEqual([]);
  expect(await ask({})).toMatchObject({ ok: true, value: { status: 204 } });
});
