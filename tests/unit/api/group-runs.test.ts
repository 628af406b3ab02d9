import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/actors/index.ts';
import type { RunAnswer } from '../../../src/api/control-client.ts';
import { GroupRuns } from '../../../src/api/group-runs.ts';
import {
  type CorrelationId,
  failure,
  LIMITS,
  NO_USAGE,
  type Result,
  type RunId,
  type SkeinError,
  skeinError,
  success,
} from '../../../src/contracts/index.ts';
import { simulatedTime } from '../../../src/host/index.ts';
import type { ExecuteRequest } from '../../../src/runtime/index.ts';
import type { GroupNode, NodeState } from '../../../src/supervisor/index.ts';

const REQUEST: ExecuteRequest = { target: { kind: 'skill', skill: 'hello' } };
const EVENT = { type: 'step.started', step: 'a', calls: 1 } satisfies RunEvent;
const DRAINING = skeinError('NODE_DRAINING', { node: 'n-a' });

const haltedBy = (order: string, scope: string): SkeinError =>
  skeinError('HALTED', { order, scope, reason: 'a test', by: 'alice', atMs: 0 });

const answerOf = (error?: SkeinError): Result<RunAnswer> => {
  const ids = { runId: 'run-1' as RunId, correlationId: 'a'.repeat(32) as CorrelationId };
  const facts = { ...ids, attempts: error ? 0 : 1, usage: NO_USAGE, elapsedMs: 1 };
  const outcome = error ? { ok: false, error, ...facts } : { ok: true, value: 1, ...facts };
  return success({ outcome: outcome as RunAnswer['outcome'], spans: [] });
};
const away = failure('NODE_UNREACHABLE', { endpoint: 'a socket', reason: 'it closed' });

type Play = (onEvent: (event: RunEvent) => void) => Promise<Result<RunAnswer>> | Result<RunAnswer>;

/** Nodes named by their data directories; each run that comes to one is played by the next of its plays, the last for good. */
function world(plays: Readonly<Record<string, readonly Play[]>>) {
  const time = simulatedTime();
  const states = new Map<string, NodeState>(Object.keys(plays).map((name) => [name, 'ready']));
  const listeners = new Set<() => void>();
  const asked: string[] = [];
  const turns: Record<string, number> = {};
  const group = {
    nodes: () =>
      Array.from(states, ([name, state]) => ({ name, state, dataDir: name }) as GroupNode),
    onChange: (changed: () => void) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
  const runs = new GroupRuns(group, time, (dataDir) => ({
    run: async (_request, onEvent) => {
      asked.push(dataDir);
      const turn = (turns[dataDir] ?? -1) + 1;
      turns[dataDir] = turn;
      const mine = plays[dataDir] ?? [];
      return (mine[turn] ?? mine.at(-1))?.(onEvent) ?? away;
    },
  }));
  const set = (name: string, state: NodeState): void => {
    states.set(name, state);
    for (const changed of [...listeners]) changed();
  };
  return { runs, time, asked, set, listeners };
}

const nothing = (): void => undefined;

describe('runs of a group', () => {
  it('go to the ready node with the fewest', async () => {
    const never = () => new Promise<Result<RunAnswer>>(nothing);
    const { runs, asked, set } = world({ a: [never], b: [never], c: [never] });
    set('c', 'draining');
    for (let run = 0; run < 4; run++) void runs.run(REQUEST, nothing);
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
  });

  it.each([
    ['drains', () => answerOf(DRAINING)],
    ['is full', () => answerOf(skeinError('OVERLOADED', { reason: '64 runs are active' }))],
    ['closed the connection before the run began', () => away],
    ['is halted alone', () => answerOf(haltedBy('h-1', 'node n-a'))],
    ['has not read the halt orders yet', () => answerOf(haltedBy('lease', 'everything'))],
  ] as const)('go to the next node when one %s', async (_what, play) => {
    const { runs, asked } = world({ a: [play], b: [() => answerOf()] });
    expect(await runs.run(REQUEST, nothing)).toMatchObject({ value: { outcome: { ok: true } } });
    expect(asked).toEqual(['a', 'b']);
  });

  it('that began are begun once: when the node ends, that is the answer', async () => {
    const cut: Play = (onEvent) => {
      onEvent(EVENT);
      return away;
    };
    const { runs, asked } = world({ a: [cut], b: [() => answerOf()] });
    const seen: RunEvent[] = [];
    expect(await runs.run(REQUEST, (event) => seen.push(event))).toMatchObject({
      error: { code: 'PEER_LOST', details: { peer: 'a' } },
    });
    expect({ asked, seen }).toEqual({ asked: ['a'], seen: [EVENT] });
  });

  it('that failed by themselves are not tried elsewhere', async () => {
    const error = skeinError('SKILL_NOT_FOUND', { skill: 'hello' });
    const { runs, asked } = world({ a: [() => answerOf(error)], b: [() => answerOf()] });
    expect(await runs.run(REQUEST, nothing)).toMatchObject({ value: { outcome: { error } } });
    expect(asked).toEqual(['a']);
  });

  it('that are halted everywhere are over at once', async () => {
    const error = haltedBy('h-1', 'everything');
    const { runs, asked } = world({ a: [() => answerOf(error)], b: [() => answerOf()] });
    expect(await runs.run(REQUEST, nothing)).toMatchObject({ value: { outcome: { error } } });
    expect(asked).toEqual(['a']);
  });

  it('wait while no node is ready, and go on as soon as one is', async () => {
    const { runs, set, time, asked, listeners } = world({ a: [() => answerOf()] });
    set('a', 'starting');
    const run = runs.run(REQUEST, nothing);
    await time.advance(5_000);
    expect({ waiting: runs.waiting, asked }).toEqual({ waiting: 1, asked: [] });
    set('a', 'ready');
    expect(await run).toMatchObject({ ok: true });
    expect({ waiting: runs.waiting, listeners: listeners.size }).toEqual({
      waiting: 0,
      listeners: 0,
    });
  });

  it('wait no longer than their patience, and no more of them than there is room', async () => {
    const { runs, time, set, asked } = world({ a: [() => answerOf(DRAINING)] });
    const passedOver = runs.run(REQUEST, nothing);
    await time.advance(31_000);
    expect(await passedOver).toMatchObject({
      error: { code: 'OVERLOADED', details: { reason: DRAINING.message } },
    });
    expect(asked.length).toBeGreaterThan(100);
    set('a', 'starting');
    for (let run = 0; run < LIMITS.groupWaitingRuns; run++) void runs.run(REQUEST, nothing);
    await time.settle();
    expect(runs.waiting).toBe(LIMITS.groupWaitingRuns);
    expect(await runs.run(REQUEST, nothing)).toMatchObject({ error: { code: 'OVERLOADED' } });
  });
});
