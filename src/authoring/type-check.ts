/**
 * Whether a skill's module fits its manifest, by the TypeScript of the author, or else by that of Skein: the default export has to
 * be a `Handler` of `skill-types.d.ts`, the export `actor` an `Actor`. Only what is there inside the wall is known to it: no `fetch`, no `setTimeout`, no `process`.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failure, type Result, reasonOf, type SkillManifest, success } from '../contracts/index.ts';
import { runProgram } from '../host/index.ts';
import { declaredExports, TYPES_FILE } from './skill-types.ts';

export type TypeCheck =
  | { readonly kind: 'checked' }
  /** Nobody looked, for this reason. */
  | { readonly kind: 'unchecked'; readonly reason: string };

const TIMEOUT_MS = 60_000;
const FAULTS_SHOWN = 10;
const CHECK_FILE = 'check.ts';
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Failure: SKILL_BUILD_FAILED at the first fault, with the others. */
export async function checkTypes(
  folder: string,
  entry: string,
  manifest: SkillManifest,
  signal?: AbortSignal,
): Promise<Result<TypeCheck>> {
  const compiler = findCompiler(folder) ?? findCompiler(HERE);
  if (compiler === undefined) {
    const reason = 'there is no TypeScript here: npm install --save-dev typescript';
    return success({ kind: 'unchecked', reason });
  }
  const work = await mkdtemp(join(tmpdir(), 'skein-types-'));
  try {
    await writeFile(join(work, 'tsconfig.json'), JSON.stringify(configOf(work)));
    await writeFile(join(work, CHECK_FILE), checkText(folder, entry, manifest));
    const args = [compiler, '-p', work, '--pretty', 'false'];
    const run = { file: process.execPath, args, cwd: folder, timeoutMs: TIMEOUT_MS };
    const { exitCode, output, fault } = await runProgram({ ...run, ...(signal ? { signal } : {}) });
    if (exitCode === 0) return success({ kind: 'checked' });
    return refusal(output, fault, { folder, entry, work });
  } catch (thrown) {
    return success({ kind: 'unchecked', reason: reasonOf(thrown) });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The nearest TypeScript of a folder, as Node would find it. */
function findCompiler(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const file = join(at, 'node_modules/typescript/lib/tsc.js');
    if (existsSync(file)) return file;
    if (dirname(at) === at) return undefined;
  }
}

/** The types of `skein/skill`, of this installation. */
export const skillDoor = (): string => {
  const source = resolve(HERE, '../skill.ts');
  return existsSync(source) ? source : resolve(HERE, '../skill.d.ts');
};

const configOf = (work: string): object => ({
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'esnext',
    moduleResolution: 'bundler',
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowJs: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    paths: { 'skein/skill': [skillDoor()] },
  },
  files: [join(work, CHECK_FILE)],
});

const checkText = (folder: string, entry: string, manifest: SkillManifest): string =>
  [
    `import * as skill from ${JSON.stringify(entry)};`,
    `import type * as types from ${JSON.stringify(join(folder, TYPES_FILE))};`,
    ...declaredExports(manifest).map(
      (name) => `skill.${name} satisfies types.${name === 'actor' ? 'Actor' : 'Handler'};`,
    ),
  ].join('\n');

interface Fault {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly reason: string;
}

interface Checked {
  readonly folder: string;
  readonly entry: string;
  readonly work: string;
}

function refusal(
  output: string,
  fault: string | undefined,
  { folder, entry, work }: Checked,
): Result<never> {
  const faults = faultsIn(output).map((found): Fault => {
    const file = resolve(folder, found.file);
    // The file of the check is not the author's: what is wrong is the default export.
    if (file === join(work, CHECK_FILE)) {
      const reason = `it does not fit skill.json: ${found.reason}`;
      return { file: relative(folder, entry), reason };
    }
    return { ...found, file: relative(folder, file) };
  });
  const [first, ...others] = faults;
  if (!first) {
    const reason = fault ?? (output.trim().slice(0, 500) || 'TypeScript ended without a word');
    return failure('SKILL_BUILD_FAILED', { file: relative(folder, entry), reason });
  }
  const more = others
    .slice(0, FAULTS_SHOWN - 1)
    .map(
      (each) => `${each.file}${each.line ? `:${each.line}:${each.column}` : ''}: ${each.reason}`,
    );
  return failure('SKILL_BUILD_FAILED', { ...first, ...(more.length === 0 ? {} : { more }) });
}

/** What the compiler says, each with the last of the lines that explain it. */
function faultsIn(output: string): readonly Fault[] {
  const faults: Fault[] = [];
  for (const line of output.split('\n')) {
    const [, file, at, column, reason = ''] = FAULT.exec(line) ?? [];
    const last = faults.at(-1);
    if (file !== undefined) faults.push({ file, line: Number(at), column: Number(column), reason });
    else if (last && /^\s+\S/.test(line)) {
      const [head = ''] = last.reason.split(' — ', 1);
      faults[faults.length - 1] = { ...last, reason: `${head} — ${line.trim()}` };
    }
  }
  return faults;
}

const FAULT = /^(.+?)\((\d+),(\d+)\): error (TS\d+: .*)$/;
