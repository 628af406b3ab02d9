/** What must happen now and then to steps that nodes do for each other. */
import type { Fact } from './checker.ts';

export const DELEGATION_SOMETIMES = [
  'a step was done on another node',
  'a step was done by another after its node was lost',
  'an offer was refused',
  'a step came twice and was done once',
  'a key of a step was known outside',
  'a step ended unknown',
] as const;

export type DelegationSometimes = (typeof DELEGATION_SOMETIMES)[number];

interface Task {
  readonly calls: number;
  readonly begunBy: string[];
  succeeded: number;
}

const nodeOf = (name: string): string => name.split('#', 1)[0] as string;
const NOTHING: readonly DelegationSometimes[] = [];

export class DelegationMarks {
  readonly #tasks = new Map<string, Task>();
  readonly #ended = new Set<string>();

  hear(fact: Fact): readonly DelegationSometimes[] {
    switch (fact.kind) {
      case 'node ended':
        this.#ended.add(fact.node);
        return NOTHING;
      case 'task began':
        this.#tasks.set(fact.task, { calls: fact.calls, begunBy: [], succeeded: 0 });
        return NOTHING;
      case 'task performed':
        this.#tasks.get(fact.task)?.begunBy.push(fact.by);
        return NOTHING;
      case 'task effect':
        return fact.isRepeat ? ['a key of a step was known outside'] : NOTHING;
      case 'offer refused':
        return ['an offer was refused'];
      case 'task ended':
        if (fact.code === 'DELEGATION_UNKNOWN') return ['a step ended unknown'];
        return fact.code === undefined ? this.#succeeded(fact.task) : NOTHING;
      default:
        return NOTHING;
    }
  }

  #succeeded(name: string): readonly DelegationSometimes[] {
    const task = this.#tasks.get(name);
    if (!task) return NOTHING;
    task.succeeded++;
    const { begunBy, calls, succeeded } = task;
    const others = begunBy.filter((by) => nodeOf(by) !== nodeOf(name));
    const lost = others.find((by) => this.#ended.has(by));
    const isMoved = lost !== undefined && others.some((by) => nodeOf(by) !== nodeOf(lost));
    return [
      ...(others.length > 0 ? (['a step was done on another node'] as const) : NOTHING),
      ...(isMoved ? (['a step was done by another after its node was lost'] as const) : NOTHING),
      ...(calls > 1 && succeeded === calls && begunBy.length === 1
        ? (['a step came twice and was done once'] as const)
        : NOTHING),
    ];
  }
}
