/** What must happen now and then to virtual actors. */
import type { Fact } from './checker.ts';

export const VIRTUAL_SOMETIMES = [
  'an activation moved',
  'an activation followed a dead one',
  'an actor was passivated and came back',
  'a stale route was met',
  'a reminder fired on another node',
] as const;

export type VirtualSometimes = (typeof VIRTUAL_SOMETIMES)[number];

const nodeOf = (name: string): string => name.split('#', 1)[0] as string;
const lifeOf = (copy: string): string => copy.split('/', 1)[0] as string;
const NOTHING: readonly VirtualSometimes[] = [];

export class VirtualMarks {
  readonly #dead = new Set<string>();
  /** The activation of each key that began last. */
  readonly #last = new Map<string, string>();
  readonly #passivated = new Set<string>();
  readonly #reminderBy = new Map<string, string>();

  hear(fact: Fact): readonly VirtualSometimes[] {
    switch (fact.kind) {
      case 'node ended':
        this.#dead.add(fact.node);
        return NOTHING;
      case 'actor given up':
        if (fact.reason === 'it was idle') this.#passivated.add(fact.key);
        return NOTHING;
      case 'activation began':
        return this.#began(fact.key, fact.copy);
      case 'stale route':
        return ['a stale route was met'];
      case 'reminder set':
        this.#reminderBy.set(fact.key, nodeOf(fact.by));
        return NOTHING;
      case 'reminder fired': {
        const setBy = this.#reminderBy.get(fact.key);
        const isOther = setBy !== undefined && setBy !== nodeOf(fact.by);
        return isOther ? ['a reminder fired on another node'] : NOTHING;
      }
      default:
        return NOTHING;
    }
  }

  #began(key: string, copy: string): readonly VirtualSometimes[] {
    const last = this.#last.get(key);
    this.#last.set(key, copy);
    const isBack = this.#passivated.delete(key);
    if (last === undefined) return NOTHING;
    const isDead = this.#dead.has(lifeOf(last));
    return [
      ...(isBack ? (['an actor was passivated and came back'] as const) : NOTHING),
      ...(isDead ? (['an activation followed a dead one'] as const) : NOTHING),
      ...(!isDead && nodeOf(last) !== nodeOf(copy) ? (['an activation moved'] as const) : NOTHING),
    ];
  }
}
