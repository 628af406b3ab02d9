/**
 * The children of one actor, in the order they were started; they are stopped in the reverse order, one after the other.
 * They form a linked list of themselves, so that a child costs its parent no entry; only those with a name of their own, and
 * those on other threads, are in a table too.
 */
import type { AnyDefinition, ChildExit } from './actor.ts';
import type { ActorRef } from './actor-ref.ts';

/** A definition by name, so that another thread can load it. */
export interface ActorModule {
  /** An ES module by absolute URL. */
  readonly url: string;
  /** The export that holds the definition; default `default`. */
  readonly exportName?: string;
}

export interface ModuleOrigin {
  readonly kind: 'module';
  readonly module: ActorModule;
  readonly args: unknown;
}
export type Origin =
  | { readonly kind: 'local'; readonly definition: AnyDefinition; readonly args: unknown }
  | ModuleOrigin;

/** A child as its parent sees it: the cell itself, or what stands here for one on another thread. */
export abstract class Child {
  abstract readonly ref: ActorRef;
  /** The thread it lived on is gone; a restart has to spawn it again there. */
  abstract isLost: boolean;
  siblings: Children | undefined = undefined;
  elder: Child | undefined = undefined;
  younger: Child | undefined = undefined;
}

export class FarChild extends Child {
  readonly ref: ActorRef;
  readonly origin: ModuleOrigin;
  isLost = false;

  constructor(ref: ActorRef, origin: ModuleOrigin) {
    super();
    this.ref = ref;
    this.origin = origin;
  }
}

export class Children {
  /** The failure that the parent passed up, and those that came since: they wait until somebody has judged the parent. */
  #held: ChildExit[] = [];
  #byName: Map<string, Child> | undefined;
  #youngest: Child | undefined;
  #stopping: Child | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(child: Child): void {
    const { ref } = child;
    child.siblings = this;
    child.elder = this.#youngest;
    if (this.#youngest) this.#youngest.younger = child;
    this.#youngest = child;
    this.#size++;
    if (ref.label === undefined && !(child instanceof FarChild)) return;
    this.#byName ??= new Map();
    this.#byName.set(ref.name, child);
  }

  /** The child behind a ref of the current incarnation; a stale ref finds nothing. */
  find(ref: ActorRef): Child | undefined {
    const child = ref.cell?.siblings === this ? ref.cell : this.named(ref.name);
    return child?.ref.incarnation === ref.incarnation ? child : undefined;
  }

  /** By name; a generated one is looked for along the list, which only a ref that was written by hand needs. */
  named(name: string): Child | undefined {
    const known = this.#byName?.get(name);
    if (known || !name.startsWith('$')) return known;
    return this.list().find(({ ref }) => ref.name === name);
  }

  has(name: string): boolean {
    return this.#byName?.has(name) ?? false;
  }

  remove(child: Child): void {
    if (child.siblings !== this) return;
    const { elder, younger } = child;
    if (younger) younger.elder = elder;
    else this.#youngest = elder;
    if (elder) elder.younger = younger;
    child.siblings = undefined;
    child.elder = undefined;
    child.younger = undefined;
    // Who keeps the ref of an actor that has ended must not keep the actor.
    child.ref.cell = undefined;
    this.#size--;
    if (this.#stopping === child) this.#stopping = undefined;
    if (child.ref.label !== undefined || child instanceof FarChild)
      this.#byName?.delete(child.ref.name);
  }

  /** Oldest first. */
  list(): readonly Child[] {
    const all: Child[] = [];
    for (let each = this.#youngest; each; each = each.elder) all.push(each);
    return all.reverse();
  }

  hold(exit: ChildExit): void {
    this.#held.push(exit);
  }

  takeHeld(): readonly ChildExit[] {
    return this.#held.splice(0);
  }

  /** The next child to be told to stop: the youngest, unless one is being waited for. */
  nextToStop(): Child | undefined {
    if (this.#stopping) return undefined;
    this.#stopping = this.#youngest;
    return this.#youngest;
  }
}
