/**
 * What every node knows of one kind, from a watch of its own: which nodes host it, and which keys have a reminder to come. Who
 * owns a key is known by the watch of the leases; together they are a full copy of the directory on every node, so that a message
 * takes one hop.
 */
import type { Json, Result, SharedState, StateChange } from '../../contracts/index.ts';
import { type DueEntry, readDueEntry } from './due-index.ts';

export const hostKey = (kind: string, node: string): string => `dir.${kind}.host.${node}`;
export const duePrefix = (kind: string): string => `dir.${kind}.due.`;

export class Directory {
  readonly #hostPrefix: string;
  readonly #duePrefix: string;
  readonly #onChange: () => void;
  #hosts = new Map<string, Json>();
  #due = new Map<string, DueEntry>();
  #told: { hosts: Map<string, Json>; due: Map<string, DueEntry> } | undefined;
  #isKnown = false;

  constructor(kind: string, onChange: () => void) {
    this.#hostPrefix = hostKey(kind, '');
    this.#duePrefix = duePrefix(kind);
    this.#onChange = onChange;
  }

  /** @returns a function that ends it. Failures: those of `SharedState.watch` */
  watch(state: SharedState, kind: string): Result<() => void> {
    return state.watch(`dir.${kind}.`, (change) => this.#take(change));
  }

  /** Whether it was told everything once; before that it knows too little to place anything. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  hosts(node: string): boolean {
    return this.#hosts.has(node);
  }

  /** Hosts that last said so before `wallMs`. */
  hostsBefore(wallMs: number): readonly string[] {
    return [...this.#hosts].flatMap(([node, value]) => {
      const { atMs } = Object(value) as { readonly atMs?: unknown };
      return typeof atMs === 'number' && atMs >= wallMs ? [] : [node];
    });
  }

  /** When the key has its next reminder, wall clock; the record may say later. */
  dueAtMs(stateKey: string): number | undefined {
    return this.#due.get(stateKey)?.atMs;
  }

  /** Keys whose time has come, at most `max`. */
  dueBy(nowMs: number, max: number): readonly DueEntry[] {
    const found: DueEntry[] = [];
    for (const entry of this.#due.values()) {
      if (found.length >= max) break;
      if (entry.atMs <= nowMs) found.push(entry);
    }
    return found;
  }

  get hasDue(): boolean {
    return this.#due.size > 0;
  }

  #take(change: StateChange): void {
    switch (change.kind) {
      case 'begin':
        this.#told = { hosts: new Map(), due: new Map() };
        return;
      case 'entry':
        this.#put(change.key, change.value);
        break;
      case 'deleted':
        this.#hosts.delete(change.key.slice(this.#hostPrefix.length));
        this.#due.delete(change.key);
        this.#told?.hosts.delete(change.key.slice(this.#hostPrefix.length));
        this.#told?.due.delete(change.key);
        break;
      case 'caught-up':
        if (this.#told) {
          this.#hosts = this.#told.hosts;
          this.#due = this.#told.due;
        }
        this.#told = undefined;
        this.#isKnown = true;
        break;
      case 'lost':
        // What was known is the best there is: leases say who owns what.
        return;
    }
    if (this.#told === undefined) this.#onChange();
  }

  #put(key: string, value: Json): void {
    const targets = [{ hosts: this.#hosts, due: this.#due }, ...(this.#told ? [this.#told] : [])];
    for (const { hosts, due } of targets) {
      if (key.startsWith(this.#hostPrefix)) hosts.set(key.slice(this.#hostPrefix.length), value);
      const entry = key.startsWith(this.#duePrefix) ? readDueEntry(value) : undefined;
      if (entry) due.set(key, entry);
    }
  }
}
