/** Cases of the path jail: a fixture for each case, the operation by a skill in a real sandbox, and a look at what is outside after it. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Json } from '../src/contracts/index.ts';
import { realRandom } from '../src/host/index.ts';
import { PathJail } from '../src/sandbox/files/path-jail.ts';
import { serveFile } from '../src/sandbox/files/serve-file.ts';
import { CALLS } from '../src/sandbox/index.ts';
import { raceAgainstJail } from '../tests/support/jail-race.ts';
import { type CaseVerdict, caseSandbox, reportVerdicts, verdictOf } from './cases-sandbox.ts';

interface Entry {
  readonly dir?: string;
  readonly file?: string;
  readonly text?: string;
  readonly size?: number;
  readonly symlink?: string;
  readonly hardlink?: string;
  readonly fifo?: string;
  readonly to?: string;
}

interface PathCase {
  readonly id: string;
  readonly class: string;
  readonly op: string;
  readonly path?: Json;
  readonly path2?: Json;
  readonly pathRepeat?: { prefix: string; unit: string; count: number; suffix: string };
  readonly expected: 'allow' | 'deny';
  readonly tolerate?: 'allow' | 'deny';
  readonly race?: string;
}

export interface PathDocument {
  readonly fixture: { readonly entries: readonly Entry[]; readonly outside: readonly Entry[] };
  readonly cases: readonly PathCase[];
}

interface Place {
  readonly base: string;
  readonly root: string;
  readonly outside: string;
}

const CANARY = 'CANARY';
const RACE_SWAPS = 2_000;
/** How the cases call what `ctx.fs` has. */
const CALLED: Readonly<Record<string, string>> = {
  delete: 'remove',
  unlink: 'remove',
  rm: 'remove',
  move: 'rename',
  readdir: 'list',
};
const BODY = `
const call = ctx.fs[input.op];
if (typeof call !== 'function') return { none: true };
const args = [...input.args];
return { value: await call(...args) };`;

export async function runPathCases(
  { fixture, cases }: PathDocument,
  only: readonly string[] | undefined,
  isJson: boolean,
): Promise<number> {
  const sandbox = await caseSandbox();
  const verdicts: CaseVerdict[] = [];
  for (const each of cases.filter(({ id }) => only === undefined || only.includes(id))) {
    const place = build(fixture);
    verdicts.push(each.class === 'race' ? await race(each) : await run(each, place));
    rmSync(place.base, { recursive: true, force: true });
  }
  await sandbox.close();
  return reportVerdicts(verdicts, isJson);

  async function run(each: PathCase, place: Place): Promise<CaseVerdict> {
    const { id, op, expected, tolerate } = each;
    const before = stateOf(place);
    const jail = await PathJail.open(place.root, { random: realRandom });
    if (!jail.ok) throw new Error(jail.error.message);
    const data = op === 'write' ? ['written'] : [];
    const second = each.path2 === undefined ? [] : [filled(each.path2, place)];
    const args = [filled(pathOf(each), place), ...second, ...data];
    const { result, events } = await sandbox.play({
      body: BODY,
      input: { op: CALLED[op] ?? op, args },
      grants: { fs: 'write', log: true },
      effects: {
        files: { serve: (request) => serveFile(jail.value, request) },
      },
    });
    await jail.value.close();
    const after = stateOf(place);
    const isBreach = JSON.stringify([result, events]).includes(CANARY) || after !== before;
    const got = isBreach ? 'breach' : verdictOf(result);
    const isKnown = (CALLED[op] ?? op) in CALLS.fs;
    const audited = events.length === 1 && events[0]?.ok === (got === 'allow');
    const note = audited
      ? ''
      : isKnown
        ? `${events.length} audit records`
        : `there is no ctx.fs.${op}`;
    return {
      ...{ id, class: each.class, expected, got },
      code: result.ok ? 'ok' : result.error.code,
      passed: (got === expected || got === tolerate) && (audited || !isKnown),
      note,
    };
  }
}

async function race({ id, class: sort, expected }: PathCase): Promise<CaseVerdict> {
  const report = await raceAgainstJail(RACE_SWAPS);
  const isHeld =
    report.canaries === 0 && report.canaryIntact && report.outside.join() === 'mark,secret.txt';
  const isRace = report.swaps === RACE_SWAPS && Object.keys(report.reads).length > 1;
  const got = isHeld ? 'deny' : 'breach';
  const note = JSON.stringify({ swaps: report.swaps, reads: report.reads, writes: report.writes });
  return { id, class: sort, expected, got, code: '', passed: got === expected && isRace, note };
}

function build({ entries, outside }: PathDocument['fixture']): Place {
  const base = mkdtempSync(join(tmpdir(), 'skein-paths-'));
  const place = { base, root: join(base, 'jail'), outside: join(base, 'outside') };
  mkdirSync(place.root);
  mkdirSync(place.outside);
  for (const entry of outside) make(entry, place, base);
  for (const entry of entries) make(entry, place, place.root);
  return place;
}

function make(entry: Entry, place: Place, folder: string): void {
  const named = entry.dir ?? entry.file ?? entry.symlink ?? entry.hardlink ?? entry.fifo ?? '';
  const text = String(filled(named, place));
  const path = text.startsWith('/') ? text : join(folder, text);
  mkdirSync(dirname(path), { recursive: true });
  const target = String(filled(entry.to ?? '', place));
  if (entry.dir !== undefined) mkdirSync(path, { recursive: true });
  else if (entry.symlink !== undefined) symlinkSync(target, path);
  else if (entry.hardlink !== undefined)
    linkSync(target.startsWith('/') ? target : join(folder, target), path);
  else if (entry.fifo !== undefined) spawnSync('mkfifo', [path]);
  else {
    writeFileSync(path, entry.text ?? '');
    if (entry.size !== undefined) truncateSync(path, entry.size);
  }
}

const pathOf = ({ path, pathRepeat }: PathCase): Json =>
  pathRepeat
    ? pathRepeat.prefix + pathRepeat.unit.repeat(pathRepeat.count) + pathRepeat.suffix
    : (path ?? null);

const filled = (value: Json, { root, outside }: Place): Json =>
  typeof value === 'string'
    ? value
        .replaceAll('{ROOT}', root)
        .replaceAll('{OUTSIDE}', outside)
        .replaceAll('ROOTNAME', basename(root))
    : value;

/** Everything outside the root, with its content; and that the root itself and its pipe are still there. */
function stateOf({ base, root }: Place): string {
  const seen: string[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      if (path === root) seen.push(path);
      else if (statSync(path).isDirectory()) visit(path);
      else seen.push(`${path} ${readFileSync(path, 'utf8')}`);
    }
  };
  visit(base);
  return JSON.stringify([seen, existsSync(root)]);
}
