/** `skein sim`: whole clusters on virtual time, seed after seed; `skein sim replay SEED` shows one. */
import { FAULTS, type FailedSeed, type SweepReport, simulate, sweep } from '../chaos/index.ts';
import { failure } from '../contracts/index.ts';
import { realClock } from '../host/index.ts';
import {
  bold,
  type GlobalOptions,
  green,
  printJson,
  printLine,
  red,
  reportError,
} from './output.ts';

export interface SimOptions extends GlobalOptions {
  readonly seeds: readonly [first: number, last: number];
  readonly nodes: number;
  readonly threads: number;
  /** Virtual milliseconds with faults. */
  readonly for: number;
  readonly twice: boolean;
  readonly toFirst: boolean;
  readonly faults?: readonly string[];
}

const PROGRESS_MS = 2_000;
const FAILURES_SHOWN = 5;

export async function simCommand(options: SimOptions): Promise<number> {
  const { seeds, json, twice: isTwice, toFirst: isToFirst } = options;
  const how = howOf(options);
  if (!how.ok) return reportError(how.error, json);
  const startedMs = realClock.monotonicMs();
  const elapsedMs = (): number => realClock.monotonicMs() - startedMs;
  let toldMs = 0;
  const [first, last] = seeds;
  const range = { first, last, isTwice, isToFirst };
  const report = await sweep({ ...how.value, ...range }, (_result, soFar) => {
    if (elapsedMs() - toldMs < PROGRESS_MS) return;
    toldMs = elapsedMs();
    process.stderr.write(`${progressOf(soFar, last - first + 1, toldMs)}\n`);
  });
  const ms = elapsedMs();
  const ratio = Math.round((report.virtualHours * 3_600_000) / ms);
  const { failed, neverSeen } = report;
  const isGood = failed.length === 0 && neverSeen.length === 0;
  if (json) printJson({ ...report, elapsedMs: Math.round(ms), simulatedPerReal: ratio });
  else show(report, options, ratio);
  return isGood ? 0 : 1;
}

export async function replayCommand(
  seed: number,
  options: SimOptions & { readonly trace: boolean; readonly untilViolation: boolean },
): Promise<number> {
  const how = howOf(options);
  if (!how.ok) return reportError(how.error, options.json);
  const { lines, violations, ...facts } = await simulate({ ...how.value, seed });
  const at = lines.findIndex((line) => line.includes('VIOLATION'));
  const shown = options.untilViolation && at >= 0 ? lines.slice(0, at + 1) : lines;
  if (options.json) printJson({ ...facts, violations, ...(options.trace ? { lines: shown } : {}) });
  else {
    if (options.trace) for (const line of shown) printLine(line);
    printLine(`${bold(`seed ${seed}`)}  ${facts.events} events, hash ${facts.hash.slice(0, 16)}`);
    printLine(`  faults: ${facts.faults.join(', ') || 'none'}`);
    for (const { invariant, what } of violations) printLine(`  ${red(invariant)}: ${what}`);
    if (violations.length === 0) printLine(`  ${green('no violation')}`);
  }
  return violations.length === 0 ? 0 : 1;
}

function howOf({ nodes, threads, for: forMs, faults }: SimOptions) {
  const unknown = faults?.find((name) => !(name in FAULTS));
  if (unknown !== undefined) {
    const expected = Object.keys(FAULTS).join(', ');
    return failure('ARGUMENT_INVALID', { argument: 'faults', found: unknown, expected });
  }
  const value = { nodes, threads, forMs, ...(faults === undefined ? {} : { faults }) };
  return { ok: true, value } as const;
}

function progressOf(report: SweepReport, seeds: number, elapsedMs: number): string {
  const rate = ((report.seeds * 1_000) / elapsedMs).toFixed(1);
  const hours = report.virtualHours.toFixed(1);
  return `${report.seeds} of ${seeds} seeds, ${rate}/s, ${hours} virtual hours, ${report.failed.length} failed`;
}

function show(report: SweepReport, options: SimOptions, ratio: number): void {
  const { failed, seeds, virtualHours, events, equalHashes, neverSeen } = report;
  for (const each of failed.slice(0, FAILURES_SHOWN)) showFailure(each, options);
  const words = failed.length === 0 ? green('0 violations') : red(`${failed.length} seeds failed`);
  printLine(
    `${bold(`${seeds} seeds`)}: ${words}, ${virtualHours.toFixed(1)} virtual hours (${ratio} : 1), ${events} events`,
  );
  if (options.twice) printLine(`  ${equalHashes} of ${seeds} did the same twice`);
  for (const what of neverSeen) printLine(`  ${red('never seen')}: ${what}`);
}

function showFailure({ seed, invariant, what, lines }: FailedSeed, options: SimOptions): void {
  printLine(red(`seed ${seed}: ${invariant}: ${what}`));
  for (const line of lines) printLine(`  ${line}`);
  const { nodes, threads, for: forMs, faults } = options;
  const same = `--nodes ${nodes} --threads ${threads} --for ${forMs / 1_000}s`;
  const only = faults === undefined ? '' : ` --faults '${faults.join(',')}'`;
  printLine(`  npx skein sim replay ${seed} ${same}${only} --until-violation --trace`);
}
