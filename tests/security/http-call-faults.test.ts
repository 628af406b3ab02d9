/** `http_call` against services that fail: each fault with its exact outcome, and who may have a request sent again. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/actors/index.ts';
import type { Json, StructuredOutcome } from '../../src/contracts/index.ts';
import { type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { closedPort, type FaultServer, startFaultServer } from '../support/fault-server.ts';

const UNRESOLVABLE = 'no-such-host.invalid';
const folder = mkdtempSync(join(tmpdir(), 'skein-faults-'));
let server: FaultServer;
let node: SkeinNode;
let nobody: string;

/** The built-in skill under another name, whose author says that a call must not be repeated. */
function httpCallOnce(): string {
  const target = join(folder, 'http_once');
  cpSync(fileURLToPath(new URL('../../src/skills/http_call', import.meta.url)), target, {
    recursive: true,
  });
  const file = join(target, 'skill.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...manifest, name: 'http_once', effects: 'once' }));
  return target;
}

beforeAll(async () => {
  server = await startFaultServer();
  nobody = `127.0.0.1:${await closedPort()}`;
  const started = await startNode({
    dataDir: 'memory',
    threads: 1,
    log: { level: 'silent', format: 'json' },
    skillFolders: [httpCallOnce()],
  });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
});
afterAll(async () => {
  await node?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const TRIES = 3;
const retry = { attempts: TRIES, minMs: 1, maxMs: 1, jitterRatio: 0 };

interface Call {
  readonly input: Readonly<Record<string, Json>>;
  readonly skill?: string;
  readonly retry?: object;
}

async function call({ input, skill = 'http_call', ...step }: Call) {
  const events: RunEvent[] = [];
  const hosts = [server.host, nobody, UNRESOLVABLE];
  const http = { hosts, methods: ['GET', 'POST'], privateAddresses: true };
  const plan = { plan: 'faults', grants: { http }, steps: [{ id: 'call', skill, input, ...step }] };
  const outcome = await node.execute({ target: { kind: 'plan', plan } }, (event) => {
    events.push(event);
  });
  return { outcome, events };
}
const at = (path: string) => `http://${server.host}${path}`;

/** What a person sees of an outcome: a value, or code, retryable and reason. */
const told = (outcome: StructuredOutcome) =>
  outcome.ok
    ? { value: outcome.value }
    : { code: outcome.error.code, retryable: outcome.error.retryable, ...outcome.error.details };

interface FaultCase {
  readonly fault: string;
  readonly url: () => string;
  readonly told: object;
  readonly attempts: number;
}
const served = (path: string, expected: object, attempts: number): FaultCase => ({
  fault: path,
  url: () => at(path),
  told: expected,
  attempts,
});
/** A service that answers, but not with success, is an answer: the plan decides what a 404 means. */
const status = (code: number) => ({ value: { status: code, body: `status ${code}` } });
const unwell = (code: number) => ({ code: 'HTTP_STATUS', retryable: true, status: code });
const failed = (reason: string | RegExp) => ({
  code: 'EGRESS_FAILED',
  retryable: true,
  reason: expect.stringMatching(reason),
});
const LATE_MS = 200;
const late = { code: 'EGRESS_TIMEOUT', retryable: true, timeoutMs: LATE_MS };

/** Each under a plan that allows three tries. */
const MATRIX: readonly FaultCase[] = [
  served('/hangs-before-headers', late, TRIES),
  served('/hangs-in-headers', late, TRIES),
  served('/hangs-in-body', late, TRIES),
  {
    fault: 'a port where nobody listens',
    url: () => `http://${nobody}/`,
    told: failed('ECONNREFUSED'),
    attempts: TRIES,
  },
  {
    fault: 'a name that does not resolve',
    url: () => `http://${UNRESOLVABLE}/`,
    told: failed(`${UNRESOLVABLE} cannot be resolved`),
    attempts: TRIES,
  },
  served('/resets-in-headers', failed('ECONNRESET'), TRIES),
  served('/resets-in-body', failed(/ECONNRESET|the answer broke off/), TRIES),
  served('/closes-without-a-word', failed('ECONNRESET'), TRIES),
  served('/malformed', failed(/^HPE_/), TRIES),
  served('/status/400', status(400), 1),
  served('/status/404', status(404), 1),
  served('/status/429', unwell(429), TRIES),
  served('/status/500', unwell(500), TRIES),
  served('/unwell-once', status(200), 2),
];

describe('http_call', () => {
  it('gives status, headers and parsed body of a service that is well', async () => {
    const { outcome } = await call({ input: { url: at('/ok') }, retry });
    expect(outcome).toMatchObject({
      ok: true,
      value: { status: 200, body: { price: 42 } },
      attempts: 1,
      usage: { hostCalls: 1, egressBytes: '{"price":42}'.length },
    });
  });

  it.each(MATRIX)('meets $fault in $attempts attempts with its typed outcome', async (row) => {
    const input = { url: row.url(), ...(row.told === late ? { timeoutMs: LATE_MS } : {}) };
    const { outcome, events } = await call({ input, retry });
    expect(told(outcome)).toMatchObject(row.told);
    expect(outcome.attempts).toBe(row.attempts);
    expect(outcome.usage.hostCalls).toBe(row.attempts);
    const { pathname, host } = new URL(row.url());
    if (host === server.host) expect(server.seen(pathname)).toHaveLength(row.attempts);
    const failures = events.filter(({ type }) => type === 'attempt.failed');
    expect(failures).toHaveLength(outcome.ok ? row.attempts - 1 : row.attempts);
  });

  it('fails typed when the body ends early or is over the limit', async () => {
    const short = await call({ input: { url: at('/ends-in-body') } });
    expect(told(short.outcome)).toMatchObject(failed('the answer broke off'));
    const large = await call({ input: { url: at('/too-large') } });
    expect(told(large.outcome)).toMatchObject(failed(/^the answer is larger than 524288 bytes$/));
  });

  it('hands a redirect back, and the place it leads to is refused when asked for', async () => {
    const { outcome } = await call({ input: { url: at('/redirects') }, retry });
    const location = 'http://169.254.169.254/latest/meta-data';
    expect(told(outcome)).toMatchObject({ value: { status: 302, headers: { location } } });
    const followed = await call({ input: { url: location }, retry });
    expect(told(followed.outcome)).toMatchObject({ code: 'EGRESS_REFUSED', retryable: false });
    expect(followed.outcome.attempts).toBe(1);
  });

  it('keeps each request it sent in the trace, with its address and what came of it', async () => {
    const { outcome } = await call({ input: { url: at('/status/503') }, retry });
    const spans = await node.trace(outcome.correlationId);
    const sent = spans.filter(({ name }) => name === 'host call http.request');
    expect(sent.map(({ error }) => error)).toEqual(
      Array(TRIES).fill(`${at('/status/503')} HTTP_STATUS`),
    );
  });
});

describe('a request is sent again', () => {
  const posted = (path: string) => server.seen(path).filter(({ method }) => method === 'POST');

  it('never when the plan does not say so', async () => {
    const before = posted('/status/503').length;
    const input = { url: at('/status/503'), method: 'POST', json: { pay: 10 } };
    const { outcome } = await call({ input });
    expect(told(outcome)).toMatchObject(unwell(503));
    expect(outcome.attempts).toBe(1);
    expect(posted('/status/503').slice(before)).toEqual([
      { method: 'POST', path: '/status/503', body: '{"pay":10}' },
    ]);
  });

  it('with the same body when the plan allows it', async () => {
    const before = posted('/status/503').length;
    const input = { url: at('/status/503'), method: 'POST', json: { pay: 10 } };
    const { outcome } = await call({ input, retry });
    expect(outcome.attempts).toBe(TRIES);
    const bodies = posted('/status/503').slice(before);
    expect(bodies.map(({ body }) => body)).toEqual(Array(TRIES).fill('{"pay":10}'));
  });

  it('never when the author of the skill says once, whatever the plan allows', async () => {
    const before = server.seen('/status/500').length;
    const { outcome, events } = await call({
      skill: 'http_once',
      input: { url: at('/status/500') },
      retry,
    });
    expect(told(outcome)).toMatchObject(unwell(500));
    expect(outcome.attempts).toBe(1);
    expect(server.seen('/status/500')).toHaveLength(before + 1);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'attempt.failed', retryInMs: null }),
    );
  });
});
