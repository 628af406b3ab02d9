/** Every activation of every key, by true time: who holds what at this moment. No node knows this much. */
import type { Hold } from '../cluster/index.ts';
import type { SimulatedLife } from '../host/index.ts';
import type { Fact } from './checker.ts';

export interface Copy {
  readonly copy: string;
  readonly key: string;
  readonly life: SimulatedLife;
  readonly hold: Pick<Hold, 'token' | 'remainingMs'>;
}

export class Copies {
  readonly #hear: (fact: Fact) => void;
  readonly #copies = new Map<string, Set<Copy>>();
  readonly #told = new Map<string, string>();

  constructor(hear: (fact: Fact) => void) {
    this.#hear = hear;
  }

  /** @returns what ends it */
  begin(copy: Copy): () => void {
    const { key, hold, life } = copy;
    const copies = this.#copies.get(key) ?? new Set();
    this.#copies.set(key, copies.add(copy));
    this.#hear({ kind: 'copy began', copy: copy.copy, key, ...hold.token });
    this.look(key);
    life.onDeath(() => copies.delete(copy) && this.look(key));
    return () => {
      if (!copies.delete(copy)) return;
      this.#hear({ kind: 'copy ended', copy: copy.copy });
      this.look(key);
    };
  }

  /** Tells who holds the key, if that has changed. */
  look(key: string): void {
    const holding = [...(this.#copies.get(key) ?? [])].filter(
      ({ life, hold }) => life.isAlive && hold.remainingMs() > 0,
    );
    const copies = holding.map(({ copy }) => copy);
    const told = copies.join(' ');
    if (told === (this.#told.get(key) ?? '')) return;
    this.#told.set(key, told);
    this.#hear({ kind: 'held', key, copies });
  }

  lookAtAll(): void {
    for (const key of this.#copies.keys()) this.look(key);
  }
}
