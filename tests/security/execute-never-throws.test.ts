/** `execute` never throws and never rejects: 20,000 requests, most of them nonsense, each with a structured outcome. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checker,
  ERROR_TABLE,
  type Json,
  OutcomeSchema,
  type StructuredOutcome,
} from '../../src/contracts/index.ts';
import { type ExecuteRequest, type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { badRequest, badText, build, HOSTILE } from '../support/fault-requests.ts';
import { handlerOf } from '../support/sandbox.ts';

const SEED = 20_260_101;
const BAD_REQUESTS = 12_000;
const BAD_TEXTS = 5_000;
const BAD_NAMES = 3_000;
/** A guard against a request without an outcome, far above what one takes. */
const HUNG_MS = 30_000;

/** Skills that do their worst, with what becomes of each. */
const SKILLS: Readonly<Record<string, readonly [body: string, code: string]>> = {
  throws_error: ["throw new Error('x');", 'SKILL_THREW'],
  throws_undefined: ['throw undefined;', 'SKILL_THREW'],
  throws_symbol: ["throw Symbol('x');", 'SKILL_THREW'],
  throws_proxy: [
    'throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; }, ownKeys() { throw 3; } });',
    'SKILL_THREW',
  ],
  throws_hostile_error: [
    "throw Object.defineProperty(new Error('x'), 'message', { get() { throw new Proxy({}, {}); } });",
    'SKILL_THREW',
  ],
  rejects_thenable: ['return { then(_ok, fail) { fail(null); } };', 'SKILL_THREW'],
  throws_forged_code: [
    "throw Object.assign(new Error('x'), { code: 'OVERLOADED', retryable: true });",
    'SKILL_THREW',
  ],
  overflows_stack: ['const f = () => f() + 1; return f();', 'SKILL_THREW'],
  never_settles: ['return new Promise(() => {});', 'SKILL_NEVER_SETTLED'],
  hangs: ['for (;;);', 'SKILL_CPU_EXCEEDED'],
  hangs_in_microtasks: ['for (;;) await null;', 'SKILL_CPU_EXCEEDED'],
  runs_out_of_memory: [
    'const a = []; for (;;) a.push(new Array(1e5).fill(a.length));',
    'SKILL_HEAP_EXCEEDED',
  ],
  returns_proxy: ['return new Proxy({}, { ownKeys() { throw 1; } });', 'SKILL_OUTPUT_INVALID'],
  returns_function: ['return () => 1;', 'SKILL_OUTPUT_INVALID'],
  returns_bigint: ['return 1n;', 'SKILL_OUTPUT_INVALID'],
  returns_cycle: ['const a = {}; a.a = a; return a;', 'SKILL_OUTPUT_INVALID'],
  returns_too_much: ["return 'x'.repeat(2 ** 21);", 'SKILL_OUTPUT_TOO_LARGE'],
};

const folder = mkdtempSync(join(tmpdir(), 'skein-never-throws-'));
let node: SkeinNode;

const bodies = Object.entries(SKILLS).map(([name, [body]]) => [name, body]);

function skillFolder([name = '', body = '']: readonly string[]): string {
  const path = join(folder, name);
  const facts = { name, version: '1.0.0', description: 'An attack.', input: true, output: true };
  const cpuMs = name.startsWith('hangs') ? 250 : 20_000;
  const resources = { cpuMs, wallMs: 50_000, memoryMiB: 16 };
  mkdirSync(path);
  writeFileSync(join(path, 'index.js'), handlerOf(body));
  writeFileSync(join(path, 'skill.json'), JSON.stringify({ ...facts, resources }));
  return path;
}

beforeAll(async () => {
  const started = await startNode({
    dataDir: 'memory',
    threads: 1,
    log: { level: 'silent', format: 'json' },
    skillFolders: [['honest', 'return input + 1;'], ...bodies].map(skillFolder),
  });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
});
afterAll(async () => {
  await node?.close();
  rmSync(folder, { recursive: true, force: true });
});

const checkShape = checker(OutcomeSchema);

/** Whatever it was asked: an outcome of the schema, whose error is a row of the table and can be written down. */
function checkOutcome(outcome: StructuredOutcome): void {
  expect(checkShape(outcome)).toMatchObject({ ok: true });
  expect(JSON.parse(JSON.stringify(outcome)).correlationId).toBe(outcome.correlationId);
  if (!outcome.ok) expect(outcome.error.retryable).toBe(ERROR_TABLE[outcome.error.code].retryable);
}

let executed = 0;
async function execute(request: unknown): Promise<StructuredOutcome> {
  executed++;
  const outcome = await node.execute(request as ExecuteRequest);
  checkOutcome(outcome);
  return outcome;
}
const skill = (name: string, input: unknown = null): unknown => ({
  target: { kind: 'skill', skill: name },
  input,
});
const allFail = (numRuns: number) => ({ seed: SEED, numRuns, timeout: HUNG_MS });

describe('execute gives a structured outcome', () => {
  it(`to ${BAD_REQUESTS} requests with a hostile value somewhere`, async () => {
    const property = fc.asyncProperty(badRequest, async (description) => {
      expect((await execute(build(description))).ok).toBe(false);
    });
    await fc.assert(property, allFail(BAD_REQUESTS));
  });

  it(`to ${BAD_TEXTS} texts that are hardly plans`, async () => {
    const property = fc.asyncProperty(badText, async (text) => {
      expect((await execute({ target: { kind: 'plan-text', text } })).ok).toBe(false);
    });
    await fc.assert(property, allFail(BAD_TEXTS));
  });

  it(`to ${BAD_NAMES} names of skills that do not exist`, async () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom('.', '/', '@', '^', '*', '~', 'a', '1', '\0') }),
    );
    const property = fc.asyncProperty(name, async (text) => {
      expect((await execute(skill(text))).ok).toBe(false);
    });
    await fc.assert(property, allFail(BAD_NAMES));
  });

  it.each(
    Object.entries(SKILLS).map(([name, [, code]]) => ({
      does: name.replaceAll('_', ' '),
      name,
      code,
    })),
  )('to a skill that $does', async ({ name, code }) => {
    expect(await execute(skill(name))).toMatchObject({ ok: false, step: 'call', error: { code } });
  });

  it.each(Object.keys(HOSTILE))('to a skill that is given %s', async (name) => {
    await execute(skill('hello', HOSTILE[name]?.() as Json));
    await execute(skill('hello', { name: HOSTILE[name]?.() }));
  });

  it.each(Object.keys(HOSTILE))('to an honest plan beside %s', async (name) => {
    const value = () => HOSTILE[name]?.() as never;
    const steps = [{ id: 'one', skill: 'hello', input: { name: 'you' } }];
    const plan = { plan: 'honest', steps };
    await execute({
      target: { kind: 'plan', plan: { ...plan, input: value(), output: '${input}' } },
    });
    await execute({ target: { kind: 'plan', plan }, tenant: value() });
    await execute({ target: { kind: 'plan', plan }, grants: value() });
    const call = { kind: 'skill', skill: 'http_call' };
    await execute({ target: call, input: { url: 'http://a.test' }, grants: { http: value() } });
    await execute({
      target: call,
      input: { url: 'http://a.test' },
      grants: { http: { hosts: value() } },
    });
  });

  it('to a caller whose listener throws at every event', async () => {
    const seen: string[] = [];
    const request = skill('honest', 41) as ExecuteRequest;
    const outcome = await node.execute(request, ({ type }) => {
      seen.push(type);
      throw HOSTILE['a proxy whose traps throw']?.();
    });
    expect(outcome).toMatchObject({ ok: true });
    expect(seen.at(-1)).toBe('run.completed');
  });

  it('that blames the request, never Skein', async () => {
    const property = fc.asyncProperty(badRequest, async (description) => {
      const outcome = await execute(build(description));
      expect(outcome.ok ? 'OK' : outcome.error.code).not.toBe('INTERNAL');
    });
    await fc.assert(property, { ...allFail(2_000), seed: SEED + 1 });
  });

  it('20,000 times and more, and then runs an honest skill as if nothing had been', async () => {
    expect(executed).toBeGreaterThanOrEqual(20_000);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(await execute(skill('honest', 41))).toMatchObject({ ok: true, value: 42 });
    expect((await node.status()).activeRuns).toBe(0);
  });
});
