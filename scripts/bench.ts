/**
 * `npm run bench -- [SUITE | SUITE/FILE ...]`: runs benchmarks, all without a name, and shows them beside their baselines
 * and goals.
 *
 *     --json       one JSON object a line instead of tables
 *     --rounds=N   rounds of each contest, 5 by default
 *     --only=A,B   Skein and these baselines alone
 *     --record     keeps the figures in bench/recorded.json
 *     --gate       fails when a ratio fell under 0.7 of the recorded one
 *     --report     writes docs/benchmarks.md from these figures and, where nothing was measured now, the recorded ones; alone,
 *                  without a suite, from the record
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import {
  fallen,
  merged,
  readRecorded,
  sourceHash,
  writeRecorded,
} from '../bench/harness/record.ts';
import { commitOf, writeReport } from '../bench/harness/report.ts';
import type { Line } from '../bench/harness/statistics.ts';
import { plainTable } from '../bench/harness/table.ts';
import { root } from './run.ts';

const bench = join(root, 'bench');
const recordedFile = join(bench, 'recorded.json');
/** Folders of one question a file; a suite that is one file stands beside them. */
const FOLDERS = [
  'messaging',
  'threads',
  'remote',
  'scale',
  'codec',
  'cluster',
  'sandbox',
  'policy',
] as const;
const SINGLE = ['journal'] as const;
const FILE_LIMIT_MS = 20 * 60_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    record: { type: 'boolean', default: false },
    gate: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});

const say = (words: string): boolean => process.stderr.write(`${words}\n`);

function chosenFiles(): readonly string[] {
  if (options.report && !options.record && positionals.length === 0) return [];
  const inFolders = FOLDERS.flatMap((folder) => filesOf(folder));
  const all = [...inFolders, ...SINGLE];
  const wanted = positionals.length > 0 ? positionals : [...FOLDERS, ...SINGLE];
  const chosen = wanted.map((name) => ({
    name,
    files: all.filter((file) => file === name || file.startsWith(`${name}/`)),
  }));
  const unknown = chosen.filter(({ files }) => files.length === 0).map(({ name }) => name);
  if (unknown.length === 0) return chosen.flatMap(({ files }) => files);
  say(`there is no benchmark ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}

function installPeers(): void {
  if (existsSync(join(bench, 'node_modules'))) return;
  say('installing the systems to compare with, once ...');
  const args = ['ci', '--prefix', bench, '--no-audit', '--no-fund', '--ignore-scripts'];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) say('they could not be installed: what is missing is left out');
}

/** @returns the lines of one file, and whether it came to its end. */
async function measure(file: string): Promise<{ lines: readonly Line[]; isComplete: boolean }> {
  say(`${file} ...`);
  const passed = (['rounds', 'only'] as const).flatMap((name) =>
    options[name] === undefined ? [] : [`--${name}=${options[name]}`],
  );
  const isContest = file.includes('/');
  const args = ['--disable-warning=ExperimentalWarning', join(bench, `${file}.ts`)];
  const child = spawn(process.execPath, [...args, ...(isContest ? passed : [])], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: FILE_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines: Line[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(JSON.parse(line) as Line);
    if (options.json) process.stdout.write(`${line}\n`);
  }
  return { lines, isComplete: (await closed) === 0 };
}

const files = chosenFiles();
// The sandbox's own contestant fetches itself.
if (files.some((file) => file.includes('/') && !file.startsWith('sandbox/'))) installPeers();
const loadBefore = Number(os.loadavg()[0]?.toFixed(2));
const sources = sourceHash(join(root, 'src'));
const found: Line[] = [];
for (const file of files) {
  const { lines, isComplete } = await measure(file);
  found.push(...lines);
  if (!isComplete) process.exitCode = 1;
  if (!isComplete) say(`${file} failed`);
}
if (!options.json && found.length > 0) process.stdout.write(`\n${plainTable(found)}`);

const before = readRecorded(recordedFile);
if (options.gate) {
  const sentences = fallen(before, found);
  for (const sentence of sentences) say(`fell: ${sentence}`);
  say(sentences.length === 0 ? 'the gate is open' : `the gate is closed: ${sentences.length} fell`);
  if (sentences.length > 0) process.exitCode = 1;
}
if (options.record || options.report) {
  if (sources !== sourceHash(join(root, 'src'))) {
    say('the sources changed meanwhile: the figures are of no one version and are not kept');
    process.exit(1);
  }
  const lines = merged(before, found, { commit: commitOf(root), loadBefore });
  if (options.record) writeRecorded(recordedFile, lines);
  if (options.report) writeReport(root, lines);
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(bench, folder))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.slice(0, -3)}`);
}
