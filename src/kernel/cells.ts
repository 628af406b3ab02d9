/**
 * The actors of one thread by path, for messages that bring an address. A local ref knows its cell, so an actor gets an
 * entry only when it has a name of its own or when its address leaves the thread; another is found by walking the tree.
 */
import type { Cell } from './cell.ts';

export class Cells {
  readonly #byPath = new Map<string, Cell>();
  /** Those whose parent lives on another thread: with the root, where every walk begins. */
  readonly #adopted = new Set<Cell>();
  #root: Cell | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(cell: Cell): void {
    this.#size++;
    if (!cell.parent) this.#root = cell;
    else if (cell.parent.thread !== cell.ref.thread) this.#adopted.add(cell);
    if (cell.ref.label !== undefined) this.publish(cell);
  }

  /** Its address is about to be known elsewhere. */
  publish(cell: Cell): void {
    if (cell.isPublished || cell.lifecycle === 'stopped') return;
    cell.isPublished = true;
    this.#byPath.set(cell.ref.path, cell);
  }

  find(path: string): Cell | undefined {
    return this.#byPath.get(path) ?? this.#walk(path);
  }

  remove(cell: Cell): void {
    this.#size--;
    this.#adopted.delete(cell);
    if (!cell.isPublished) return;
    const { path } = cell.ref;
    if (this.#byPath.get(path) === cell) this.#byPath.delete(path);
  }

  /** Parents before their children, elder siblings before younger. */
  list(): readonly Cell[] {
    const all: Cell[] = this.#root ? [this.#root, ...this.#adopted] : [...this.#adopted];
    for (let at = 0; at < all.length; at++) all.push(...(all[at] as Cell).localChildren());
    return all;
  }

  /** Only generated names can be missing in the table. */
  #walk(path: string): Cell | undefined {
    const cut = path.lastIndexOf('/');
    if (cut < 0 || path[cut + 1] !== '$') return undefined;
    const name = path.slice(cut + 1);
    return this.find(path.slice(0, cut))
      ?.localChildren()
      .find(({ ref }) => ref.name === name);
  }
}
