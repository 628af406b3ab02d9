/**
 * `npm run mutants`: one-line bugs planted in a scratch copy of the sources, one at a time, to see whether the simulator finds
 * them, and within how many seeds (`--seeds`, default 2000). Exit 1 when one is not found.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SweepReport } from '../src/chaos/index.ts';
import { MUTANTS, type Mutant } from './mutants/list.ts';
import { root } from './run.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const LIMIT_MS = 15 * 60_000;

interface Found {
  readonly name: string;
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly invariant: string | undefined;
  readonly what: string | undefined;
}

let missed = 0;
for (const mutant of MUTANTS.filter(({ name }) => name.includes(values.only ?? ''))) {
  const found = hunt(mutant);
  if (found.seed === undefined) missed++;
  if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else {
    const { name, seed, seeds, invariant, what } = found;
    const how = seed === undefined ? `NOT found in ${seeds} seeds` : `found by seed ${seed}`;
    process.stdout.write(`${name}: ${how}${invariant ? ` (${invariant}: ${what})` : ''}\n`);
  }
}
process.exit(missed > 0 ? 1 : 0);

function hunt({ name, file, from, to }: Mutant): Found {
  const scratch = mkdtempSync(join(tmpdir(), 'skein-mutant-'));
  try {
    for (const part of ['src', 'bin', 'package.json']) {
      cpSync(join(root, part), join(scratch, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
    const path = join(scratch, 'src', file);
    const text = readFileSync(path, 'utf8');
    const places = text.split(from).length - 1;
    if (places !== 1) throw new Error(`${name}: its line stands ${places} times in ${file}`);
    writeFileSync(path, text.replace(from, to));
    const args = ['sim', '--seeds', `1..${values.seeds}`, '--to-first', '--json'];
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(scratch, 'bin/skein.js'), ...args],
      {
        encoding: 'utf8',
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      },
    );
    if (stdout === '') throw new Error(`${name}: ${stderr.slice(-2_000)}`);
    const { seeds, failed } = JSON.parse(stdout) as SweepReport;
    const [first] = failed;
    const { seed, invariant, what } = first ?? {};
    return { name, seed, seeds, invariant, what: what?.slice(0, 160) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
