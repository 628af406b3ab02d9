/** A first-in-first-out queue in a ring that doubles when full. Push and shift allocate nothing between doublings. */
const FIRST_SLOTS = 8;

export class RingQueue<T> {
  #slots: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    return item;
  }

  /** Takes everything out, oldest first. */
  drain(): T[] {
    const items: T[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }

  #grow(): void {
    const larger = new Array<T | undefined>(Math.max(FIRST_SLOTS, this.#slots.length * 2));
    for (let i = 0; i < this.#length; i++) {
      larger[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    }
    this.#slots = larger;
    this.#head = 0;
  }
}
