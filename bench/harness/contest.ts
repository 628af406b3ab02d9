/**
 * The contest of one benchmark file. Contestants take turns, round after round, each in a process of its own, so that none
 * runs on code that the engine had shaped for another. The file is its own child: `--contestant` says who it is.
 *
 *     node bench/messaging/tell.ts --rounds=5 --only=Skein,floor
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { lineOf, type Measured } from './statistics.ts';

const ROUNDS = 5;
const CHILD_LIMIT_MS = 30_000;
const MISSING = 3;

/** The first contestant of a question is Skein; all others are its baselines. */
export interface Question {
  readonly suite: string;
  readonly metric: string;
  readonly unit: string;
  readonly contestants: Readonly<Record<string, () => Promise<Measured>>>;
  /** Of Node, for the processes of the contestants. */
  readonly flags?: readonly string[];
  /** Of one contestant in one round; default 30,000. */
  readonly limitMs?: number;
  /** The contestants are Skein itself at points of a scale: each is a line of its own, beside the first. */
  readonly isSeries?: boolean;
}

/** The same measurement at points of a scale. */
export const seriesOf = (series: {
  readonly metric: string;
  readonly unit: string;
  readonly points: readonly number[];
  readonly measure: (point: number) => Promise<Measured>;
}): Question => {
  const { metric, unit, points, measure } = series;
  const contestants = points.map((point) => [`at ${point}`, () => measure(point)] as const);
  return {
    suite: 'scale',
    metric,
    unit,
    contestants: Object.fromEntries(contestants),
    isSeries: true,
  };
};

export async function contest(file: string, questions: readonly Question[]): Promise<void> {
  const { values } = parseArgs({
    options: {
      contestant: { type: 'string' },
      metric: { type: 'string' },
      rounds: { type: 'string', default: String(ROUNDS) },
      only: { type: 'string' },
    },
  });
  if (values.contestant !== undefined) {
    const question = questions.find(({ metric }) => metric === values.metric);
    return compete(question?.contestants[values.contestant]);
  }
  for (const question of questions) {
    hold(file, question, { rounds: Number(values.rounds), only: values.only?.split(',') });
  }
}

/** In the child: one number on standard output, or the exit code that says that the contestant is not installed. */
async function compete(measure: (() => Promise<Measured>) | undefined): Promise<void> {
  if (!measure) throw new Error('there is no such contestant');
  try {
    process.stdout.write(`${JSON.stringify(await measure())}\n`, () => process.exit(0));
  } catch (thrown) {
    const { code } = thrown as { readonly code?: string };
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'ENOENT';
    if (!isMissing) process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
    process.exit(isMissing ? MISSING : 1);
  }
}

function hold(
  file: string,
  question: Question,
  { rounds, only }: { readonly rounds: number; readonly only: readonly string[] | undefined },
): void {
  const { suite, metric, unit, contestants, isSeries = false, flags = [] } = question;
  const { limitMs = CHILD_LIMIT_MS } = question;
  const [own = '', ...names] = Object.keys(contestants);
  const running = new Set([own, ...names.filter((name) => only?.includes(name) ?? true)]);
  const found = new Map<string, Measured[]>();
  for (let round = 0; round < rounds; round++) {
    for (const name of running) {
      const measured = runChild(file, [metric, name], { flags, limitMs });
      if (measured) found.set(name, [...(found.get(name) ?? []), measured]);
      else running.delete(name);
    }
  }
  const ownFound = found.get(own) ?? [];
  if (!running.has(own)) process.exitCode = 1;
  if (isSeries) {
    for (const [name, values] of found) {
      const line = { suite, metric: `${metric}, ${name}`, unit, own: values, baseline: own };
      process.stdout.write(`${JSON.stringify(lineOf({ ...line, other: ownFound }))}\n`);
    }
    return;
  }
  for (const baseline of names.filter((name) => running.has(name) && running.has(own))) {
    const other = found.get(baseline) ?? [];
    const line = lineOf({ suite, metric, unit, own: ownFound, baseline, other });
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

/** @returns nothing, and says why, when the contestant is missing, fails or takes too long. */
function runChild(
  file: string,
  [metric, name]: readonly [string, string],
  wanted: { readonly flags: readonly string[]; readonly limitMs: number },
): Measured | undefined {
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, ...wanted.flags, file, `--metric=${metric}`, `--contestant=${name}`];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: wanted.limitMs,
    killSignal: 'SIGKILL',
  });
  if (status === 0) return JSON.parse(stdout) as Measured;
  const why =
    status === MISSING
      ? 'is not installed'
      : status === null
        ? `was stopped after ${wanted.limitMs / 1_000} s`
        : 'failed';
  process.stderr.write(`${metric}: ${name} ${why}\n${stderr.slice(0, 2_000)}`);
  return undefined;
}
