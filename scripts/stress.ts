/**
 * `npm run stress:10`: ten nodes, each a process with a data directory of its own, run skills without a pause. Ends by itself
 * after `--minutes` (default 10). Prints one JSON object; exit 1 when a node died, a run failed, or memory kept growing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ControlClient } from '../src/api/index.ts';
import { root } from './run.ts';

interface Node {
  readonly process: ChildProcess;
  readonly client: ControlClient;
  readonly name: string;
  readonly residentMiB: number[];
  exit: string | undefined;
}

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '10' },
    plan: { type: 'string', default: 'examples/plans/hello.yaml' },
  },
});
const nodeCount = Number(values.nodes);
const endMs = Date.now() + Number(values.minutes) * 60_000;
/** Memory in the last third of the time may be over that of the middle third by this much and no more. */
const GROWTH_RATIO_MAX = 1.2;
const GROWTH_MIB_MAX = 24;
const SAMPLE_MS = 5_000;

const folder = mkdtempSync(join(tmpdir(), 'skein-stress-'));
const text = readFileSync(join(root, values.plan), 'utf8');
const request = { target: { kind: 'plan-text', text, file: join(root, values.plan) } } as const;
const counts = { runs: 0, failed: 0 };
const failures = new Map<string, number>();
const latenciesMs: number[] = [];

const nodes = await Promise.all(
  Array.from({ length: nodeCount }, (_, i) => startNode(`n${i + 1}`)),
);
process.stderr.write(`${nodeCount} nodes are up; ${values.minutes} minutes of load\n`);
const sampler = setInterval(sample, SAMPLE_MS);
await Promise.all(nodes.map(load));
clearInterval(sampler);
sample();
const died = nodes.filter(({ exit }) => exit !== undefined);
await Promise.all(nodes.map(stop));
rmSync(folder, { recursive: true, force: true });

const growing = nodes.filter(isGrowing);
latenciesMs.sort((a, b) => a - b);
const report = {
  nodes: nodeCount,
  minutes: Number(values.minutes),
  ...counts,
  failures: Object.fromEntries(failures),
  nodeDeaths: died.map(({ name, exit }) => `${name}: ${exit}`),
  runMsP50: at(0.5),
  runMsP99: at(0.99),
  residentMiB: Object.fromEntries(
    nodes.map(({ name, residentMiB: all }) => [
      name,
      { first: all[0], last: all.at(-1), max: Math.max(...all) },
    ]),
  ),
  growing: growing.map(({ name }) => name),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit(died.length + counts.failed + growing.length > 0 || counts.runs === 0 ? 1 : 0);

async function startNode(name: string): Promise<Node> {
  const data = join(folder, name);
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'bin/skein.js')];
  const child = spawn(process.execPath, [...args, 'up', '--json', '--log', 'error'], {
    env: { ...process.env, SKEIN_DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const node: Node = {
    process: child,
    client: new ControlClient(data),
    name,
    residentMiB: [],
    exit: undefined,
  };
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => String(chunk).includes('"ready"') && resolve());
    child.once('exit', (code, signal) => {
      node.exit = `${signal ?? `exit code ${code}`}`;
      reject(new Error(`${name} ended before it was ready: ${node.exit}`));
    });
  });
  await ready;
  return node;
}

async function load(node: Node): Promise<void> {
  while (Date.now() < endMs && node.exit === undefined) {
    const startMs = performance.now();
    const answer = await node.client.run(request, () => undefined);
    counts.runs++;
    latenciesMs.push(performance.now() - startMs);
    if (answer.ok && answer.value.outcome.ok) continue;
    counts.failed++;
    const code =
      answer.ok && !answer.value.outcome.ok ? answer.value.outcome.error.code : 'NO_ANSWER';
    failures.set(code, (failures.get(code) ?? 0) + 1);
  }
}

function sample(): void {
  for (const node of nodes) {
    if (node.exit !== undefined) continue;
    const status = readFileSync(`/proc/${node.process.pid}/status`, 'utf8');
    node.residentMiB.push(Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024));
  }
  const leftS = Math.max(0, Math.round((endMs - Date.now()) / 1_000));
  const most = Math.max(...nodes.map(({ residentMiB }) => residentMiB.at(-1) ?? 0));
  process.stderr.write(
    `${counts.runs} runs, ${counts.failed} failed, largest node ${most} MiB, ${leftS} s left\n`,
  );
}

function isGrowing({ residentMiB }: Node): boolean {
  const third = Math.floor(residentMiB.length / 3);
  if (third < 3) return false;
  const middle = Math.max(...residentMiB.slice(third, 2 * third));
  const last = Math.max(...residentMiB.slice(2 * third));
  return last > middle * GROWTH_RATIO_MAX && last > middle + GROWTH_MIB_MAX;
}

function stop(node: Node): Promise<void> {
  if (node.exit !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    node.process.removeAllListeners('exit').once('exit', () => resolve());
    node.process.kill('SIGINT');
  });
}

function at(share: number): number {
  return Math.round((latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0) * 10) / 10;
}
