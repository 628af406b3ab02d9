/** The children of one actor, in the order they were started; they are stopped in the reverse order, one after the other. */
import type { AnyDefinition } from './actor.ts';
import type { ActorRef } from './actor-ref.ts';

/** A definition by name, so that another thread can load it. */
export interface ActorModule {
  /** An ES module by absolute URL. */
  readonly url: string;
  /** The export that holds the definition; default `default`. */
  readonly exportName?: string;
}

export type Origin =
  | { readonly kind: 'local'; readonly definition: AnyDefinition; readonly args: unknown }
  | { readonly kind: 'module'; readonly module: ActorModule; readonly args: unknown };

export interface Child {
  readonly ref: ActorRef;
  readonly origin: Origin;
  /** The thread it lived on is gone; a restart has to spawn it again there. */
  isLost: boolean;
}

export class Children {
  readonly #byName = new Map<string, Child>();
  #stopping: ActorRef | undefined;

  get size(): number {
    return this.#byName.size;
  }

  add(child: Child): void {
    this.#byName.set(child.ref.name, child);
  }

  /** The child behind a ref of the current incarnation; a stale ref finds nothing. */
  find(ref: ActorRef): Child | undefined {
    const child = this.#byName.get(ref.name);
    return child?.ref.incarnation === ref.incarnation ? child : undefined;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  remove(ref: ActorRef): void {
    if (this.find(ref)) this.#byName.delete(ref.name);
    if (this.#stopping?.incarnation === ref.incarnation) this.#stopping = undefined;
  }

  list(): readonly Child[] {
    return [...this.#byName.values()];
  }

  /** The next child to be told to stop: the youngest, unless one is being waited for. */
  nextToStop(): Child | undefined {
    if (this.#stopping) return undefined;
    const youngest = this.list().at(-1);
    this.#stopping = youngest?.ref;
    return youngest;
  }
}
