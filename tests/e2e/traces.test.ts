/** The trace of a run is one tree, whatever became of the run: 1,000 runs on two threads, not one span without its parent. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { type ExecuteRequest, startNode } from '../../src/runtime/index.ts';
import type { SpanRecord } from '../../src/telemetry/index.ts';

const RUNS = 1_000;
const IN_FLIGHT = 8;

/** The skill `hello` with limits that no loaded machine meets: what becomes of a run is up to its plan alone. */
const folder = mkdtempSync(join(tmpdir(), 'skein-traces-'));
cpSync(fileURLToPath(new URL('../../src/skills/hello', import.meta.url)), folder, {
  recursive: true,
});
const manifestFile = join(folder, 'skill.json');
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
const resources = { cpuMs: 30_000, wallMs: 60_000 };
writeFileSync(manifestFile, JSON.stringify({ ...manifest, name: 'patient_hello', resources }));

const started = await startNode({
  dataDir: 'memory',
  threads: 2,
  log: { level: 'silent', format: 'json' },
  skillFolders: [folder],
});
if (!started.ok) throw new Error(started.error.message);
const node = started.value;
afterAll(async () => {
  await node.close();
  rmSync(folder, { recursive: true });
});

const plan = (...steps: readonly object[]): ExecuteRequest => ({
  target: { kind: 'plan', plan: { plan: 'traced', steps } },
});
const greet = (id: string, more: object = {}) => ({
  id,
  skill: 'patient_hello',
  input: { name: id },
  ...more,
});

interface Kind {
  readonly request: ExecuteRequest;
  /** What becomes of it: the code of the failure, or nothing. */
  readonly code?: string;
  /** Spans of steps and of calls in the sandbox that the trace must hold. */
  readonly steps: number;
  readonly calls: number;
}

/** The kinds of runs, taken in turn. */
const KINDS: readonly Kind[] = [
  { request: plan(greet('one')), steps: 1, calls: 1 },
  {
    request: plan(greet('one'), greet('two', { input: { name: '${steps.one.greeting}' } })),
    steps: 2,
    calls: 2,
  },
  { request: plan(greet('left'), greet('right')), steps: 2, calls: 2 },
  {
    request: plan(greet('sure', { verify: { replicas: 2, quorum: 2 } })),
    steps: 1,
    calls: 2,
  },
  { request: plan(greet('bad', { input: {} })), code: 'INPUT_INVALID', steps: 1, calls: 1 },
  {
    request: plan(greet('lost', { input: { name: '${input.nobody}' } })),
    code: 'REFERENCE_UNRESOLVED',
    steps: 1,
    calls: 0,
  },
  {
    request: plan({ id: 'none', skill: 'no_such_skill' }),
    code: 'SKILL_NOT_FOUND',
    steps: 0,
    calls: 0,
  },
  {
    request: plan(
      greet('each', { forEach: { items: ['a', 'b', 'c'] }, input: { name: '${item}' } }),
    ),
    steps: 1,
    calls: 3,
  },
];

/** Spans that are neither the root nor under a span of their own trace. */
function orphansOf(spans: readonly SpanRecord[]): readonly SpanRecord[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId !== null && !ids.has(parentSpanId));
}

const named = (spans: readonly SpanRecord[], start: string) =>
  spans.filter(({ name }) => name.startsWith(start));

interface Traced {
  readonly kind: Kind;
  readonly code: string | undefined;
  readonly correlationId: string;
  readonly spans: readonly SpanRecord[];
}

/** Runs each kind in turn, some at once; a trace is read right after its run, while the store still holds it. */
async function runAll(): Promise<readonly Traced[]> {
  const traced: Traced[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < RUNS; index = next++) {
      const kind = KINDS[index % KINDS.length] as Kind;
      const outcome = await node.execute(kind.request);
      const { correlationId } = outcome;
      const code = outcome.ok ? undefined : outcome.error.code;
      traced.push({ kind, code, correlationId, spans: await node.trace(correlationId) });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return traced;
}

it(`leaves no orphan span in ${RUNS} runs`, async () => {
  const traced = await runAll();
  const correlationIds = new Set(traced.map(({ correlationId }) => correlationId));
  expect(correlationIds.size).toBe(RUNS);
  expect(traced.flatMap(({ spans }) => orphansOf(spans))).toEqual([]);
  const threads = new Set(traced.flatMap(({ spans }) => spans.map(({ thread }) => thread)));
  expect([...threads].sort()).toEqual(['main', 't1', 't2']);
  for (const { kind, code, correlationId, spans } of traced) {
    const trace = `${correlationId}: ${spans.map(({ name }) => name).join(', ')}`;
    expect(code, trace).toBe(kind.code);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === null);
    expect(
      roots.map(({ name }) => name),
      trace,
    ).toEqual(['run']);
    expect(
      spans.every(({ traceId }) => traceId === correlationId),
      trace,
    ).toBe(true);
    expect(named(spans, 'step '), trace).toHaveLength(kind.steps);
    expect(named(spans, 'sandbox call '), trace).toHaveLength(kind.calls);
    expect(roots[0]?.error === null, trace).toBe(kind.code === undefined);
  }
});
