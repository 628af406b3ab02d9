/**
 * `npm run cases -- FILE [--json] [--only ID,ID] [--jitless]`: runs attack cases of the shape of a cases file through the public path
 * (`node.execute`) in a real node, with probe actors beside each case, and says what the wall did. A file of malformed frames is sent to
 * every entry from the bus instead; one of paths or of egress is played in a sandbox with a world of its own (`cases-*.ts`); `npm run cases -- --mutations 200000 [--seed N]` sends valid packets that were changed.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, Result, StructuredOutcome, TenantId } from '../src/contracts/index.ts';
import { realPorts } from '../src/host/index.ts';
import { defineActor } from '../src/kernel/index.ts';
import { type SkeinNode, startNode } from '../src/runtime/index.ts';
import { classify } from '../src/sandbox/index.ts';
import { buildPackage } from '../tests/support/built-package.ts';
import { type EgressDocument, runEgressCases } from './cases-egress.ts';
import { type PathDocument, runPathCases } from './cases-paths.ts';
import { type FrameDocument, runFrames, runMutations } from './frames.ts';

interface Case {
  readonly id: string;
  readonly class: string;
  readonly form: 'body' | 'module';
  readonly source: string;
  readonly expected: string;
  readonly accept?: readonly string[];
  readonly parses?: boolean;
  readonly runs?: number;
  readonly check?: string;
}

interface CaseResult {
  readonly id: string;
  readonly expected: string;
  readonly got: string;
  readonly code: string;
  readonly passed: boolean;
  readonly elapsedMs: number;
  /** Elapsed time of the slowest run beyond the wall limit of its contract; 0 when it ended inside. */
  readonly overLimitMs: number;
  readonly probeSlowestMs: number;
  readonly note: string;
}

const PROBE_EVERY_MS = 20;
/** Options that a value follows. */
const VALUED = ['--only', '--mutations', '--seed'];
const { clock, timers } = realPorts;

const [file] = process.argv
  .slice(2)
  .filter((word, at, all) => !word.startsWith('--') && !VALUED.includes(all[at - 1] ?? ''));
const isJson = process.argv.includes('--json');
const mutations = optionValue('--mutations');
if (mutations !== undefined) {
  process.exit(await runMutations(Number(mutations), optionValue('--seed') ?? '1'));
}
if (file === undefined) {
  process.stderr.write(
    'usage: npm run cases -- FILE [--json] [--only ID,ID] [--jitless] | --mutations COUNT [--seed SEED]\n',
  );
  process.exit(2);
}

process.env.CANARY_ENV = 'CANARY-1';
let rejections = 0;
process.on('unhandledRejection', () => rejections++);
process.on('uncaughtExceptionMonitor', () => rejections++);

const document = JSON.parse(readFileSync(file, 'utf8')) as {
  cases: readonly Case[];
  suggestedLimits: Record<string, number>;
} & Partial<FrameDocument>;
const { frames, bounds } = document;
if (frames && bounds) {
  process.exit(await runFrames({ frames, bounds }, optionValue('--only')?.split(','), isJson));
}
const wanted = optionValue('--only')?.split(',');
if ('fixture' in document) {
  process.exit(await runPathCases(document as unknown as PathDocument, wanted, isJson));
}
if ('defaultDns' in document) {
  process.exit(await runEgressCases(document as unknown as EgressDocument, wanted, isJson));
}
const { cpuMs = 250, wallMs = 1_000, memoryMb = 64 } = document.suggestedLimits;
const folder = mkdtempSync(join(tmpdir(), 'skein-cases-'));
// Hosts without compilers are of the built package alone.
const built = process.argv.includes('--jitless') ? buildPackage() : undefined;
const { startNode: start } = built
  ? ((await built.load('runtime/index')) as typeof import('../src/runtime/index.ts'))
  : { startNode };
const started = await start({
  ...{ dataDir: 'memory', log: { level: 'silent', format: 'json' } },
  ...(built ? { sandbox: { jitless: ['*'] } } : {}),
});
if (!started.ok) {
  process.stderr.write(`${started.error.message}\n`);
  process.exit(1);
}
const node = started.value;
let nodeDeaths = 0;
let escapes = 0;
let isEnding = false;
void node.ended.then(() => {
  if (!isEnding) nodeDeaths++;
});

const prober = probe(node);
const failed: string[] = [];
const only = optionValue('--only')?.split(',');
const cases = document.cases.filter(({ id }) => only === undefined || only.includes(id));
for (const each of cases) {
  const result = await runCase(each);
  if (!result.passed) failed.push(each.id);
  if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
  else show(result);
}
const lives = (await node.status()).threads.filter(({ life }) => life > 1).length;
const polluted = ['polluted', 'polluted2', '__left2'].filter((key) => key in {}).length;
isEnding = true;
await node.close();
prober.stop();
rmSync(folder, { recursive: true });
built?.remove();
const summary = {
  total: cases.length,
  passed: cases.length - failed.length,
  failed,
  nodeDeaths: nodeDeaths + lives,
  escapes: escapes + polluted,
  unhandledInNode: rejections,
  probeSlowestMs: Math.round(prober.slowestMs() * 10) / 10,
  probeP99Ms: Math.round(prober.p99Ms() * 10) / 10,
};
process.stdout.write(`${JSON.stringify(summary)}\n`);
process.exit(failed.length > 0 || summary.nodeDeaths > 0 || summary.escapes > 0 ? 1 : 0);

function optionValue(option: string): string | undefined {
  const at = process.argv.indexOf(option);
  return at < 0 ? undefined : process.argv[at + 1];
}

async function runCase(each: Case): Promise<CaseResult> {
  const startMs = clock.monotonicMs();
  prober.begin();
  const outcomes = await runAll(each);
  const elapsedMs = clock.monotonicMs() - startMs;
  const probeSlowestMs = prober.end();
  const verdicts = outcomes.map((outcome) => verdictOf(each, outcome));
  const escaped = outcomes.some((outcome) => JSON.stringify(outcome).includes('ESCAPE!'));
  if (escaped) escapes++;
  const allowed = new Set([each.expected, ...(each.accept ?? [])]);
  const note = checkFault(each, outcomes) ?? (escaped ? 'ESCAPE! in the outcome' : '');
  const got = [...new Set(verdicts)].join(',');
  const slowest = Math.max(...outcomes.map((outcome) => outcome.elapsedMs));
  return {
    id: each.id,
    expected: each.expected,
    got,
    code: outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code)).join(','),
    passed: !escaped && note === '' && verdicts.every((verdict) => allowed.has(verdict)),
    elapsedMs: Math.round(elapsedMs),
    overLimitMs: Math.max(0, Math.round(slowest - wallMs)),
    probeSlowestMs: Math.round(probeSlowestMs * 10) / 10,
    note,
  };
}

/** The runs of a case: in a row, by other tenants; a case about determinism by replicas that must all agree. */
async function runAll(each: Case): Promise<readonly StructuredOutcome[]> {
  const skill = writeSkill(each);
  const grants = {
    log: true,
    kv: true,
    http: { hosts: ['allowed.invalid'], methods: ['GET', 'POST'] },
  };
  const runs = each.runs ?? 1;
  const input: Json = { i: 4 };
  if (each.class === 'determinism' && runs > 1) {
    const verify = { replicas: runs, quorum: runs };
    const plan = { plan: each.id, grants, steps: [{ id: 'case', skill, input, verify }] };
    return [await node.execute({ target: { kind: 'plan', plan } })];
  }
  const outcomes: StructuredOutcome[] = [];
  for (let run = 1; run <= runs; run++) {
    const tenant = `tenant-${each.id}-${run}` as TenantId;
    outcomes.push(await node.execute({ target: { kind: 'skill', skill }, input, tenant, grants }));
  }
  return outcomes;
}

function writeSkill({ id, form, source }: Case): string {
  const path = join(folder, id);
  const manifest = {
    name: id,
    version: '1.0.0',
    description: id,
    input: true,
    output: true,
    capabilities: { http: { hosts: ['*'], methods: ['GET', 'POST'] }, kv: true, log: true },
    resources: { cpuMs, wallMs, memoryMiB: memoryMb },
  };
  mkdirSync(path);
  writeFileSync(join(path, 'skill.json'), JSON.stringify(manifest));
  writeFileSync(join(path, 'index.js'), form === 'module' ? source : bodyModule(source));
  return path;
}

/** A body is checked as a body before it is put into a function, so it cannot close the function and go on outside. */
function bodyModule(source: string): string {
  const AsyncFunction = (async () => undefined).constructor as new (...parts: string[]) => unknown;
  try {
    new AsyncFunction('input', 'ctx', source);
  } catch {
    return `this is refused when it is deployed: ${JSON.stringify(source)}`;
  }
  return `export default async function handler(input, ctx) {\n${source}\n}\n`;
}

function verdictOf({ expected }: Case, outcome: StructuredOutcome): string {
  if (!outcome.ok && outcome.error.code === 'VERIFICATION_DISAGREED') return 'contained';
  // A control that throws as its source says has simply worked.
  if (!outcome.ok && outcome.error.code === 'SKILL_THREW')
    return expected === 'harmless' ? 'harmless' : 'contained';
  return classify((outcome.ok ? { ok: true, value: outcome.value } : outcome) as Result<Json>);
}

/** Checks of the host that can be read off the outcomes. */
function checkFault(
  { id, check = '' }: Case,
  outcomes: readonly StructuredOutcome[],
): string | undefined {
  const [first] = outcomes;
  const value = /value (?:is|equals) (.+)$/.exec(check)?.[1];
  if (
    value !== undefined &&
    first?.ok &&
    JSON.stringify(first.value) !== JSON.stringify(JSON.parse(value))
  ) {
    return `value ${JSON.stringify(first.value)}, expected ${value}`;
  }
  if (id.startsWith('pollution-12') || /before === null/.test(check)) {
    const second = outcomes[1];
    if (second?.ok && (second.value as { before?: unknown }).before !== null)
      return 'the second tenant saw the first';
  }
  const thrown = /name (\w+) and message "([^"]+)"/.exec(check);
  if (
    thrown &&
    !(first && !first.ok && first.error.message.endsWith(`threw ${thrown[1]}: ${thrown[2]}`))
  ) {
    return `expected the error ${thrown[1]}: ${thrown[2]}`;
  }
  return undefined;
}

function show({
  id,
  passed,
  got,
  code,
  elapsedMs,
  overLimitMs,
  probeSlowestMs,
  note,
}: CaseResult): void {
  const mark = passed ? 'ok  ' : 'MISS';
  process.stdout.write(
    `${mark} ${id.padEnd(18)} ${got.padEnd(11)} ${code.padEnd(24)} ${elapsedMs} ms, over ${overLimitMs} ms, probe ${probeSlowestMs} ms ${note}\n`,
  );
}

/** Actors of another tenant that are asked every 20 ms for as long as the node lives. */
function probe(on: SkeinNode) {
  const answerer = defineActor({
    kind: 'probe',
    initial: () => ({}),
    receive: { ping: () => 'pong' },
  });
  const ref = on.system.spawn(answerer, undefined, { name: 'probe' });
  const all: number[] = [];
  let slowest = 0;
  let isStopped = false;
  const beat = (): void => {
    if (isStopped) return;
    const dueMs = clock.monotonicMs() + PROBE_EVERY_MS;
    timers.after(PROBE_EVERY_MS, () => {
      void on.system.ask(ref, 'ping', undefined, { timeoutMs: 10_000 }).then(() => {
        // Counted from when the question was due: a stalled event loop asks late.
        const tookMs = clock.monotonicMs() - dueMs;
        all.push(tookMs);
        slowest = Math.max(slowest, tookMs);
        beat();
      });
    });
  };
  beat();
  return {
    begin: () => {
      slowest = 0;
    },
    end: () => slowest,
    slowestMs: () => Math.max(0, ...all),
    p99Ms: () => [...all].sort((a, b) => a - b)[Math.floor(all.length * 0.99)] ?? 0,
    stop: () => {
      isStopped = true;
    },
  };
}
