/** `skein sim`: whole clusters on virtual time, seed after seed; `replay` shows one, `shrink` makes a failing one small. */
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import {
  describeEvent,
  FAULTS,
  type FailedSeed,
  type FaultPlan,
  loadProfile,
  type SimulationOptions,
  type SweepProgress,
  type SweepReport,
  shrink,
  simulate,
  sweep,
  sweepPool,
} from '../chaos/index.ts';
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';
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

export interface WorldOptions extends GlobalOptions {
  /** Default: what the profile says, or 3 and 1. */
  readonly nodes?: number;
  readonly threads?: number;
  /** Virtual milliseconds with faults. */
  readonly for: number;
  readonly faults?: readonly string[];
  /** A file with a fault plan, or the name of one that comes with Skein. */
  readonly profile?: string;
}

export interface SimOptions extends WorldOptions {
  readonly seeds: readonly [first: number, last: number];
  readonly twice: boolean;
  readonly toFirst: boolean;
  readonly jobs: number;
  readonly list: boolean;
}

const PROGRESS_MS = 2_000;
const FAILURES_SHOWN = 5;

export async function simCommand(options: SimOptions): Promise<number> {
  const { seeds, json, twice: isTwice, toFirst: isToFirst, jobs } = options;
  if (options.list) return listFaults(json);
  const how = await howOf(options);
  if (!how.ok) return reportError(how.error, json);
  const startedMs = realClock.monotonicMs();
  const elapsedMs = (): number => realClock.monotonicMs() - startedMs;
  let toldMs = 0;
  const [first, last] = seeds;
  const pool = jobs > 1 ? sweepPool(jobs) : undefined;
  const range = { first, last, isTwice, isToFirst, jobs, ...(pool ? { run: pool.run } : {}) };
  const report = await sweep({ ...how.value, ...range }, (soFar) => {
    if (elapsedMs() - toldMs < PROGRESS_MS) return;
    toldMs = elapsedMs();
    process.stderr.write(`${progressOf(soFar, last - first + 1, toldMs)}\n`);
  });
  await pool?.close();
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
  options: WorldOptions & { readonly trace: boolean; readonly untilViolation: boolean },
): Promise<number> {
  const how = await howOf(options);
  if (!how.ok) return reportError(how.error, options.json);
  const { lines, violations, seen, transitions, ...facts } = await simulate({ ...how.value, seed });
  const at = lines.findIndex((line) => line.includes('VIOLATION'));
  const shown = options.untilViolation && at >= 0 ? lines.slice(0, at + 1) : lines;
  if (options.json) {
    const sets = { seen: [...seen], transitions: [...transitions] };
    printJson({ ...facts, ...sets, violations, ...(options.trace ? { lines: shown } : {}) });
  } else {
    if (options.trace) for (const line of shown) printLine(line);
    printLine(`${bold(`seed ${seed}`)}  ${facts.events} events, hash ${facts.hash.slice(0, 16)}`);
    for (const event of facts.schedule) printLine(`  ${describeEvent(event)}`);
    for (const { invariant, what } of violations) printLine(`  ${red(invariant)}: ${what}`);
    if (violations.length === 0) printLine(`  ${green('no violation')}`);
  }
  return violations.length === 0 ? 0 : 1;
}

/** Exit 0 when the seed breaks something and a small plan of it was found. */
export async function shrinkCommand(
  seed: number,
  options: WorldOptions & { readonly out?: string },
): Promise<number> {
  const { json, out } = options;
  const how = await howOf(options);
  if (!how.ok) return reportError(how.error, json);
  const shrunk = await shrink({ ...how.value, seed }, ({ schedule, forMs, runs }) => {
    process.stderr.write(`run ${runs}: ${schedule.length} faults in ${forMs} ms still fail\n`);
  });
  if (!shrunk) {
    const expected = 'a seed that breaks an invariant';
    const found = `${seed}, which breaks none`;
    return reportError(
      failure('ARGUMENT_INVALID', { argument: 'seed', found, expected }).error,
      json,
    );
  }
  const { schedule, nodes, threads, forMs, workload, invariant, what, runs, from } = shrunk;
  const plan: FaultPlan = {
    version: 1,
    title: `seed ${seed}: ${invariant}`,
    workload,
    faults: schedule.map(({ fault, atMs, forMs, target, attributes }) => ({
      fault,
      atMs,
      ...(forMs > 0 ? { forMs } : {}),
      target: { names: [target] },
      attributes,
    })),
  };
  const text = stringify(plan);
  try {
    if (out !== undefined) await writeFile(out, text);
  } catch (thrown) {
    const reason = reasonOf(thrown);
    return reportError(failure('FILE_UNWRITABLE', { file: out ?? '', reason }).error, json);
  }
  if (json) {
    printJson(shrunk);
    return 0;
  }
  printLine(`${bold(`seed ${seed}`)}: ${from} faults became ${schedule.length}, in ${runs} runs`);
  printLine(`  ${red(invariant)}: ${what}`);
  if (out === undefined) printLine(text);
  const file = out ?? 'FILE';
  printLine(
    `  npx skein sim replay ${seed} --profile ${file} --nodes ${nodes} --threads ${threads} --for ${forMs}ms`,
  );
  return 0;
}

function listFaults(json: boolean): number {
  const faults = Object.values(FAULTS).map(({ name, title, target, attributes }) => {
    const { properties = {} } = attributes as { readonly properties?: object };
    return { name, title, target, attributes: Object.keys(properties) };
  });
  if (json) printJson(faults);
  else {
    for (const { name, title, target, attributes } of faults) {
      const given = attributes.length > 0 ? ` (${attributes.join(', ')})` : '';
      printLine(`${bold(name.padEnd(16))} ${target.padEnd(8)} ${title}${given}`);
    }
  }
  return 0;
}

async function howOf({
  nodes,
  threads,
  for: forMs,
  faults,
  profile,
}: WorldOptions): Promise<Result<Omit<SimulationOptions, 'seed'>>> {
  const unknown = faults?.find((name) => !Object.hasOwn(FAULTS, name));
  if (unknown !== undefined) {
    const expected = Object.keys(FAULTS).join(', ');
    return failure('ARGUMENT_INVALID', { argument: 'faults', found: unknown, expected });
  }
  const plan = profile === undefined ? success(undefined) : await loadProfile(profile);
  if (!plan.ok) return plan;
  return success({
    forMs,
    ...(nodes === undefined ? {} : { nodes }),
    ...(threads === undefined ? {} : { threads }),
    ...(faults === undefined ? {} : { faults }),
    ...(plan.value ? { plan: plan.value } : {}),
  });
}

function progressOf(report: SweepProgress, seeds: number, elapsedMs: number): string {
  const rate = ((report.seeds * 1_000) / elapsedMs).toFixed(1);
  const hours = report.virtualHours.toFixed(1);
  return `${report.seeds} of ${seeds} seeds, ${rate}/s, ${hours} virtual hours, ${report.failed.length} failed`;
}

function show(report: SweepReport, options: SimOptions, ratio: number): void {
  const { failed, seeds, virtualHours, events, equalHashes, neverSeen, transitions } = report;
  for (const each of failed.slice(0, FAILURES_SHOWN)) showFailure(each, options);
  const words = failed.length === 0 ? green('0 violations') : red(`${failed.length} seeds failed`);
  printLine(
    `${bold(`${seeds} seeds`)}: ${words}, ${virtualHours.toFixed(1)} virtual hours (${ratio} : 1), ${events} events`,
  );
  if (options.twice) printLine(`  ${equalHashes} of ${seeds} did the same twice`);
  const { taken, all, never } = transitions;
  const missing = never.length > 0 ? `; never: ${never.join(', ')}` : '';
  printLine(`  ${taken} of ${all} transitions of an actor's life were taken${missing}`);
  for (const what of neverSeen) printLine(`  ${red('never seen')}: ${what}`);
}

function showFailure(failed: FailedSeed, options: SimOptions): void {
  const { seed, invariant, what, lines, schedule } = failed;
  printLine(red(`seed ${seed}: ${invariant}: ${what}`));
  for (const event of schedule) printLine(`  ${event}`);
  for (const line of lines) printLine(`  ${line}`);
  const { nodes, threads, for: forMs, faults, profile } = options;
  const count = (name: string, given: number | undefined): string =>
    given === undefined ? '' : `--${name} ${given} `;
  const same = `${count('nodes', nodes)}${count('threads', threads)}--for ${forMs}ms`;
  const only = faults === undefined ? '' : ` --faults ${faults.join(',') || 'none'}`;
  const plan = profile === undefined ? '' : ` --profile ${profile}`;
  printLine(`  npx skein sim replay ${seed} ${same}${only}${plan} --until-violation --trace`);
  printLine(`  npx skein sim shrink ${seed} ${same}${only}${plan}`);
}
