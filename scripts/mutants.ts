/**
 * `npm run mutants`: one-line bugs planted in a scratch copy of the sources, one at a time, to see whether the simulator finds
 * them, and within how many seeds (`--seeds`, default 2000). `--shrink` shows the fewest faults with which each is found, `--only`
 * takes those whose name has the word, or that are hunted in the profile of that name. Exit 1 when one is not found.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeEvent, type Shrunk, type SweepReport } from '../src/chaos/index.ts';
import { MUTANTS } from './mutants/list.ts';
import type { Mutant } from './mutants/mutant.ts';
import { root } from './run.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
  },
});
const LIMIT_MS = 15 * 60_000;

interface Found {
  readonly name: string;
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly invariant: string | undefined;
  readonly what: string | undefined;
  /** The faults that are left. */
  readonly plan: readonly string[] | undefined;
}

let missed = 0;
const isWanted = ({ name, profile }: Mutant): boolean =>
  name.includes(values.only ?? '') || profile === values.only;
for (const mutant of MUTANTS.filter(isWanted)) {
  const found = hunt(mutant);
  if (found.seed === undefined) missed++;
  if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else {
    const { name, seed, seeds, invariant, what, plan } = found;
    const how = seed === undefined ? `NOT found in ${seeds} seeds` : `found by seed ${seed}`;
    process.stdout.write(`${name}: ${how}${invariant ? ` (${invariant}: ${what})` : ''}\n`);
    for (const line of plan ?? []) process.stdout.write(`    ${line}\n`);
  }
}
process.exit(missed > 0 ? 1 : 0);

function hunt({ name, file, from, to, profile }: Mutant): Found {
  const scratch = mkdtempSync(join(tmpdir(), 'skein-mutant-'));
  try {
    for (const part of ['src', 'bin', 'profiles', 'package.json']) {
      cpSync(join(root, part), join(scratch, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
    const path = join(scratch, 'src', file);
    const text = readFileSync(path, 'utf8');
    const places = text.split(from).length - 1;
    if (places !== 1) throw new Error(`${name}: its line stands ${places} times in ${file}`);
    writeFileSync(path, text.replace(from, to));
    const skein = (...args: readonly string[]): string => {
      const ran = spawnSync(process.execPath, [join(scratch, 'bin/skein.js'), ...args, '--json'], {
        encoding: 'utf8',
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      });
      if (ran.stdout === '') throw new Error(`${name}: ${ran.stderr.slice(-2_000)}`);
      return ran.stdout;
    };
    const how = profile === undefined ? [] : ['--profile', profile];
    const report = skein('sim', '--seeds', `1..${values.seeds}`, '--to-first', ...how);
    const { seeds, failed } = JSON.parse(report) as SweepReport;
    const { seed, invariant, what } = failed[0] ?? {};
    const found = { name, seed, seeds, invariant, what: what?.slice(0, 160) };
    if (!values.shrink || seed === undefined) return { ...found, plan: undefined };
    const shrunk = JSON.parse(skein('sim', 'shrink', `${seed}`, ...how)) as Shrunk;
    const { schedule, nodes, forMs } = shrunk;
    const world = `${shrunk.from} faults became ${schedule.length}; ${nodes} nodes, ${forMs} ms`;
    return { ...found, plan: [world, ...schedule.map(describeEvent)] };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
