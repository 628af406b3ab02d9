/**
 * A secret that a skill uses is nowhere but on the wire: a service that sends it back in every way, skills that log, keep, throw and
 * return what they got; and then everything that the node said and left is searched.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { handlerOf } from '../support/sandbox.ts';
import { finished, skein, startSkein } from '../support/skein-command.ts';
import { until } from '../support/until.ts';

const VALUE = 'sk-live-0123456789-ABCDEFGH+/=';
const folder = mkdtempSync(join(tmpdir(), 'skein-secret-'));
const data = join(folder, 'data');
const seen: (string | undefined)[] = [];
const server = createServer((request, response) => {
  const { authorization = '' } = request.headers;
  seen.push(request.headers.authorization);
  const bytes = Buffer.from(authorization);
  const forms = [
    authorization,
    JSON.stringify({ authorization }),
    encodeURIComponent(authorization),
    ...(['base64', 'base64url', 'hex'] as const).map((coding) => bytes.toString(coding)),
  ];
  response.writeHead(200, authorization, { 'x-echo': authorization, location: `/?${forms[2]}` });
  response.end(forms.join('\n'));
});
const hosts = () => [`127.0.0.1:${(server.address() as AddressInfo).port}`];
const url = () => `http://${hosts()[0]}/`;
let node: ReturnType<typeof startSkein>;
let nodeSaid: ReturnType<typeof finished>;

const HEADERS = "{ authorization: { secret: 'api', prefix: 'Bearer ' } }";
const SKILLS: Readonly<Record<string, string>> = {
  keep: `const reply = await ctx.http.request({ url: input.url, headers: ${HEADERS} });
    ctx.log.info('got ' + reply.body, { reply });
    await ctx.kv.set('reply', reply);
    await ctx.fs.write('reply', reply.body);
    return { reply, read: await ctx.fs.read('reply') };`,
  fail: `const reply = await ctx.http.request({ url: input.url, headers: ${HEADERS} });
    throw new Error(reply.body);`,
};

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const secrets = join(folder, 'secrets.json');
  writeFileSync(
    secrets,
    JSON.stringify({
      api: { value: VALUE, hosts: hosts(), plain: true },
    }),
    { mode: 0o600 },
  );
  const folders = Object.entries(SKILLS).map(([name, body]) => {
    const path = join(folder, name);
    const facts = { name, version: '1.0.0', description: name, input: true, output: true };
    const resources = { cpuMs: 10_000, wallMs: 60_000 };
    const capabilities = {
      http: { hosts: ['*'] },
      kv: true,
      fs: 'write',
      secret: { names: ['api'] },
    };
    mkdirSync(path);
    writeFileSync(join(path, 'index.js'), handlerOf(body));
    writeFileSync(join(path, 'skill.json'), JSON.stringify({ ...facts, resources, capabilities }));
    return path;
  });
  node = startSkein(
    ['up', '--threads', '1', '--log', 'debug', '--secrets', secrets, '--skills', ...folders],
    data,
  );
  nodeSaid = finished(node);
  let said = '';
  node.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  await until('the node is ready', () => said.includes('ready'), 60_000);
});
afterAll(() => {
  node.kill('SIGKILL');
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

let plans = 0;
async function run(skill: string) {
  const http = { hosts: hosts(), privateAddresses: true };
  const plan = {
    plan: skill,
    grants: { http, kv: true, fs: 'write', log: true, secret: { names: ['api'] } },
    steps: [{ id: 'only', skill, input: { url: url() } }],
  };
  const file = join(folder, `plan-${plans++}.json`);
  writeFileSync(file, JSON.stringify(plan));
  return skein(['run', file, '--json'], data);
}

it('arrives at its host and nowhere else', async () => {
  const kept = await run('keep');
  expect(JSON.parse(kept.stdout), kept.stdout).toMatchObject({ ok: true });
  expect(seen).toEqual([`Bearer ${VALUE}`]);
  expect(kept.stdout).toContain('[secret]');
  const failed = await run('fail');
  expect(JSON.parse(failed.stdout)).toMatchObject({ ok: false, error: { code: 'SKILL_THREW' } });
  const trace = await skein(['trace', JSON.parse(kept.stdout).correlationId, '--json'], data);
  expect(trace.stdout).toContain('host call http.request');

  node.kill('SIGTERM');
  const said = await nodeSaid;
  expect(said.stderr).toContain('got Bearer [secret]');
  const left = filesUnder(data);
  expect(left.some((bytes) => bytes.includes('[secret]'))).toBe(true);
  const bare = Buffer.from(VALUE);
  const forms = [
    VALUE,
    encodeURIComponent(VALUE),
    bare.toString('hex'),
    ...[0, 1, 2].map((before) =>
      Buffer.concat([Buffer.alloc(before), bare])
        .toString('base64')
        .slice(4, -6),
    ),
  ];
  const told = [kept, failed, trace, said].map(({ stdout, stderr }) =>
    Buffer.from(stdout + stderr),
  );
  for (const form of forms) {
    expect([...left, ...told].filter((bytes) => bytes.includes(form)).length, form).toBe(0);
  }
}, 120_000);

function filesUnder(path: string): readonly Buffer[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}
