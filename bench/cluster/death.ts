/**
 * How long after `kill -9` does every other member know that one is dead, and does anybody think so of one that is alive? Real
 * processes around a real nats-server; one JSON object a line, beside the goal.
 *
 *     node bench/cluster/death.ts [--rounds=10]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram, realPorts, realProcesses } from '../../src/host/index.ts';
import { createLog } from '../../src/telemetry/index.ts';
import { startNatsServer } from '../../src/transport/index.ts';
import { percentile, rounded } from '../harness/statistics.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, only: { type: 'string' } },
});
const ROUNDS = Number(values.rounds);
const GOALS_MS = { 5: 3_000, 20: 5_000 } as const;
const WAIT_MS = 30_000;
const MEMBER = new URL('./parts/member.ts', import.meta.url);

interface Process {
  readonly id: string;
  readonly child: ChildProcess;
  members: number;
  sentBytes: number;
  readonly gone: Map<string, number>;
}

const { clock } = realPorts;
const nowMs = clock.monotonicMs;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, holds: () => boolean): Promise<void> {
  const endMs = nowMs() + WAIT_MS;
  while (!holds()) {
    if (nowMs() > endMs) throw new Error(`waited ${WAIT_MS} ms in vain: ${what}`);
    await sleep(5);
  }
}

const program = await findProgram({ program: 'nats-server', debianPackage: 'nats-server' });
if (!program.ok) throw new Error(program.error.message);
const dataDir = await mkdtemp(join(tmpdir(), 'skein-bench-'));
const log = createLog({ level: 'silent', format: 'json', clock, bindings: {} });
const ports = { ...realPorts, processes: realProcesses };
const nats = await startNatsServer({ ...ports, program: program.value, dataDir, log });
if (!nats.ok) throw new Error(nats.error.message);

let started = 0;
function start(): Process {
  const id = `n-${++started}`;
  const child = fork(MEMBER, [id, nats.ok ? nats.value.url : ''], { stdio: 'inherit' });
  const process: Process = { id, child, members: 0, sentBytes: 0, gone: new Map() };
  child.on('message', (message: { gone?: string; members?: number; sentBytes?: number }) => {
    if (message.gone !== undefined) process.gone.set(message.gone, nowMs());
    process.members = message.members ?? process.members;
    process.sentBytes = message.sentBytes ?? process.sentBytes;
  });
  return process;
}

async function measure(size: 5 | 20): Promise<void> {
  const all: Process[] = Array.from({ length: size }, start);
  const times: number[] = [];
  const killed = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    await until('everybody knows everybody', () => all.every(({ members }) => members === size));
    await sleep(500 + 100 * round);
    const victim = all.shift() as Process;
    killed.add(victim.id);
    const killedMs = nowMs();
    victim.child.kill('SIGKILL');
    await until(`${victim.id} is dead for all`, () => all.every(({ gone }) => gone.has(victim.id)));
    times.push(...all.map(({ gone }) => (gone.get(victim.id) as number) - killedMs));
    all.push(start());
  }
  await until('everybody knows everybody', () => all.every(({ members }) => members === size));
  const before = all.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  await sleep(5_000);
  const bytes = all.reduce((sum, { sentBytes }) => sum + sentBytes, 0) - before;
  const falseDeaths = all.flatMap(({ gone }) => [...gone.keys()]).filter((id) => !killed.has(id));
  for (const { child } of all) child.kill('SIGKILL');
  const say = (metric: string, unit: string, value: number, n: number, goal: number): void => {
    const figure = rounded(value);
    const figures = { n, median: figure, min: figure, max: figure };
    const line = { suite: 'cluster', metric: `${metric}, N=${size}`, unit, ...figures };
    const beside = { baseline: 'goal', baselineMedian: goal, ratio: rounded(value / goal) };
    process.stdout.write(`${JSON.stringify({ ...line, ...beside })}\n`);
  };
  say(
    'death known to each peer, p50',
    'ms',
    percentile(times, 0.5).value,
    times.length,
    GOALS_MS[size],
  );
  say(
    'death known to each peer, p99',
    'ms',
    percentile(times, 0.99).value,
    times.length,
    GOALS_MS[size],
  );
  say('false deaths', 'deaths', falseDeaths.length, times.length, 1);
  say('gossip sent by a node', 'B a second', bytes / size / 5, size, 4_000);
}

await measure(5);
await measure(20);
await nats.value.close();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
