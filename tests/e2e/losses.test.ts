import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import type { StructuredOutcome, ThreadName } from '../../src/contracts/index.ts';
import { type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { until } from '../support/until.ts';

/** What an operator wants to see: threads and sandbox hosts die under load, every request has an outcome, the node lives. */
const started = await startNode({ dataDir: 'memory', log: { level: 'silent', format: 'json' } });
if (!started.ok) throw new Error(started.error.message);
const node: SkeinNode = started.value;
afterAll(() => node.close());

const CALLS = 60;
const hello = () =>
  node.execute({ target: { kind: 'skill', skill: 'hello' }, input: { name: 'load' } });

async function underLoad(harm: () => void): Promise<readonly StructuredOutcome[]> {
  const outcomes: StructuredOutcome[] = [];
  const workers = Array.from({ length: 6 }, async () => {
    while (outcomes.length < CALLS) {
      outcomes.push(await hello());
      if (outcomes.length === 20) harm();
    }
  });
  await Promise.all(workers);
  return outcomes;
}

it('answers every request when a thread is lost under load, and starts the thread again', async () => {
  const outcomes = await underLoad(() =>
    node.threads.terminate('t1' as ThreadName, { kind: 'threw', message: 'shot in a test' }),
  );
  const failed = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.code]));
  expect(outcomes.length).toBeGreaterThanOrEqual(CALLS);
  // Work without effects that a lost thread took along is done again; what is left are refusals with a reason.
  expect(failed.filter((code) => code !== 'THREAD_LOST' && code !== 'LINK_CLOSED')).toEqual([]);
  const status = await until('the thread lives again', async () => {
    const seen = await node.status();
    return seen.threads.length === 2 && seen.threads.some(({ life }) => life === 2) && seen;
  });
  expect(status.supervision).toMatchObject({ totalRestarts: 1, failures: [{ child: 't1' }] });
  expect((await hello()).ok).toBe(true);
  console.log(
    `thread lost: ${outcomes.length} outcomes, ${failed.length} failed, ${status.supervision?.totalRestarts} restart`,
  );
});

it('fails only the call whose sandbox host is killed, with a typed reason, and goes on', async () => {
  const hosts = () =>
    execFileSync('pgrep', ['-f', 'host-main'], { encoding: 'utf8' }).trim().split('\n').map(Number);
  let killed = 0;
  const outcomes = await underLoad(() => {
    for (const pid of hosts()) {
      if (isOurs(pid)) {
        process.kill(pid, 'SIGKILL');
        killed++;
      }
    }
  });
  const failed = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.code]));
  expect(killed).toBeGreaterThan(0);
  expect(failed.filter((code) => code !== 'SANDBOX_DIED')).toEqual([]);
  expect((await node.status()).threads.every(({ life }) => life <= 2)).toBe(true);
  const after = await until('skills run again', async () => (await hello()).ok);
  expect(after).toBe(true);
  console.log(`${killed} hosts killed: ${outcomes.length} outcomes, ${failed.length} failed`);
});

function isOurs(pid: number): boolean {
  return readParent(pid) === process.pid;
}

function readParent(pid: number): number {
  try {
    return Number(/PPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}
