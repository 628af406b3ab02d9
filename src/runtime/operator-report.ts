/** What a command of the operator did, kept beside the data: once for a person (md) and once for a machine (json). */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import {
  checker,
  failure,
  type Json,
  LIMITS,
  type Result,
  reasonOf,
  success,
} from '../contracts/index.ts';

const closed = { additionalProperties: false } as const;

export const OperatorReportSchema = Type.Object(
  {
    command: Type.String({ pattern: '^[a-z][a-z-]{0,31}$', description: 'As it was typed: `up`.' }),
    startedAtMs: Type.Number({ minimum: 0, description: 'Unix epoch.' }),
    elapsedMs: Type.Number({ minimum: 0 }),
    outcome: Type.Union([Type.Literal('done'), Type.Literal('failed')]),
    phases: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 500 }),
          elapsedMs: Type.Number({ minimum: 0, description: 'From the start of the command.' }),
          ok: Type.Boolean(),
          detail: Type.Optional(Type.String({ maxLength: 10_000 })),
        },
        closed,
      ),
      { maxItems: 10_000 },
    ),
    facts: Type.Unsafe<Json>({ description: 'JSON: what this command alone has to say.' }),
  },
  {
    ...closed,
    $id: 'https://skein.dev/schemas/operator-report.json',
    title: 'Report of an operator command',
  },
);
export type OperatorReport = Static<typeof OperatorReportSchema>;

/** The files of a report. */
export interface ReportFiles {
  readonly md: string;
  readonly json: string;
}

const check = checker(OperatorReportSchema);

/**
 * Writes `<dataDir>/reports/<command>-<time>.{md,json}`, each whole or not at all, with the same facts; of older reports the newest
 * LIMITS.operatorReports stay. Failures: ARGUMENT_INVALID (not a report), FILE_UNWRITABLE.
 */
export async function writeOperatorReport(
  dataDir: string,
  report: OperatorReport,
): Promise<Result<ReportFiles>> {
  const checked = check(report);
  if (!checked.ok) return failure('ARGUMENT_INVALID', { argument: 'report', ...checked.mismatch });
  const folder = join(dataDir, 'reports');
  const time = new Date(report.startedAtMs).toISOString().replaceAll(':', '-');
  const base = join(folder, `${report.command}-${time}`);
  const files = { md: `${base}.md`, json: `${base}.json` };
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeWhole(files.json, `${JSON.stringify(report, null, 2)}\n`);
    await writeWhole(files.md, markdownOf(report));
    await removeOldest(folder);
  } catch (thrown) {
    return failure('FILE_UNWRITABLE', { file: base, reason: reasonOf(thrown) });
  }
  return success(files);
}

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

const TIMED = /^[a-z-]+-(\d{4}-\d\d-\d\dT[\d.-]+Z)\.(?:md|json)$/;

async function removeOldest(folder: string): Promise<void> {
  const timed = (await readdir(folder)).flatMap((file) => {
    const time = TIMED.exec(file)?.[1];
    return time === undefined ? [] : [{ file, time }];
  });
  const newestFirst = timed.sort((a, b) => (a.time < b.time ? 1 : -1));
  for (const { file } of newestFirst.slice(2 * LIMITS.operatorReports))
    await rm(join(folder, file), { force: true });
}

export function markdownOf({
  command,
  startedAtMs,
  elapsedMs,
  outcome,
  phases,
  facts,
}: OperatorReport): string {
  const rows = phases.map(
    ({ name, elapsedMs: atMs, ok, detail }) =>
      `| ${Math.round(atMs)} | ${cell(name)} | ${ok ? 'ok' : 'failed'} | ${cell(detail ?? '')} |`,
  );
  return [
    `# skein ${command}: ${outcome}`,
    '',
    `Began ${new Date(startedAtMs).toISOString()}, took ${Math.round(elapsedMs)} ms.`,
    '',
    '| ms | phase | end | detail |',
    '| --: | --- | --- | --- |',
    ...rows,
    '',
    '## Facts',
    '',
    // Indented, so that nothing in the facts can end the block.
    ...(JSON.stringify(facts, null, 2) ?? 'null').split('\n').map((line) => `    ${line}`),
    '',
  ].join('\n');
}

const cell = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replace(/\s+/g, ' ');
