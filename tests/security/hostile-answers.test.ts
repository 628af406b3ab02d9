/** What a host process that was taken over, another node and a service can answer: nothing of it may pass for what it is not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExecution, readTask } from '../../src/actors/delegation/task.ts';
import { runTurn, type TurnWorld } from '../../src/actors/module/module-turn.ts';
import { readActorRecord } from '../../src/cluster/virtual/actor-record.ts';
import { type Json, LIMITS, type SkillManifest, type TenantId } from '../../src/contracts/index.ts';
import type { HttpSend } from '../../src/host/http-client.ts';
import { defineActor } from '../../src/kernel/index.ts';
import { addressRefusal } from '../../src/sandbox/addresses.ts';
import { actionOf, serveCall } from '../../src/sandbox/capability.ts';
import { parseHostFrame } from '../../src/sandbox/host-frames.ts';
import { AuditWindow } from '../../src/sandbox/policy/audit-window.ts';
import { refusal } from '../../src/sandbox/policy/policy-request.ts';
import { REDACTED, redactor } from '../../src/sandbox/secrets/redact.ts';
import { SecretStore } from '../../src/sandbox/secrets/secret-store.ts';
import { packageOf } from '../../src/skills/index.ts';
import { codeIn } from '../conformance/journal-suite.ts';
import { testSystem } from '../support/systems.ts';

const NUMBERS = ['1e999', '-1e400', `1${'0'.repeat(400)}`, `-${'9'.repeat(310)}`, '1E+310'];

describe('a host process that was taken over', () => {
  const BOUNDS = { depth: 64, nodes: 1_000 };
  const frames: Readonly<Record<string, (value: string) => string>> = {
    output: (value) =>
      `{"kind":"done","run":1,"cpuMs":0,"heapBytes":0,"limitTouched":false,"ending":{"kind":"value","value":[${value}]}}`,
    argument: (value) =>
      `{"kind":"call","run":1,"seq":1,"name":"kv.set","args":["k",{"a":${value}}]}`,
    field: (value) => `{"kind":"log","run":1,"level":"info","message":"x","fields":{"a":${value}}}`,
  };

  describe.each(Object.entries(frames))('in an %s', (_, frame) => {
    it.each(NUMBERS)('says no number that JSON has not: %s', (number) => {
      expect(parseHostFrame(Buffer.from(frame(number)), BOUNDS)).toHaveProperty('invalid');
    });

    it.each(['1e308', '-1.7976931348623157e+308', '1e-999', '12345678901234567890'])(
      'says numbers that it has: %s',
      (number) => {
        expect(parseHostFrame(Buffer.from(frame(number)), BOUNDS)).toHaveProperty('frame');
      },
    );
  });

  const whole = { reply: 1, state: {}, reminders: [], passivate: false, erase: false };
  it.each<[string, Json]>([
    ['no object', 5],
    ['null', null],
    ['reminders that are no list', { ...whole, reminders: 5 }],
    ['a reminder that is null', { ...whole, reminders: [null] }],
    ['a flood of reminders', { ...whole, reminders: Array(500).fill({ name: 'r', cancel: true }) }],
    ['a state that is a list of nothing', { ...whole, state: 'none' }],
    ['a state that is missing', { reply: 1, reminders: [], passivate: false, erase: false }],
    ['an erasure that is no yes', { ...whole, erase: 'yes' }],
    ['another field', { ...whole, token: 1 }],
  ])('cannot end a turn of an actor with %s', async (_, output) => {
    const { system } = testSystem();
    const manifest: SkillManifest = {
      ...{ name: 'lies', version: '1.0.0', description: 'x', input: false, output: false },
      actor: { messages: { go: { input: true } } },
    };
    const skill = packageOf(manifest, 'export const actor = {};');
    const pool = defineActor({
      kind: 'pool',
      initial: () => null,
      receive: { invoke: () => ({ result: { ok: true, value: output } }) },
    });
    const world: TurnWorld = {
      ...{ system, pool: system.spawn(pool, undefined), find: () => ({ ok: true, value: skill }) },
      terms: () => ({ grants: {}, ceilings: [] }),
    };
    const turn = {
      ...{ skill: 'lies', tenant: 'acme' as TenantId, key: 'k', address: 'skein://lies/k' },
      cause: { kind: 'message', type: 'go', payload: null } as const,
      ...{ task: 't', trace: undefined },
    };
    const ended = await runTurn(turn, { data: null, version: null }, world);
    expect(codeIn(ended)).toBe('SKILL_OUTPUT_INVALID');
  });
});

describe('another node', () => {
  const usage = {
    ...{ wallMs: 1, cpuMs: 1, heapPeakBytes: 1, hostCalls: 0 },
    ...{ egressBytes: 0, outputBytes: 1, logBytes: 0 },
  };
  const execution = (value: string, args = '[]') =>
    `{"result":{"ok":true,"value":${value}},"usage":${JSON.stringify(usage)},"tape":{"seed":"s","startWallMs":1,"effects":[{"seq":1,"name":"kv.get","args":${args}}]},"limitTouched":false,"thread":"t"}`;
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const VALUES = [...NUMBERS, '{"__proto__":{"polluted":1}}', '"\\ud800"', '{"\\udfff":1}', deep];

  it('says what it did', () => {
    expect(readExecution(execution('{"a":[1]}', '["k"]'))).toMatchObject({ thread: 't' });
  });

  it.each(VALUES)('says nothing that is no plain JSON: %.40s', (value) => {
    expect(typeof readExecution(execution(value))).toBe('string');
    expect(typeof readExecution(execution('1', `[${value}]`))).toBe('string');
    const task = { task: 'r/s/0', tenant: 'acme', kv: null };
    const skill = { name: 'x', version: '1.0.0', contentHash: 'a'.repeat(64) };
    const read = readTask({ ...task, skill, request: `{"input":${value}}` });
    expect(read).toMatch(/^\/input/);
  });
});

describe('whoever can write to the shared state', () => {
  const record = (reminder: object, count = 1) => ({
    ...{ holder: 'n', token: { revision: 1, nonce: 'x' }, version: 1, state: {} },
    reminders: Array.from({ length: count }, (_, at) => ({
      ...{ name: `r${at}`, dueAtMs: 1, sequence: 1, everyMs: 100.5 },
      ...reminder,
    })),
  });
  const read = (value: object) => readActorRecord('skein://a/k', value as Json).ok;

  it.each<[string, object]>([
    ['a period of nothing', { everyMs: 1e-9 }],
    ['a period that is none', { everyMs: Number.NaN }],
    ['a period without end', { everyMs: Number.POSITIVE_INFINITY }],
    ['a time that is none', { dueAtMs: Number.NaN }],
    ['a time before all', { dueAtMs: -1e308 }],
    ['a name that is none', { name: '../x' }],
    ['no sequence', { sequence: 1e300 }],
  ])('gives no actor a reminder with %s', (_, reminder) => {
    expect(read(record({}))).toBe(true);
    expect(read(record(reminder))).toBe(false);
  });

  it('gives none more than it may have', () => {
    expect(read(record({}, LIMITS.virtualReminders))).toBe(true);
    expect(read(record({}, LIMITS.virtualReminders + 1))).toBe(false);
  });
});

describe('a service', () => {
  const VALUE = 'sk/live+0123=&"<A>\\x y';
  const numeric = (text: string, coded: (code: number) => string) =>
    text.replace(/[^A-Za-z0-9]/g, (character) => coded(character.charCodeAt(0)));
  const html = (text: string) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;');
  const CODINGS: Readonly<Record<string, (text: string) => string>> = {
    plain: (text) => text,
    'JSON with its slashes escaped': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
    'JSON for HTML': (text) =>
      JSON.stringify(text).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
    'JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
    HTML: html,
    'HTML in HTML': (text) => html(html(text)),
    'HTML by numbers': (text) => numeric(text, (code) => `&#${code};`),
    'HTML by hex numbers': (text) => numeric(text, (code) => `&#x${code.toString(16)};`),
    'a script': (text) => numeric(text, (code) => `\\x${code.toString(16)}`),
    'a URL': encodeURI,
    'part of a URL': encodeURIComponent,
    'a URL in a URL': (text) => encodeURIComponent(encodeURIComponent(text)),
    'every sign by percent': (text) => numeric(text, (code) => `%${code.toString(16)}`),
    'a form': (text) => new URLSearchParams({ text }).toString(),
    capitals: (text) => text.toUpperCase(),
    base64: (text) => Buffer.from(text).toString('base64'),
    'base64 in a URL': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
    'base64 in JSON': (text) => JSON.stringify(Buffer.from(text).toString('base64')),
    hex: (text) => Buffer.from(text).toString('hex').toUpperCase(),
  };

  it.each(Object.entries(CODINGS))('does not give a secret back in %s', (_, coded) => {
    const rest = redactor([VALUE])(`before ${coded(VALUE)} after`);
    expect(rest).toContain(REDACTED);
    expect(rest.replaceAll(REDACTED, '').toLowerCase()).not.toMatch(/live|736b|bgl2z|c2sv/);
  });

  it('that answers with what makes patterns slow is searched in no time', () => {
    const values = Array.from({ length: 20 }, (_, at) => `\\\\\\\\%25%25&amp;&amp;"${at}"/+/+`);
    const answers = ['\\', '%25', '&amp;', '&#0', '%', 'amp;', '\\\\u00'].map((part) =>
      part.repeat(500_000 / part.length),
    );
    const before = process.cpuUsage();
    for (const answer of answers) expect(redactor(values)(answer)).toBe(answer);
    // One pattern that goes back over such a text takes minutes.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(20_000);
  });

  it.each(['Range', 'range', 'If-Range', 'Request-Range'])(
    'is not asked for a part of what it sends back of a secret, by %s',
    async (header) => {
      const secrets = new SecretStore({
        env: { SKEIN_SECRET_API: 'a-secret-0123', SKEIN_SECRET_API_HOSTS: 'api.test' },
      });
      const sent: HttpSend[] = [];
      const http = {
        resolve: async () => ['93.184.215.14'],
        send: async (asked: HttpSend) => {
          sent.push(asked);
          const body = (asked.headers.authorization ?? '').slice(0, 5);
          return { kind: 'answered', status: 206, headers: {}, body, bytes: 0 } as const;
        },
      };
      const ask = (headers: Json) =>
        serveCall(
          {
            ...{ name: 'http.request', args: [{ url: 'https://api.test/', headers }] },
            ...{ tenant: 'acme' as TenantId, skill: 'orders', onEgress: () => undefined },
            signal: new AbortController().signal,
          },
          { http: { hosts: ['api.test'], methods: ['GET'] }, secret: { names: ['api'] } },
          { http, secrets },
        );
      const refused = await ask({ authorization: { secret: 'api' }, [header]: 'bytes=0-4' });
      expect(codeIn(refused)).toBe('HOST_CALL_INVALID');
      expect(sent).toEqual([]);
      expect(await ask({ [header]: 'bytes=0-4' })).toMatchObject({ value: { status: 206 } });
    },
  );
});

it.each([
  ...['100.100.100.200', '::ffff:100.100.100.200', '169.254.169.254', '168.63.129.16'],
  ...['192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254', 'fd00:42::42', '::ffff:169.254.170.2'],
])('the metadata service at %s is never dialled, even for private addresses', (address) => {
  expect(addressRefusal(address, { privateAddresses: true })).toMatch(/reserved/);
});

it('a decision is made about a bounded number of secrets, and a request that names more is refused', async () => {
  const headers = Object.fromEntries(
    Array.from({ length: 4_000 }, (_, at) => [`x-${at}`, { secret: `s${at}` }]),
  );
  const args = [{ url: 'https://api.test/', headers }];
  const action = actionOf({ name: 'http.request', args });
  expect([action?.attributes.secrets ?? []].flat().length).toBeLessThan(100);
  const call = {
    ...{ name: 'http.request', args, tenant: 'acme' as TenantId, skill: 'orders' },
    ...{ onEgress: () => undefined, signal: new AbortController().signal },
  };
  const http = { resolve: async () => [], send: async () => expect.fail('it was sent') };
  const grants = { http: { hosts: ['api.test'], methods: ['GET'] }, secret: { names: ['s1'] } };
  expect(codeIn(await serveCall(call, grants, { http }))).toBe('HOST_CALL_INVALID');
});

it('a denial costs the audit log a bounded number of bytes, whatever the skill names', () => {
  const secrets = Array.from({ length: 5_000 }, () => '\u0001'.repeat(64));
  const principal = { name: 'x', version: '1.0.0', contentHash: 'a'.repeat(64), tenant: 'acme' };
  const request = {
    ...{ principal, action: 'http.request', resource: { type: 'Host', id: 'h'.repeat(9_000) } },
    attributes: { path: '\u202e'.repeat(9_000), secrets },
  };
  const { records } = new AuditWindow().add(
    {
      ...{ decision: refusal(request, 'no'), request, isEffect: true },
      correlationId: 'c'.repeat(32) as never,
    },
    0,
  );
  expect(records).toHaveLength(1);
  expect(Buffer.byteLength(JSON.stringify(records))).toBeLessThan(64 * 1024);
});

let polluted: string[] = [];
beforeAll(() => {
  polluted = Object.keys(Object.prototype);
});
afterAll(() => expect(Object.keys(Object.prototype)).toEqual(polluted));
