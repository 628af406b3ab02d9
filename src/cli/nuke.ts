/** `skein nuke`: removes what Skein made in a data directory, after asking for the directory's name. */
import { unlink } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { controlSocket } from '../api/index.ts';
import { failure, type Result, success } from '../contracts/index.ts';
import {
  dataDirsIn,
  type Nuked,
  type NukePlan,
  nuke,
  planNuke,
  refuseInUse,
} from '../runtime/index.ts';
import { printable } from '../telemetry/index.ts';
import { type GlobalOptions, green, printJson, printLine, red, reportError } from './output.ts';
import { asJson, keepReport, timed } from './report.ts';
import { whatRuns } from './running.ts';

export interface NukeOptions extends GlobalOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly report?: string;
}

const SHOWN = 40;

export async function nukeCommand(options: NukeOptions): Promise<number> {
  const { json, dryRun } = options;
  const dataDir = resolve(options.data);
  const { elapsedMs, finish } = timed('nuke');
  const plan = await planNuke(dataDir);
  if (!plan.ok) return reportError(plan.error, json);
  const idle = await refuseRunning(dataDir, plan.value);
  if (!idle.ok) return reportError(idle.error, json);
  const { files, folders, foreign, sizeBytes } = plan.value;
  if (!json) showPlan(dataDir, plan.value);
  if (dryRun) {
    if (json) printJson({ dataDir, dryRun, files, folders, foreign, sizeBytes });
    else printLine('\nnothing was removed: --dry-run');
    return 0;
  }
  const agreed = options.yes ? success(true) : await agree(dataDir);
  if (!agreed.ok) return reportError(agreed.error, json);
  const done = await nuke(dataDir, plan.value);
  const sockets = await removeSockets(dataDirsIn(dataDir, plan.value));
  const isDone = done.failed.length === 0;
  const facts = { dataDir, ...done, sockets, foreign };
  if (json) printJson({ ok: isDone, ...facts });
  else showDone(done);
  if (options.report !== undefined) {
    const detail = `${done.files} files, ${done.folders} folders, ${done.sizeBytes} bytes`;
    const step = { name: 'remove', elapsedMs: elapsedMs(), ok: isDone, detail };
    await keepReport(options.report, finish(isDone, [step], asJson(facts)), json);
  }
  return isDone ? 0 : 1;
}

async function refuseRunning(dataDir: string, plan: NukePlan): Promise<Result<void>> {
  for (const each of dataDirsIn(dataDir, plan)) {
    const running = await whatRuns(each);
    if (running) return failure('NODE_RUNNING', { dataDir: each, pid: running.pid });
  }
  return refuseInUse(plan);
}

/** Failure: ARGUMENT_INVALID, when nobody can be asked or another name is typed. */
async function agree(dataDir: string): Promise<Result<boolean>> {
  const name = basename(dataDir);
  if (process.stdin.isTTY !== true) {
    const found = 'no terminal to ask at';
    return failure('ARGUMENT_INVALID', { argument: '--yes', found, expected: 'it, or a terminal' });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await lines.question(`\nType ${name} to remove this for good: `);
  lines.close();
  if (typed.trim() === name) return success(true);
  const found = JSON.stringify(typed.trim().slice(0, 80));
  return failure('ARGUMENT_INVALID', { argument: 'name', found, expected: name });
}

/** Sockets that dead nodes left in the folder of this user's control endpoints. */
async function removeSockets(dataDirs: readonly string[]): Promise<number> {
  let removed = 0;
  for (const dataDir of dataDirs) {
    const isGone = await unlink(controlSocket(dataDir).path).then(
      () => true,
      () => false,
    );
    if (isGone) removed++;
  }
  return removed;
}

function showPlan(dataDir: string, { files, folders, foreign, sizeBytes }: NukePlan): void {
  printLine(
    `Skein made in ${dataDir}: ${files.length} files in ${folders.length} folders, ${sizeBytes} bytes`,
  );
  for (const { path, sizeBytes: size, by } of files.slice(0, SHOWN))
    printLine(`  ${printable(path)}  ${size} B  ${by}`);
  if (files.length > SHOWN) printLine(`  … ${files.length - SHOWN} more; --json has them all`);
  for (const path of foreign) printLine(`  left alone, not made by Skein: ${printable(path)}`);
}

function showDone({ files, folders, sizeBytes, left, failed }: Nuked): void {
  const title = failed.length === 0 ? green('removed') : red('removed in part');
  printLine(`\n${title} ${files} files and ${folders} folders, ${sizeBytes} bytes`);
  for (const path of left) printLine(`  stays, it is not empty: ${printable(path)}`);
  for (const { path, reason } of failed)
    printLine(`  not removed: ${printable(`${path}: ${reason}`)}`);
}
