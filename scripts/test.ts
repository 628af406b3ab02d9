/** `npm test`: every test project, then the number of tests of each. Arguments go to Vitest. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './run.ts';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const folder = mkdtempSync(join(tmpdir(), 'skein-test-'));
const file = join(folder, 'report.json');
const args = [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${file}`,
  ...process.argv.slice(2),
];
const { status } = spawnSync('vitest', args, { cwd: root, stdio: 'inherit' });
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
rmSync(folder, { recursive: true });

const counts = new Map<string, { passed: number; failed: number }>();
for (const { name, assertionResults } of report.testResults) {
  const [, project = 'other'] = /\/tests\/([^/]+)\//.exec(name) ?? [];
  const count = counts.get(project) ?? { passed: 0, failed: 0 };
  for (const test of assertionResults) count[test.status === 'passed' ? 'passed' : 'failed']++;
  counts.set(project, count);
}
const total = { passed: 0, failed: 0 };
for (const [project, { passed, failed }] of [...counts].sort()) {
  process.stdout.write(
    `${project.padEnd(12)} ${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed\n`,
  );
  total.passed += passed;
  total.failed += failed;
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exit(status ?? 1);
