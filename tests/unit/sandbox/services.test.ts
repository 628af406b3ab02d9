/** Channels and models with a network that is played: what is sent, what each answer becomes, how often. */
import { expect, it } from 'vitest';
import type { LlmModel, NotifyChannel, TenantId } from '../../../src/contracts/index.ts';
import type { HttpReply, HttpSend } from '../../../src/host/http-client.ts';
import { simulatedTime } from '../../../src/host/index.ts';
import { SecretStore } from '../../../src/sandbox/secrets/secret-store.ts';
import { ModelService, type TokenUse } from '../../../src/sandbox/services/models.ts';
import { type Note, Notifier } from '../../../src/sandbox/services/notifier.ts';

const TENANT = 'acme' as TenantId;
const KEY = 'the key of the provider';
const note = (channel: string): Note => ({
  ...{ channel, subject: 'late', text: 'order 7', tenant: TENANT, skill: 'orders' },
});

function world(reply: Partial<Extract<HttpReply, { kind: 'answered' }>> | HttpReply = {}) {
  const time = simulatedTime();
  const sent: HttpSend[] = [];
  const http = {
    resolve: async (host: string) => [host === 'inside.test' ? '10.0.0.1' : '93.184.215.14'],
    send: async (request: HttpSend): Promise<HttpReply> => {
      sent.push(request);
      return {
        kind: 'answered',
        status: 200,
        headers: {},
        body: '',
        bytes: 0,
        ...reply,
      } as HttpReply;
    },
  };
  const secrets = new SecretStore({ env: { SKEIN_SECRET_KEY: KEY } });
  const parts = { http, secrets, clock: time.clock };
  const notes: Note[] = [];
  const uses: TokenUse[] = [];
  return {
    ...{ time, sent, notes, uses },
    notifier: (channels: Record<string, NotifyChannel>) =>
      new Notifier({ ...parts, channels, log: (each) => notes.push(each) }),
    models: (models: Record<string, LlmModel>) =>
      new ModelService({ ...parts, models, onUse: (use) => uses.push(use) }),
  };
}

const ask = { messages: [{ role: 'user', content: 'hi' }], maxTokens: 50, timeoutMs: 1_000 };
const completion = (model: string) => ({ ...ask, model, tenant: TENANT, skill: 'orders' });
const URL = 'https://api.test/v1/chat/completions';

it('notes go to a webhook as JSON with the bearer of its secret, or to the log', async () => {
  const { notifier, sent, notes } = world();
  const both = notifier({
    ops: { url: 'https://hooks.test/x', secret: 'key' },
    log: { log: true },
  });
  expect(await both.send(note('ops'))).toEqual({ ok: true, value: null });
  expect(sent).toMatchObject([
    { method: 'POST', address: '93.184.215.14', hostname: 'hooks.test', path: '/x', secure: true },
  ]);
  expect(sent[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ ...note('ops'), at: expect.any(String) });
  expect(await both.send(note('log'))).toEqual({ ok: true, value: null });
  expect(notes).toEqual([note('log')]);
});

it('refuse what was not set up, by name', async () => {
  const { notifier, models } = world();
  for (const name of ['ops', 'constructor', '__proto__']) {
    expect(await notifier({}).send(note(name))).toMatchObject({
      error: { code: 'SERVICE_UNKNOWN' },
    });
    const asked = await models({}).complete(completion(name));
    expect(asked).toMatchObject({ error: { code: 'SERVICE_UNKNOWN' } });
  }
});

it('are bounded a minute', async () => {
  const { notifier, time } = world();
  const bounded = notifier({ log: { log: true, perMinute: 2 } });
  const codes = async (count: number) => {
    const results = [];
    for (let at = 0; at < count; at++) results.push(await bounded.send(note('log')));
    return results.map((result) => (result.ok ? 'ok' : result.error.code));
  };
  expect(await codes(3)).toEqual(['ok', 'ok', 'SERVICE_BUSY']);
  await time.advance(60_001);
  expect(await codes(1)).toEqual(['ok']);
});

it('models answer with text, reason and tokens, which are counted', async () => {
  const body = JSON.stringify({
    model: 'small-2026',
    choices: [{ message: { content: `your key is ${KEY}` }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 5 },
  });
  const { models, sent, uses } = world({ body });
  const service = models({
    small: { url: URL, secret: 'key', model: 'small-2026', maxTokens: 20 },
  });
  expect(await service.complete({ ...completion('small'), temperature: 0 })).toEqual({
    ok: true,
    value: {
      model: 'small-2026',
      text: 'your key is [secret]',
      finishReason: 'stop',
      usage: { inputTokens: 3, outputTokens: 5 },
    },
  });
  expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
    ...{ model: 'small-2026', messages: ask.messages, max_tokens: 20, stream: false },
    temperature: 0,
  });
  expect(uses).toEqual([{ model: 'small', tenant: TENANT, inputTokens: 3, outputTokens: 5 }]);
});

it.each([
  [{ status: 503 }, 'SERVICE_FAILED'],
  [{ status: 429 }, 'SERVICE_FAILED'],
  [{ status: 401 }, 'SERVICE_REFUSED'],
  [{ status: 302, headers: { location: 'https://evil.test/' } }, 'SERVICE_REFUSED'],
  [{ body: 'no JSON' }, 'SERVICE_FAILED'],
  [{ body: '{"choices":[]}' }, 'SERVICE_FAILED'],
  [{ kind: 'timeout', bytes: 0 }, 'SERVICE_FAILED'],
  [{ kind: 'failed', reason: 'ECONNREFUSED', bytes: 0 }, 'SERVICE_FAILED'],
] as const)('an answer %j is %s', async (reply, code) => {
  const { models, sent } = world(reply as HttpReply);
  const result = await models({ small: { url: URL } }).complete(completion('small'));
  expect(result).toMatchObject({ ok: false, error: { code } });
  expect(sent).toHaveLength(1);
});

it.each([
  ['https://inside.test/', {}, 'SERVICE_REFUSED'],
  ['http://169.254.169.254/', { privateAddresses: true }, 'SERVICE_REFUSED'],
  ['ftp://api.test/', {}, 'SERVICE_REFUSED'],
  ['https://user:pass@api.test/', {}, 'SERVICE_REFUSED'],
  [URL, { secret: 'other' }, 'SECRET_UNAVAILABLE'],
])('nothing is sent to %s with %j', async (url, more, code) => {
  const { models, sent } = world();
  const result = await models({ small: { url, ...more } }).complete(completion('small'));
  expect(result).toMatchObject({ ok: false, error: { code } });
  expect(sent).toHaveLength(0);
});
