/**
 * `npm run conformance`: runs the conformance suites and prints suite x body with the number of tests that passed. A suite's
 * `describe` is named `<port>: <body>`. `--json` for JSON; other arguments go to Vitest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './run.ts';

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string;
      readonly ancestorTitles: readonly string[];
    }[];
  }[];
}

interface Row {
  readonly suite: string;
  readonly body: string;
  passed: number;
  failed: number;
  skipped: number;
}

const isJson = process.argv.includes('--json');
const folder = mkdtempSync(join(tmpdir(), 'skein-conformance-'));
const file = join(folder, 'report.json');
const args = [
  'run',
  '--project=conformance',
  ...(isJson ? [] : ['--reporter=default']),
  '--reporter=json',
  `--outputFile.json=${file}`,
  ...process.argv.slice(2).filter((each) => each !== '--json'),
];
const { status } = spawnSync('vitest', args, {
  cwd: root,
  stdio: ['ignore', isJson ? 'ignore' : 'inherit', 'inherit'],
});
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
rmSync(folder, { recursive: true });

const rows = new Map<string, Row>();
for (const { ancestorTitles, status: found } of report.testResults.flatMap(
  ({ assertionResults }) => assertionResults,
)) {
  const [, suite, body] = /^([^:]+): (.+)$/.exec(ancestorTitles[0] ?? '') ?? [];
  if (suite === undefined || body === undefined) continue;
  const key = `${suite}: ${body}`;
  const row = rows.get(key) ?? { suite, body, passed: 0, failed: 0, skipped: 0 };
  rows.set(key, row);
  if (found === 'passed') row.passed++;
  else if (found === 'failed') row.failed++;
  else row.skipped++;
}
const sorted = [...rows.values()].sort((a, b) => a.suite.localeCompare(b.suite));
process.stdout.write(isJson ? `${JSON.stringify(sorted, null, 2)}\n` : table(sorted));
process.exit(status ?? 1);

function table(all: readonly Row[]): string {
  const lines = [
    ['suite', 'body', 'passed', 'failed', 'skipped'],
    ...all.map(({ suite, body, passed, failed, skipped }) => [
      suite,
      body,
      String(passed),
      String(failed),
      String(skipped),
    ]),
  ];
  const widths = [0, 1].map((column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return `${lines
    .map((cells) =>
      cells
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(8)))
        .join('  '),
    )
    .join('\n')}\n`;
}
