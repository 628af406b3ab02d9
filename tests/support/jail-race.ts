/**
 * A race against the path jail: another process swaps a folder and a file of the root for links to the outside and back, as fast as it
 * can, while the jail reads, writes, lists and removes there.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../src/contracts/index.ts';
import { realRandom } from '../../src/host/index.ts';
import { byDescriptor } from '../../src/sandbox/files/descriptors.ts';
import { PathJail } from '../../src/sandbox/files/path-jail.ts';

export interface RaceReport {
  readonly swaps: number;
  readonly reads: Readonly<Record<string, number>>;
  readonly writes: Readonly<Record<string, number>>;
  /** Reads and lists that gave anything of the outside. */
  readonly canaries: number;
  /** What is outside after the race. */
  readonly outside: readonly string[];
  readonly canaryIntact: boolean;
}

const CANARY = 'CANARY';
/** Who use the jail at once. */
const PLAYERS = 8;
const MORE_RACES = 20;
const hasMetBoth = (reads: Readonly<Record<string, number>>): boolean =>
  (reads.ok ?? 0) > 0 && Object.keys(reads).length > 1;

export async function raceAgainstJail(swaps: number): Promise<RaceReport> {
  const base = mkdtempSync(join(tmpdir(), 'skein-race-'));
  const [root, outside] = [join(base, 'root'), join(base, 'outside')];
  mkdirSync(join(root, 'swap'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(root, 'swap/secret.txt'), 'inside');
  writeFileSync(join(root, 'file'), 'inside');
  writeFileSync(join(outside, 'secret.txt'), CANARY);
  writeFileSync(join(outside, 'mark'), CANARY);
  const opened = await PathJail.open(root, { random: realRandom, descriptors: byDescriptor });
  if (!opened.ok) throw new Error(opened.error.message);
  const jail = opened.value;
  const program = fileURLToPath(new URL('./swap-folder.ts', import.meta.url));
  const swapOnce = (): Promise<number | null> => {
    const swapper = spawn(process.execPath, [program, root, outside, String(swaps)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return new Promise((resolve) => swapper.on('exit', resolve));
  };
  let isOver = false;
  const reads: Record<string, number> = {};
  const writes: Record<string, number> = {};
  let canaries = 0;
  const count = (into: Record<string, number>, result: Result<unknown>): void => {
    const code = result.ok ? 'ok' : result.error.code;
    into[code] = (into[code] ?? 0) + 1;
  };
  const play = async (name: string): Promise<void> => {
    while (!isOver) {
      const [inFolder, file, listed] = await Promise.all([
        jail.read('swap/secret.txt', 1_000),
        jail.read('file', 1_000),
        jail.list('swap'),
      ]);
      for (const read of [inFolder, file]) {
        count(reads, read);
        if (read.ok && read.value.toString().includes(CANARY)) canaries++;
      }
      if (listed.ok && listed.value.some((entry) => entry.name === 'mark')) canaries++;
      count(writes, await jail.write(`swap/${name}`, Buffer.from('written')));
      await jail.rename(`swap/${name}`, `swap/${name}-moved`);
      await jail.remove(`swap/${name}-moved`);
      await jail.remove(`swap/${name}`);
    }
  };
  const played = Promise.all(Array.from({ length: PLAYERS }, (_, at) => play(`out-${at}`)));
  // On a machine that is busy all swaps may fall between two reads: then there was no race yet.
  let code = await swapOnce();
  for (let more = 0; more < MORE_RACES && code === 0 && !hasMetBoth(reads); more++) {
    code = await swapOnce();
  }
  isOver = true;
  await played;
  await jail.close();
  const report = {
    swaps: code === 0 ? swaps : 0,
    reads,
    writes,
    canaries,
    outside: readdirSync(outside).sort(),
    canaryIntact: readFileSync(join(outside, 'secret.txt'), 'utf8') === CANARY,
  };
  rmSync(base, { recursive: true, force: true });
  return report;
}
