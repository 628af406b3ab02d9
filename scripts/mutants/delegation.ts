/** The bugs in steps on other nodes that are planted, for the profile `cluster`. */
import type { Mutant } from './mutant.ts';

const BUGS: readonly Omit<Mutant, 'profile'>[] = [
  {
    name: 'delegation: the key of a task changes with the node',
    file: 'actors/delegation/delegation.ts',
    from: "'perform', taskMessage(task), {",
    to: "'perform', taskMessage({ ...task, request: { ...task.request, task: `${task.task}@${node}` } }), {",
  },
  {
    name: 'delegation: what may be done once is tried on the next node',
    file: 'actors/delegation/delegation.ts',
    from: "invocation.skill.manifest.effects === 'once'",
    to: "invocation.skill.manifest.effects === 'read'",
  },
  {
    name: 'delegation: a node that is lost is waited for',
    file: 'actors/delegation/losses.ts',
    from: 'for (const lose of [...(this.#waiting.get(node) ?? [])]) lose(reason);',
    to: 'void reason;\n    this.#waiting.delete(node);',
  },
  {
    name: 'delegation: a task that comes twice is done twice',
    file: 'actors/delegation/delegate-actor.ts',
    from: 'const known = task.request.tape ? undefined : state.answers.get(key);',
    to: 'const known = undefined as Promise<string> | undefined;',
  },
  {
    name: 'delegation: room that was kept for a task is never free again',
    file: 'actors/delegation/delegate-actor.ts',
    from: 'if (!state.reserved.delete(task.task)) return',
    to: 'if (!state.reserved.has(task.task)) return',
  },
  {
    name: 'delegation: the store of the node that does a step is used',
    file: 'actors/delegation/delegate-actor.ts',
    from: 'skill, tenant, kv };',
    to: 'skill, tenant };',
  },
];

export const DELEGATION: readonly Mutant[] = BUGS.map((bug) => ({ ...bug, profile: 'cluster' }));
