import { describe, expect, it } from 'vitest';
import type { SkillContext } from '../../../src/skill.ts';
import hello from '../../../src/skills/hello/index.ts';
import helloManifest from '../../../src/skills/hello/skill.json' with { type: 'json' };
import httpCall from '../../../src/skills/http_call/index.ts';
import httpManifest from '../../../src/skills/http_call/skill.json' with { type: 'json' };
import {
  type FakeRequest,
  replayTape,
  type SkillFakes,
  type SkillTest,
  testSkill,
} from '../../../src/testing.ts';

const URL = 'https://api.example.com/tea?leaf=1';
const HTTP = { http: { hosts: ['api.example.com'] } };
const get = (_input: unknown, ctx: SkillContext) => ctx.http.request({ url: URL });
const codeOf = async (test: SkillTest) => {
  const { result } = await testSkill(test);
  return result.ok ? result.value : result.error.code;
};

describe('testSkill', () => {
  it('runs a default export with its manifest and gives output, log lines and tape', async () => {
    const input = { name: 'Ada' };
    const run = await testSkill({ skill: hello, manifest: helloManifest, input, seed: 1 });
    expect(run.result).toEqual({ ok: true, value: { greeting: 'Hello, Ada!' } });
    expect(run.lines).toMatchObject([
      { level: 'info', message: 'greeting someone', fields: { name: 'Ada' }, skill: 'hello' },
    ]);
    expect(run.tape).toEqual({ seed: '1', startWallMs: 1_767_225_600_000, effects: [] });
    expect(run.outputHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('follows redirects as in a sandbox: each hop is a call, checked like the first', async () => {
    const skill = (to: string, ctx: SkillContext) =>
      ctx.http.request({
        url: URL,
        method: 'POST',
        body: 'x',
        redirect: 'follow',
        headers: { to },
      });
    const grants = { http: { hosts: ['api.example.com'], methods: ['GET', 'POST'] } };
    const bodies: unknown[] = [];
    const http = ({ url, headers, body }: FakeRequest) => {
      bodies.push(body);
      const location = headers.to ?? '';
      return url === URL ? { status: 307, headers: { location } } : { body: 'arrived' };
    };
    const run = await testSkill({ skill, grants, input: '/there', fakes: { http } });
    expect(run.result).toMatchObject({ ok: true, value: { status: 200, body: 'arrived' } });
    expect(run.calls.map(({ name }) => name)).toEqual(['http.request', 'http.request']);
    expect(bodies).toEqual(['x', 'x']);
    const away = { skill, grants, input: 'https://evil.test/', fakes: { http } };
    expect(await codeOf(away)).toBe('EGRESS_REFUSED');
  });

  it('has a workspace in memory, with the names of a real one', async () => {
    const skill = async (_: unknown, { fs }: SkillContext) => {
      await fs.mkdir('out/deep');
      await fs.write('out/deep/a', await fs.read('in/a'));
      await fs.remove('in/a');
      await fs.rename('out/deep/a', 'out/deep/b');
      return [await fs.list('out'), await fs.stat('out/deep/b'), await fs.list('in')];
    };
    const run = await testSkill({
      skill,
      grants: { fs: 'write' },
      fakes: { files: { 'in/a': 'x' } },
    });
    expect(run.result).toEqual({
      ok: true,
      value: [[{ name: 'deep', kind: 'folder' }], { kind: 'file', bytes: 1 }, []],
    });
    expect(run.files).toEqual({ 'out/deep/b': 'x' });
    for (const [path, code] of [
      ['../a', 'PATH_REFUSED'],
      ['/etc/passwd', 'PATH_REFUSED'],
      ['in', 'PATH_REFUSED'],
      ['in/b', 'FILE_NOT_FOUND'],
      ['in/a/', 'FILE_NOT_FOUND'],
    ] as const) {
      const read = (_: unknown, { fs }: SkillContext) => fs.read(path);
      const fakes = { files: { 'in/a': 'x' } };
      expect(await codeOf({ skill: read, grants: { fs: 'read' }, fakes }), path).toBe(code);
    }
  });

  it('has secrets, channels, models and actors of the test', async () => {
    const notes: unknown[] = [];
    const skill = async (_: unknown, ctx: SkillContext) => {
      const headers = { authorization: { secret: 'api', prefix: 'Bearer ' } };
      const { body } = await ctx.http.request({ url: URL, headers });
      await ctx.notify.send({ channel: 'ops', subject: 's', text: body });
      const messages = [{ role: 'user', content: body }] as const;
      const { text } = await ctx.llm.complete({ model: 'small', messages });
      return [text, await ctx.actor.ask('basket', 'k', 'add', { item: 'tea' })];
    };
    const grants = {
      ...HTTP,
      secret: { names: ['api'] },
      notify: { channels: ['ops'] },
      llm: { models: ['small'] },
      actor: { kinds: ['basket'] },
    };
    const fakes: SkillFakes = {
      http: ({ headers }) => ({ body: `sent ${headers.authorization}` }),
      secrets: { api: { value: 'a value of a secret', hosts: ['api.example.com'] } },
      notify: (note) => void notes.push(note.text),
      llm: ({ messages: [first] }) => `about: ${first?.content}`,
      actor: ({ kind, key, message, body }) => ({ kind, key, message, body }),
    };
    const run = await testSkill({ skill, grants, fakes });
    const body = { item: 'tea' };
    expect(run.result).toEqual({
      ok: true,
      value: ['about: sent Bearer [secret]', { kind: 'basket', key: 'k', message: 'add', body }],
    });
    expect(notes).toEqual(['sent Bearer [secret]']);
    await replayTape(skill, run.recording);
    const without = { ...fakes, llm: undefined } as never;
    expect(await codeOf({ skill, grants, fakes: without })).toBe('SERVICE_UNKNOWN');
  });

  it('runs the text of a module, anew each time', async () => {
    const skill = `
      let runs: number = 0;
      export default (input: { by: number }) => (runs += input.by);`;
    expect(await codeOf({ skill, input: { by: 2 } })).toBe(2);
    expect(await codeOf({ skill, input: { by: 2 } })).toBe(2);
  });

  it('answers requests from the fake and shows it what was asked', async () => {
    const asked: unknown[] = [];
    const run = await testSkill({
      skill: httpCall,
      manifest: httpManifest,
      input: { url: URL, method: 'POST', json: { a: 1 } },
      grants: { http: { hosts: ['api.example.com'], methods: ['POST'] } },
      fakes: {
        http: (request) => {
          asked.push(request);
          return { status: 201, json: { b: 2 }, headers: { 'X-Tea': 'green' } };
        },
      },
    });
    const headers = { 'content-type': 'application/json' };
    expect(asked).toEqual([{ method: 'POST', url: URL, headers, body: '{"a":1}' }]);
    expect(run.result).toEqual({
      ok: true,
      value: { status: 201, headers: { ...headers, 'x-tea': 'green' }, body: { b: 2 } },
    });
    expect(run.calls).toMatchObject([{ seq: 1, name: 'http.request', answer: { ok: true } }]);
    expect(run.usage).toMatchObject({ hostCalls: 1, egressBytes: 14 });
  });

  it('holds calls to the grants that a node would hold them to', async () => {
    const http = () => ({ body: 'never' });
    const fakes = { http };
    expect(await codeOf({ skill: get, fakes })).toBe('CAPABILITY_DENIED');
    const other = { http: { hosts: ['other.example.com'] } };
    expect(await codeOf({ skill: get, fakes, grants: other })).toBe('EGRESS_REFUSED');
    const posting = { http: { hosts: ['api.example.com'], methods: ['POST'] } };
    expect(await codeOf({ skill: get, fakes, grants: posting })).toBe('EGRESS_REFUSED');
    const addresses = () => ['169.254.169.254'];
    const inside = { skill: get, fakes: { http, addresses }, grants: HTTP };
    expect(await codeOf(inside)).toBe('EGRESS_REFUSED');
  });

  it('gives a skill no more than its manifest asks for', async () => {
    const skill = (_input: unknown, ctx: SkillContext) => ctx.kv.get('a');
    const test = { skill, grants: { kv: true }, fakes: { kv: { a: 1 } } };
    expect(await codeOf(test)).toBe(1);
    expect(await codeOf({ ...test, manifest: { ...helloManifest, input: true } })).toBe(
      'CAPABILITY_DENIED',
    );
  });

  it('takes virtual time for slow answers, and times out what takes too long', async () => {
    const skill = async (timeoutMs: number, ctx: SkillContext) => {
      const fromMs = Date.now();
      await ctx.http.request({ url: URL, timeoutMs });
      return Date.now() - fromMs;
    };
    const test = { skill, grants: HTTP, fakes: { http: () => ({ afterMs: 400 }) } };
    expect(await codeOf({ ...test, input: 401 })).toBe(400);
    expect(await codeOf({ ...test, input: 400 })).toBe('EGRESS_TIMEOUT');
  });

  it('ends a skill at its wall limit, and one that can never settle', async () => {
    const slow = { skill: get, grants: HTTP, fakes: { http: () => ({ afterMs: 5_000 }) } };
    expect(await codeOf(slow)).toBe('SKILL_WALL_EXCEEDED');
    expect(await codeOf({ skill: () => new Promise(() => undefined) })).toBe('SKILL_NEVER_SETTLED');
  });

  it('passes failures of the network on, retryable', async () => {
    const failed = { skill: get, grants: HTTP, fakes: { http: () => ({ failed: 'ECONNRESET' }) } };
    const { result } = await testSkill(failed);
    expect(result).toMatchObject({ ok: false, error: { code: 'EGRESS_FAILED', retryable: true } });
  });

  it('shows a skill errors with code and retryable, as the sandbox does', async () => {
    const skill = async (_input: unknown, ctx: SkillContext) => {
      try {
        return await ctx.kv.get('a');
      } catch (thrown) {
        const { name, code, retryable } = thrown as Error & { code: string; retryable: boolean };
        return [name, code, retryable, Object.keys(thrown as Error)];
      }
    };
    expect(await codeOf({ skill })).toEqual(['HostError', 'CAPABILITY_DENIED', false, []]);
  });

  it('keeps the store, and shows what is left in it', async () => {
    const skill = async (_input: unknown, ctx: SkillContext) => {
      const count = ((await ctx.kv.get('count')) as number) + 1;
      await ctx.kv.set('count', count);
      return ctx.kv.delete('old');
    };
    const kv = { count: 4, old: 'x', other: [1] };
    const run = await testSkill({ skill, grants: { kv: true }, fakes: { kv } });
    expect(run.result).toEqual({ ok: true, value: true });
    expect(run.kv).toEqual({ count: 5, other: [1] });
    expect(run.calls.map(({ name }) => name)).toEqual(['kv.get', 'kv.set', 'kv.delete']);
  });

  it('checks input and output against the schemas', async () => {
    const test = { skill: hello, manifest: helloManifest };
    expect(await codeOf({ ...test, input: { name: '' } })).toBe('INPUT_INVALID');
    const wrong = { skill: () => ({ greeting: 5 }), manifest: helloManifest };
    expect(await codeOf({ ...wrong, input: { name: 'Ada' } })).toBe('SKILL_OUTPUT_INVALID');
  });

  it('refuses output that is no plain data, and says where', async () => {
    const { result } = await testSkill({ skill: () => ({ at: [new Date(0)] }) });
    expect(result).toMatchObject({
      error: { code: 'SKILL_OUTPUT_INVALID', details: { pointer: '/at/0', found: 'a Date' } },
    });
  });

  it('bounds calls, calls in flight, log lines and input by the contract', async () => {
    const many = async (count: number, ctx: SkillContext) => {
      for (let at = 0; at < count; at++) await ctx.kv.get('a');
    };
    const grants = { kv: true };
    expect(await codeOf({ skill: many, input: 1_000, grants })).toBe(null);
    expect(await codeOf({ skill: many, input: 1_001, grants })).toBe('HOST_CALLS_EXCEEDED');
    const atOnce = (_input: unknown, ctx: SkillContext) =>
      Promise.all(Array.from({ length: 65 }, () => ctx.kv.get('a')));
    expect(await codeOf({ skill: atOnce, grants })).toBe('HOST_CALLS_EXCEEDED');
    const loud = (_input: unknown, ctx: SkillContext) => ctx.log.info('x'.repeat(300_000));
    expect(await codeOf({ skill: loud })).toBe('LOG_EXCEEDED');
    const large = { skill: () => 1, input: 'x'.repeat(1_048_576) };
    expect(await codeOf(large)).toBe('SKILL_INPUT_TOO_LARGE');
  });

  it('gives what the skill threw beside the typed error', async () => {
    const thrown = new RangeError('too much tea');
    const run = await testSkill({
      skill: () => {
        throw thrown;
      },
    });
    expect(run.thrown).toBe(thrown);
    expect(run.result).toMatchObject({
      error: { code: 'SKILL_THREW', details: { name: 'RangeError', message: 'too much tea' } },
    });
  });

  it('has virtual time and seeded chance inside, and the real ones again after', async () => {
    const skill = () => [Date.now(), new Date().toISOString(), Math.random(), Math.random()];
    const first = await codeOf({ skill, startWallMs: 5_000 });
    expect(first).toEqual([
      5_000,
      '1970-01-01T00:00:05.000Z',
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(await codeOf({ skill, startWallMs: 5_000 })).toEqual(first);
    expect(await codeOf({ skill, startWallMs: 5_000, seed: 2 })).not.toEqual(first);
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000);
    expect(await codeOf({ skill: () => setTimeout(() => undefined, 1) })).toBe('SKILL_THREW');
    setTimeout(() => undefined, 1);
  });

  it('lets runs wait for each other', async () => {
    const skill = async (input: number, ctx: SkillContext) => {
      await ctx.kv.get('a');
      return [input, Date.now()];
    };
    const runs = [1, 2, 3].map((input) =>
      codeOf({ skill, input, startWallMs: input, grants: { kv: true } }),
    );
    expect(await Promise.all(runs)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('throws what a fake threw, not the failure that came of it', async () => {
    const http = () => {
      throw new RangeError('the fake is wrong');
    };
    const run = testSkill({ skill: get, grants: HTTP, fakes: { http } });
    await expect(run).rejects.toThrow('the fake is wrong');
  });

  it('refuses a manifest that no node would take, and a text that is no module', async () => {
    const { description: _, ...manifest } = helloManifest;
    await expect(testSkill({ skill: hello, manifest })).rejects.toThrow('no description');
    expect(await codeOf({ skill: 'export default 5;' })).toBe('SKILL_REFUSED');
    expect(await codeOf({ skill: 'export default (;' })).toBe('SKILL_REFUSED');
    await expect(testSkill({ skill: hello, input: 1n })).rejects.toThrow('argument input: found');
  });
});
