/** Writes `docs/benchmarks.md` and its pictures from lines: the commit, the machine's shape, every figure and its goal. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { verdictsOn } from '../goals.ts';
import type { Recorded } from './record.ts';
import { barPicture, linePicture } from './svg.ts';
import { markdownTable } from './table.ts';

const SUITES: Readonly<Record<string, string>> = {
  messaging:
    'Messages, asks and lives of actors in one thread. "Floor" is a bare mailbox and run queue without bounds, supervision, addresses or deadlines. Erlang runs with one scheduler. Each contestant runs in processes of its own, and they take turns.',
  threads:
    'Messages between two worker threads, beside bare workers with one `postMessage` each. Each contestant runs in processes of its own, and they take turns.',
  remote:
    'Messages between two processes on one machine. Each contestant has a nats-server of its own where it uses one; Erlang is its own distribution between two nodes with one scheduler each.',
  scale: 'Skein alone, at points of a scale; each point beside the first of its series.',
  codec:
    'Serialisation: values of about 100 and 200 B, encoded and decoded. Skein is the codec of a link between threads with the head and the addresses of each message; the others do the bare value.',
  cluster:
    'Membership on a real nats-server, each figure beside its goal. Death, discovery and false deaths: a process a member; traffic and the thousand: whole members, held by a few processes.',
  journal:
    'Appends to the durable log, beside a bare loop of inserts into SQLite; both take turns in one process.',
  policy:
    "Decisions of the operator's policy: 100 policies in Cedar, a thousand different requests, each timed by itself; cold: decided anew each time. Beside it a table lookup written by hand for just these rules, which explains nothing.",
  sandbox:
    'A small skill behind its process and the wall around that. Beside it: isolated-vm alone in one process, a bare worker thread, a bare Node process, and workerd over loopback, which has one isolate for all calls; all take turns. Skills at rest: proportional set size.',
};

/** The commit that is measured, marked when what is measured, or measures, differs from it. */
export function commitOf(root: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'src', 'bench', ':!bench/recorded.json');
  return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '-dirty'}`;
}

function machine(): string {
  const [cpu] = os.cpus();
  const gib = Math.round(os.totalmem() / 2 ** 30);
  const cores = `${os.availableParallelism()} cores (${cpu?.model.trim() ?? 'unknown'})`;
  return `${cores}, ${gib} GiB of memory, ${os.type()} ${os.arch()}, Node.js ${process.versions.node}`;
}

export function writeReport(root: string, lines: readonly Recorded[]): void {
  const pictures = join(root, 'docs', 'benchmarks');
  mkdirSync(pictures, { recursive: true });
  const verdicts = lines.flatMap((line) => verdictsOn(line, lines));
  const met = verdicts.filter(({ isMet }) => isMet).length;
  const parts = [
    '# Benchmarks',
    '<!-- Written by `npm run bench -- --report`; edits are overwritten. -->',
    `Measured on ${machine()}. Figures are medians of rounds. A ratio is Skein's median divided by the baseline's: more is better for rates, less is better for times and bytes. Goals met: ${met} of ${verdicts.length}.`,
  ];
  for (const [suite, words] of Object.entries(SUITES)) {
    const own = lines.filter((line) => line.suite === suite);
    if (own.length === 0) continue;
    const commits = [...new Set(own.map(({ commit }) => commit))].join(', ');
    const load = Math.max(...own.map(({ loadBefore }) => loadBefore)).toFixed(1);
    const picture = suite === 'scale' ? linePicture(own) : barPicture(own);
    writeFileSync(join(pictures, `${suite}.svg`), picture);
    parts.push(
      `## ${suite}`,
      `${words} Commit ${commits}, load of the machine before the run ${load}; \`npm run bench -- ${suite}\`.`,
      `![The medians](benchmarks/${suite}.svg)`,
      markdownTable(own).trimEnd(),
    );
  }
  writeFileSync(join(root, 'docs', 'benchmarks.md'), `${parts.join('\n\n')}\n`);
}
