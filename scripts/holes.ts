/**
 * `npm run holes`: holes in the wall, planted in a scratch copy of the sources one at a time, to see whether the tests that guard
 * it turn red; before that all these tests have to be green without one. `--only WORD` takes holes whose name has the word; `--json`
 * prints a line each. Exit 1 when one goes unnoticed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HOLES, type Hole } from './holes/list.ts';
import { root } from './run.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, json: { type: 'boolean', default: false } },
});
const LIMIT_MS = 10 * 60_000;
const PARTS = ['src', 'bin', 'tests', 'scripts', 'examples', 'bench', 'docs', 'profiles'];
const FILES = ['package.json', 'tsconfig.json', 'vitest.config.ts'];

interface Report {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

let unnoticed = 0;
const wanted = HOLES.filter(({ name }) => name.includes(values.only));
const control = plant(undefined, [...new Set(wanted.flatMap(({ tests }) => tests))]);
process.stderr.write(`without a hole: ${control.passed} tests green, ${control.failed} red\n`);
if (control.failed > 0) {
  process.stderr.write(`the first of them: ${control.first}\n`);
  process.exit(1);
}
for (const [at, hole] of wanted.entries()) {
  const { failed, passed, first } = plant(hole, hole.tests);
  if (failed === 0) unnoticed++;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ name: hole.name, failed, passed, first })}\n`);
    continue;
  }
  const verdict =
    failed === 0 ? `UNNOTICED by ${passed} tests` : `${failed} tests red, first: ${first}`;
  process.stdout.write(`${at + 1}/${wanted.length} ${hole.name}: ${verdict}\n`);
}
process.exit(unnoticed > 0 ? 1 : 0);

function plant(hole: Hole | undefined, tests: readonly string[]) {
  const scratch = mkdtempSync(join(tmpdir(), 'skein-hole-'));
  const name = hole?.name ?? 'without a hole';
  try {
    for (const part of [...PARTS, ...FILES])
      cpSync(join(root, part), join(scratch, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
    if (hole) change(join(scratch, 'src', hole.file), hole);
    const results = join(scratch, 'results.json');
    const args = [
      ...[join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--bail', '3'],
      ...['--reporter=json', `--outputFile=${results}`],
      ...tests.map((test) => `tests/${test}`),
    ];
    spawnSync(process.execPath, args, { cwd: scratch, timeout: LIMIT_MS, killSignal: 'SIGKILL' });
    const report = JSON.parse(readFileSync(results, 'utf8')) as Report;
    const { numFailedTests: failed, numPassedTests: passed, testResults } = report;
    const all = testResults.flatMap(({ assertionResults }) => assertionResults);
    if (all.length === 0) throw new Error(`${name}: none of ${tests.join(', ')} was run`);
    const first = all.find(({ status }) => status === 'failed')?.fullName;
    return { failed, passed, first };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function change(path: string, { name, file, from, to }: Hole): void {
  const text = readFileSync(path, 'utf8');
  const places = text.split(from).length - 1;
  if (places !== 1) throw new Error(`${name}: its line stands ${places} times in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}
