/** Models, channels and virtual actors as skills of a real node reach them, set up by a file, against a server that speaks the protocol. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Json } from '../../../src/contracts/index.ts';
import { readEffects, type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { handlerOf } from '../../support/sandbox.ts';
import { root } from '../../support/skein-command.ts';
import { until } from '../../support/until.ts';

const KEY = 'key-of-the-provider';
const base = mkdtempSync(join(tmpdir(), 'skein-services-'));
const seen: { path: string; authorization: string | undefined; body: Record<string, unknown> }[] =
  [];
const server = createServer(async (request, response) => {
  const text = await textOf(request);
  const { authorization } = request.headers;
  const body = JSON.parse(text);
  seen.push({ path: request.url ?? '', authorization, body });
  if (request.url === '/notes') return response.end();
  if (authorization !== `Bearer ${KEY}`) {
    response.writeHead(401);
    return response.end('{"error":{"message":"no key"}}');
  }
  const last = body.messages.at(-1).content;
  response.setHeader('content-type', 'application/json');
  return response.end(
    JSON.stringify({
      ...{ id: 'chatcmpl-1', object: 'chat.completion', model: `${body.model}-0613` },
      choices: [
        {
          ...{ index: 0, finish_reason: 'stop' },
          message: { role: 'assistant', content: `you said ${last}` },
        },
      ],
      usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
    }),
  );
});
let node: SkeinNode;

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

const CAPABILITIES = {
  llm: { models: ['small', 'large'], maxTokens: 100 },
  notify: { channels: ['ops', 'nowhere'] },
  actor: { kinds: ['basket', 'kv', 'effects'] },
};

function skillFolder(name: string, body: string): string {
  const path = join(base, name);
  const facts = { name, version: '1.0.0', description: name, input: true, output: true };
  const resources = { cpuMs: 10_000, wallMs: 60_000 };
  mkdirSync(path);
  writeFileSync(join(path, 'index.js'), handlerOf(body));
  writeFileSync(
    join(path, 'skill.json'),
    JSON.stringify({ ...facts, resources, capabilities: CAPABILITIES }),
  );
  return path;
}

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = join(base, 'effects.yaml');
  writeFileSync(join(base, 'secrets.yaml'), `provider: { value: ${KEY} }\n`, { mode: 0o600 });
  writeFileSync(
    file,
    `secrets: secrets.yaml
llm:
  small: { url: ${origin}/v1/chat/completions, model: tiny, secret: provider, privateAddresses: true }
  large: { url: ${origin}/v1/chat/completions, privateAddresses: true }
notify:
  ops: { url: ${origin}/notes, privateAddresses: true }
`,
  );
  const effects = await readEffects(file);
  if (!effects.ok) throw new Error(effects.error.message);
  const started = await startNode({
    dataDir: 'memory',
    threads: 1,
    log: { level: 'silent', format: 'json' },
    effects: effects.value,
    skillFolders: [
      skillFolder('complete', 'return await ctx.llm.complete(input);'),
      skillFolder(
        'tell',
        "return await ctx.notify.send({ channel: input, subject: 's', text: 't' });",
      ),
      skillFolder('ask', 'return await ctx.actor[input.call](...input.args);'),
      join(root, 'examples/skills/basket'),
    ],
  });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
});
afterAll(async () => {
  await node?.close();
  server.close();
  rmSync(base, { recursive: true, force: true });
});

const run = (skill: string, input: Json) =>
  node.execute({ target: { kind: 'skill', skill }, input, grants: CAPABILITIES });
const messages = [{ role: 'user', content: 'hello' }];

it('completes by a model of the operator, with its key and its name', async () => {
  expect(await run('complete', { model: 'small', messages, temperature: 0 })).toMatchObject({
    ok: true,
    value: {
      ...{ model: 'tiny-0613', text: 'you said hello', finishReason: 'stop' },
      usage: { inputTokens: 9, outputTokens: 4 },
    },
  });
  expect(seen.at(-1)).toMatchObject({
    path: '/v1/chat/completions',
    authorization: `Bearer ${KEY}`,
    body: { model: 'tiny', messages, max_tokens: 100, temperature: 0, stream: false },
  });
});

it.each([
  ['more tokens than granted', { model: 'small', messages, maxTokens: 101 }, 'CAPABILITY_DENIED'],
  ['a model that was not granted', { model: 'huge', messages }, 'CAPABILITY_DENIED'],
  ['what is no request', { model: 'small', prompt: 'hello' }, 'HOST_CALL_INVALID'],
  ['a provider that refuses', { model: 'large', messages }, 'SERVICE_REFUSED'],
])('does not complete with %s', async (_what, input, code) => {
  expect(await run('complete', input)).toMatchObject({ ok: false, error: { code } });
});

it('sends a note to a channel that was set up, and says of another what to do', async () => {
  expect(await run('tell', 'ops')).toMatchObject({ ok: true, value: null });
  expect(seen.at(-1)?.body).toMatchObject({
    channel: 'ops',
    subject: 's',
    text: 't',
    skill: 'tell',
  });
  expect(await run('tell', 'nowhere')).toMatchObject({
    ok: false,
    error: {
      code: 'SERVICE_UNKNOWN',
      message: 'the operator of the node has set up no notify nowhere',
    },
  });
});

it('reaches actors of packages by kind, key and message, and no actor of the node itself', async () => {
  const args = ['basket', 'k1', 'add', { item: 'tea', count: 2 }];
  expect(await run('ask', { call: 'ask', args })).toMatchObject({ ok: true, value: 2 });
  expect(await run('ask', { call: 'tell', args })).toMatchObject({ ok: true, value: null });
  const listed = { call: 'ask', args: ['basket', 'k1', 'list'] };
  await until('the told message arrived', async () => {
    const outcome = await run('ask', listed);
    return outcome.ok && JSON.stringify(outcome.value) === '{"tea":4}';
  });
  for (const kind of ['kv', 'effects', '/skein/kv', '$control']) {
    const outcome = await run('ask', {
      call: 'ask',
      args: [kind, 'x', 'get', null, { timeoutMs: 500 }],
    });
    expect(outcome.ok, kind).toBe(false);
  }
});
