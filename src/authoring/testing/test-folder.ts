/**
 * All that can be said of a skill's folder without a node: does it build, do its types fit, do its examples, its recorded tapes and its
 * own tests pass. The tests run in processes of their own, which are ended with the command.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIMITS, type Result, success } from '../../contracts/index.ts';
import { runProgram } from '../../host/index.ts';
import { readBounded } from '../../skills/index.ts';
import { type Packed, packSkill } from '../pack.ts';
import type { TypeCheck } from '../type-check.ts';
import { CASES_VARIABLE, type CaseLine, type CaseReport, type CasesJob } from './case-lines.ts';

export interface FolderReport {
  readonly name: string;
  readonly version: string;
  readonly ok: boolean;
  readonly types: TypeCheck;
  /** Examples, tapes and the author's tests, as they ended. */
  readonly cases: readonly CaseReport[];
  /** What each example gave, as JSON. */
  readonly gave: readonly { readonly name: string; readonly output: string }[];
  /** What the tests printed. */
  readonly printed: string;
  /** Why the tests did not come to their end. */
  readonly fault: string | null;
  readonly notes: readonly string[];
}

export interface FolderTestOptions {
  readonly signal?: AbortSignal;
  /** Writes a tape of each example into `tapes/`. */
  readonly isRecording?: boolean;
}

const TIMEOUT_MS = 120_000;
const FILES_MAX = 1_000;
const TEST_FILE = /\.test\.[cm]?[jt]s$/;
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const own = (name: string): URL => new URL(`./${name}.${extension}`, import.meta.url);

/** Failures: those of `packSkill`. A test that fails is none: the report says so. */
export async function testSkillFolder(
  path: string,
  { signal, isRecording = false }: FolderTestOptions = {},
): Promise<Result<FolderReport>> {
  const folder = resolve(path);
  const packed = await packSkill(folder, signal);
  if (!packed.ok) return packed;
  const { name, version } = packed.value.signed.skill.manifest;
  const { types, notes } = packed.value;
  const work = await mkdtemp(join(tmpdir(), 'skein-test-'));
  try {
    const job = await jobOf(folder, packed.value, isRecording);
    const file = join(work, 'cases.json');
    await writeFile(file, JSON.stringify(job));
    const hasCases = job.examples.length + job.tapes.length > 0;
    const files = [
      ...(hasCases ? [fileURLToPath(own('cases-main'))] : []),
      ...(await testsIn(folder)),
    ];
    const ran = files.length === 0 ? NOTHING : await runTests(folder, files, file, signal);
    const ok = ran.fault === null && ran.cases.every((each) => each.ok);
    return success({ name, version, ok, types, notes, ...ran });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

type Ran = Pick<FolderReport, 'cases' | 'gave' | 'printed' | 'fault'>;
const NOTHING: Ran = { cases: [], gave: [], printed: '', fault: null };

async function jobOf(folder: string, { signed }: Packed, isRecording: boolean): Promise<CasesJob> {
  const { manifest, source } = signed.skill;
  const tapesFolder = join(folder, 'tapes');
  const names = await readdir(tapesFolder).catch(() => []);
  const tapes = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const text = await readBounded(join(tapesFolder, name), LIMITS.packageBytes);
    tapes.push({ file: name, recording: text.ok ? jsonOr(text.value) : null });
  }
  const recordTo = isRecording ? tapesFolder : null;
  // What is recorded anew is not compared with what was there.
  const played = tapes.filter(({ file }) => !isRecording || !/^example-\d+\.json$/.test(file));
  return { manifest, source, examples: manifest.examples ?? [], tapes: played, recordTo };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function testsIn(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const queue = [folder];
  for (let at = queue.shift(); at !== undefined && found.length < FILES_MAX; at = queue.shift()) {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) queue.push(join(at, entry.name));
      else if (TEST_FILE.test(entry.name)) found.push(join(at, entry.name));
    }
  }
  return found.sort();
}

async function runTests(
  folder: string,
  files: readonly string[],
  job: string,
  signal: AbortSignal | undefined,
): Promise<Ran> {
  const { exitCode, output, fault } = await runProgram({
    file: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      ...['--import', own('author-doors').href],
      '--test',
      ...['--test-reporter', own('reporter').href],
      ...['--test-reporter-destination', 'stdout'],
      ...files,
    ],
    cwd: folder,
    env: { [CASES_VARIABLE]: job },
    timeoutMs: TIMEOUT_MS,
    ...(signal ? { signal } : {}),
  });
  const lines = linesOf(output);
  const cases = lines.flatMap((line) => {
    if (line.kind !== 'case') return [];
    const { kind, ...rest } = line;
    // Node's verdict counts: a test that its author expects to fail is no failure.
    return [exitCode === 0 && !rest.ok ? { ...rest, ok: true, isSkipped: true } : rest];
  });
  const hasFailed = cases.some(({ ok }) => !ok);
  const silent = exitCode !== 0 && !hasFailed ? 'the tests ended without a word' : null;
  return {
    cases,
    gave: lines.flatMap((line) => (line.kind === 'gave' ? [line] : [])),
    printed: lines.flatMap((line) => (line.kind === 'printed' ? [line.text] : [])).join(''),
    fault: fault ?? silent,
  };
}

const linesOf = (output: string): readonly CaseLine[] =>
  output.split('\n').flatMap((text) => {
    const line = jsonOr(text);
    return typeof line === 'object' && line !== null && 'kind' in line ? [line as CaseLine] : [];
  });
