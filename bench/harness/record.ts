/**
 * What was measured before, in `bench/recorded.json`, and the gate that compares a new run with it. Ratios are compared,
 * not figures: another machine moves both sides of a ratio.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRate, type Line } from './statistics.ts';

/** A ratio may fall to this part of the recorded one before the gate closes: single figures move by 10 to 40 %. */
const ALLOWED = 0.7;

/** Figures near zero, or of the slowest hundredth: their ratios jump by more than the gate allows. */
const UNGATED = /^idle processor time|p99/;

export interface Circumstances {
  /** The commit that was measured; marked `-dirty` when files differed from it. */
  readonly commit: string;
  /** Processes that wanted a core in the minute before: above 0 the machine was not the benchmark's alone. */
  readonly loadBefore: number;
}

export interface Recorded extends Line, Circumstances {}

/** What the sources hold: figures from before and after an edit belong to no version and are not kept. */
export function sourceHash(folder: string): string {
  const hash = createHash('sha256');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  for (const name of names.filter((each) => each.endsWith('.ts'))) {
    hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

export const keyOf = ({ suite, metric, baseline }: Line): string =>
  `${suite}: ${metric}, beside ${baseline}`;

export function readRecorded(file: string): readonly Recorded[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Recorded[]) : [];
}

/** New lines take the places of old ones; what was not measured again stays, with its own commit. */
export function merged(
  before: readonly Recorded[],
  lines: readonly Line[],
  circumstances: Circumstances,
): readonly Recorded[] {
  const byKey = new Map(before.map((line) => [keyOf(line), line]));
  for (const line of lines) byKey.set(keyOf(line), { ...line, ...circumstances });
  return [...byKey.values()];
}

export function writeRecorded(file: string, lines: readonly Recorded[]): void {
  const rows = lines.map((line) => `  ${JSON.stringify(line)}`);
  writeFileSync(file, `[\n${rows.join(',\n')}\n]\n`);
}

/** @returns a sentence for each ratio that fell too far; better is larger for rates and smaller for all else. */
export function fallen(before: readonly Recorded[], lines: readonly Line[]): readonly string[] {
  const byKey = new Map(before.map((line) => [keyOf(line), line.ratio]));
  return lines.flatMap((line) => {
    const recorded = byKey.get(keyOf(line));
    if (recorded === undefined || UNGATED.test(line.metric)) return [];
    const kept = isRate(line.unit) ? line.ratio / recorded : recorded / line.ratio;
    if (kept >= ALLOWED) return [];
    return [`${keyOf(line)}: ${line.ratio}x, recorded ${recorded}x, kept ${kept.toFixed(2)}`];
  });
}
