/**
 * Steps that nodes do for each other: what may be done once is done at most once, wherever it was tried; what is done under a key has
 * one key a task, whatever the nodes; a step that is said to be done is done, with the right answer; one node does one attempt once.
 * Nobody is told that it is not known, unless its node was really lost; and nobody waits for a node that is.
 */
import type { Checker, Report } from '../checker.ts';
import type { Effects } from '../delegation-facts.ts';

interface Task {
  readonly effects: Effects;
  readonly attempts: number;
  readonly beganMs: number;
  open: number;
  done: number;
  readonly keys: Set<string>;
  /** How often it began on each node. */
  readonly begun: Map<string, number>;
}

/** Longer than any run may take, and its last ask. */
const RUN_MS_MAX = 60_000;

export function delegationChecker(report: Report): Checker {
  const tasks = new Map<string, Task>();
  /** When a life of each node ended last. */
  const endedMs = new Map<string, number>();
  let isCalm = false;
  const wrong = (what: string): void => report('delegation', what);
  const end = (
    name: string,
    task: Task,
    {
      code,
      isRight,
      lost,
    }: { code: string | undefined; isRight: boolean; lost: string | undefined },
  ): void => {
    if (--task.open < 0) wrong(`${name} ended more often than it was asked for`);
    if (code === 'INTERNAL') wrong(`${name} ended with a defect`);
    if (code === undefined && !isRight) wrong(`${name} ended with a wrong answer`);
    if (code === undefined && task.begun.size === 0) wrong(`${name} was said to be done by nobody`);
    const isDone = task.effects === 'none' || task.done > 0;
    if (code === undefined && !isDone) wrong(`${name} was said to be done, and is not`);
    if (lost === undefined) return;
    if (task.effects !== 'once') wrong(`${name} may be done again, and nobody did`);
    if (isCalm && (endedMs.get(lost) ?? -1) < task.beganMs)
      wrong(`${name} is not known to be done, though ${lost} was not lost`);
  };
  return {
    name: 'delegation',
    hear: (fact, nowMs) => {
      switch (fact.kind) {
        case 'phase':
          isCalm = fact.phase === 'calm' || fact.phase === 'failing';
          return;
        case 'task began': {
          const { task, effects, attempts, calls } = fact;
          const none = { done: 0, keys: new Set<string>(), begun: new Map<string, number>() };
          return void tasks.set(task, { effects, attempts, beganMs: nowMs, open: calls, ...none });
        }
        case 'task performed': {
          const task = tasks.get(fact.task);
          if (!task) return wrong(`${fact.by} does ${fact.task}, which nobody asked for`);
          const times = (task.begun.get(fact.by) ?? 0) + 1;
          task.begun.set(fact.by, times);
          if (times > task.attempts) wrong(`${fact.by} began ${fact.task} ${times} times`);
          return;
        }
        case 'task effect': {
          const task = tasks.get(fact.task);
          if (!task) return wrong(`${fact.task} was done, which nobody asked for`);
          task.keys.add(fact.key);
          if (!fact.isRepeat) task.done++;
          if (fact.key === '') wrong(`${fact.task} was done without a key`);
          if (task.keys.size > 1) wrong(`${fact.task} has the keys ${[...task.keys].join(', ')}`);
          if (task.done > 1) report('effects', `${fact.task} was done ${task.done} times`);
          return;
        }
        case 'task ended': {
          const task = tasks.get(fact.task);
          if (!task) return wrong(`${fact.task} ended unbegun`);
          return end(fact.task, task, fact);
        }
        case 'tasks due':
          for (const [name, task] of tasks)
            if (task.open > 0) wrong(`${name} has not ended ${fact.since}`);
          return;
        case 'node ended': {
          const [node = ''] = fact.node.split('#', 1);
          endedMs.set(node, nowMs);
          for (const [name, task] of tasks) if (name.startsWith(`${fact.node} `)) task.open = 0;
        }
      }
    },
    finish: (nowMs) => {
      for (const [name, { open, beganMs }] of tasks)
        if (open > 0 && nowMs - beganMs > RUN_MS_MAX) wrong(`${name} never ended`);
    },
  };
}
