/** What must happen now and then to nodes that know of each other and own keys; some of it only shows over several facts. */
import type { Fact } from './checker.ts';

export const CLUSTER_SOMETIMES = [
  'a member was suspected',
  'a member refuted a suspicion',
  'a false suspicion was taken back',
  'a living member was declared dead',
  'a living member was taken back',
  'a dead member was declared dead',
  'a key was handed over',
  'a lease ran out',
  'a lease was found to be another’s',
  'an owner stopped before the next began',
  'an owner was held back by its lease',
  'a dead owner was followed',
  'a late write was refused',
  'a stale owner was asked',
  'a client was served',
  'the state lost writes',
] as const;

export type ClusterSometimes = (typeof CLUSTER_SOMETIMES)[number];

interface Ended {
  readonly copy: string;
  readonly isLost: boolean;
}

const lifeOf = (copy: string): string => copy.split('/', 1)[0] as string;
const nodeOf = (copy: string): string => copy.split('#', 1)[0] as string;
const NOTHING: readonly ClusterSometimes[] = [];

export class ClusterMarks {
  readonly #living = new Set<string>();
  readonly #status = new Map<string, string>();
  readonly #lost = new Set<string>();
  /** Copies that got as far as to read what is there. */
  readonly #active = new Set<string>();
  #isEnding = false;
  /** The copy of each key that began last, and the one that ended last. */
  readonly #began = new Map<string, string>();
  readonly #ended = new Map<string, Ended>();

  hear(fact: Fact): readonly ClusterSometimes[] {
    switch (fact.kind) {
      case 'node began':
        this.#living.add(fact.node);
        return NOTHING;
      case 'node ended':
        this.#living.delete(fact.node);
        return NOTHING;
      case 'member seen':
        return this.#seen(fact.by, fact.node, fact.status);
      case 'lease lost':
        this.#lost.add(fact.copy);
        return [
          fact.reason.includes('another') ? 'a lease was found to be another’s' : 'a lease ran out',
        ];
      case 'copy began':
        return this.#follows(fact.key, fact.copy);
      case 'copy ended': {
        const isLost = this.#lost.has(fact.copy);
        for (const [key, copy] of this.#began)
          if (copy === fact.copy) this.#ended.set(key, { copy, isLost });
        return NOTHING;
      }
      case 'resource read':
        this.#active.add(fact.copy);
        return NOTHING;
      case 'phase':
        this.#isEnding = fact.phase === 'ending';
        return NOTHING;
      case 'held back':
        return ['an owner was held back by its lease'];
      case 'write refused':
        return ['a late write was refused'];
      case 'stale owner asked':
        return ['a stale owner was asked'];
      case 'acknowledged':
        return ['a client was served'];
      case 'state lost writes':
        return ['the state lost writes'];
      default:
        return NOTHING;
    }
  }

  #seen(by: string, node: string, status: string): readonly ClusterSometimes[] {
    const before = this.#status.get(`${by} ${node}`);
    this.#status.set(`${by} ${node}`, status);
    // What it says of itself after the first time says that something else was said.
    if (nodeOf(by) === node)
      return before === undefined ? NOTHING : ['a member refuted a suspicion'];
    const isLiving = [...this.#living].some((life) => nodeOf(life) === node);
    if (status === 'suspect') return ['a member was suspected'];
    if (status === 'dead')
      return [isLiving ? 'a living member was declared dead' : 'a dead member was declared dead'];
    if (status === 'alive' && isLiving && before === 'suspect')
      return ['a false suspicion was taken back'];
    return status === 'alive' && before === 'dead' ? ['a living member was taken back'] : NOTHING;
  }

  #follows(key: string, copy: string): readonly ClusterSometimes[] {
    const last = this.#began.get(key);
    this.#began.set(key, copy);
    if (last === undefined || nodeOf(last) === nodeOf(copy)) return NOTHING;
    if (!this.#living.has(lifeOf(last))) return ['a dead owner was followed'];
    const ended = this.#ended.get(key);
    if (ended?.copy !== last || !this.#active.has(last) || this.#isEnding) return NOTHING;
    return [ended.isLost ? 'an owner stopped before the next began' : 'a key was handed over'];
  }
}
