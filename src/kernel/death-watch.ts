/** Who is to be told of this actor's end, and whose end it wants to be told of. By address and incarnation. */
import type { ActorRef } from './actor-ref.ts';

const key = (ref: ActorRef): string => `${ref.address}#${ref.incarnation}`;

export class DeathWatch {
  #watchers: Map<string, ActorRef> | undefined;
  #watched: Map<string, ActorRef> | undefined;

  add(watcher: ActorRef): void {
    this.#watchers ??= new Map();
    this.#watchers.set(key(watcher), watcher);
  }

  remove(watcher: ActorRef): void {
    this.#watchers?.delete(key(watcher));
  }

  watchers(): Iterable<ActorRef> {
    return this.#watchers?.values() ?? [];
  }

  begin(ref: ActorRef): void {
    this.#watched ??= new Map();
    this.#watched.set(key(ref), ref);
  }

  /** @returns whether it was watched: the news of an end is told once. */
  end(ref: ActorRef): boolean {
    return this.#watched?.delete(key(ref)) ?? false;
  }

  watchedOn(node: string, thread: string): readonly ActorRef[] {
    const isThere = (ref: ActorRef) => ref.thread === thread && ref.node === node;
    return [...(this.#watched?.values() ?? [])].filter(isThere);
  }
}
