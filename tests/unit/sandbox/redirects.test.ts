/** What a redirect makes of a request. */
import { describe, expect, it } from 'vitest';
import type { GuestRequest } from '../../../src/sandbox/capabilities/http.ts';
import { nextRequest } from '../../../src/sandbox/capabilities/redirects.ts';

const FROM = new URL('https://api.example.com/a/b?c=1');
const next = (
  location: string | undefined,
  { status = 302, ...request }: Partial<GuestRequest> & { status?: number } = {},
) => {
  const asked: GuestRequest = { url: FROM.href, redirect: 'follow', ...request };
  const headers = location === undefined ? {} : { location };
  return nextRequest(asked, FROM, { status, headers } as never);
};
const requestOf = (...args: Parameters<typeof next>) => {
  const result = next(...args);
  return result.ok ? result.value?.request : result.error.details;
};

it.each([
  ['/next', 'https://api.example.com/next'],
  ['next', 'https://api.example.com/a/next'],
  ['//other.example.com/x', 'https://other.example.com/x'],
  ['https://evil.test/', 'https://evil.test/'],
  ['?d=2', 'https://api.example.com/a/b?d=2'],
])('leads to %s', (location, url) => {
  expect(requestOf(location)).toMatchObject({ url, method: 'GET', redirect: 'follow', hops: 1 });
});

it.each([
  ['http://api.example.com/', /from https to http/],
  ['/a b', /characters/],
  ['https:\\\\evil.test', /characters/],
  ['/\u00e9', /characters/],
  ['https://[', /no URL/],
])('does not lead to %j', (location, reason) => {
  expect(requestOf(location)).toMatchObject({ reason: expect.stringMatching(reason) });
});

it('is none for another status, without a location, and for whom it is not to be followed', () => {
  for (const status of [200, 201, 300, 304, 305, 306, 404]) {
    expect(next('/x', { status })).toEqual({ ok: true, value: undefined });
  }
  expect(next(undefined)).toEqual({ ok: true, value: undefined });
  expect(next('/x', { redirect: 'manual' })).toEqual({ ok: true, value: undefined });
});

it('is refused after three', () => {
  expect(requestOf('/x', { hops: 2 })).toMatchObject({ hops: 3 });
  expect(next('/x', { hops: 3 })).toMatchObject({ ok: false, error: { code: 'EGRESS_REFUSED' } });
});

describe('method and body', () => {
  it.each([
    ['POST', 301, 'GET'],
    ['POST', 302, 'GET'],
    ['POST', 303, 'GET'],
    ['PUT', 303, 'GET'],
    ['HEAD', 303, 'HEAD'],
    ['PUT', 301, 'PUT'],
    ['POST', 307, 'POST'],
    ['POST', 308, 'POST'],
    ['DELETE', 302, 'DELETE'],
  ])('%s with %i becomes %s', (method, status, becomes) => {
    const headers = { 'Content-Type': 'text/plain', 'x-a': 'b' };
    const result = next('/x', { method, status, headers, body: 'text' });
    const isKept = method === becomes && method !== 'HEAD';
    expect(result).toMatchObject({
      ok: true,
      value: { request: { method: becomes }, hasBody: method === becomes },
    });
    expect(requestOf('/x', { method, status, headers, body: 'text' })).not.toHaveProperty('body');
    const kept = isKept || method === 'HEAD' ? headers : { 'x-a': 'b' };
    expect(requestOf('/x', { method, status, headers, body: 'text' })).toMatchObject({
      headers: kept,
    });
  });
});

it('takes what authorizes to the same origin alone', () => {
  const headers = { Authorization: 'Bearer x', cookie: 'a=b', accept: '*/*' };
  expect(requestOf('/x', { headers })).toMatchObject({ headers });
  for (const location of ['https://other.test/', 'https://api.example.com:8443/']) {
    expect(requestOf(location, { headers })).toHaveProperty('headers', { accept: '*/*' });
  }
});
