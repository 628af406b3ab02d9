/** The report of an operator's command, as md and json in the data directory. Without one there it is not made for it. */
import { existsSync } from 'node:fs';
import type { Json } from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import { type OperatorReport, type ReportFiles, writeOperatorReport } from '../runtime/index.ts';
import { dim, printLine } from './output.ts';

export interface Step {
  readonly name: string;
  readonly elapsedMs: number;
  readonly ok: boolean;
  readonly detail: string;
}

/** Times a command: `finish` gives what is reported of it. */
export function timed(command: string) {
  const { clock } = realPorts;
  const [startedAtMs, sinceMs] = [clock.wallMs(), clock.monotonicMs()];
  const elapsedMs = (): number => clock.monotonicMs() - sinceMs;
  const finish = (isDone: boolean, steps: readonly Step[], facts: Json): OperatorReport => ({
    command,
    startedAtMs,
    elapsedMs: elapsedMs(),
    outcome: isDone ? 'done' : 'failed',
    phases: steps.map(({ detail, ...step }) => ({ ...step, detail: detail.slice(0, 10_000) })),
    facts,
  });
  return { elapsedMs, finish };
}

/** @returns where it is; undefined when it could not be written, which is said on stderr. */
export async function keepReport(
  folder: string,
  report: OperatorReport,
  json: boolean,
): Promise<ReportFiles | undefined> {
  if (!existsSync(folder)) return undefined;
  const written = await writeOperatorReport(folder, report);
  if (!written.ok) {
    process.stderr.write(`the report was not written: ${written.error.message}\n`);
    return undefined;
  }
  if (!json) printLine(dim(`report in ${written.value.md}`));
  return written.value;
}

/** JSON as it is: what is undefined is left out. */
export const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
