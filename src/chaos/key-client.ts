/**
 * A client of owned keys on one node: it asks the node that it asked last, or that its directory names, and when that one does not own
 * the key any more, or says nothing, looks again and asks once more for the same work, under the same name.
 */
import type { Ports } from '../contracts/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import type { Fact } from './checker.ts';
import { type AddReply, ownerAt } from './owned-key.ts';

export interface KeyClientOptions {
  /** Of the life of its node. */
  readonly name: string;
  readonly keys: readonly string[];
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly hear: (fact: Fact) => void;
  readonly isQuiet: () => boolean;
  /** The directory; it may be behind. */
  readonly ownerOf: (key: string) => string | undefined;
}

const EVERY_MS = 700;
const ASK_MS = 1_500;
const PAUSE_MS = 300;
const ATTEMPTS = 4;
const AT_ONCE_MAX = 4;

export class KeyClient {
  readonly #options: KeyClientOptions;
  readonly #routes = new Map<string, string>();
  #requests = 0;
  #active = 0;
  #isClosed = false;

  constructor(options: KeyClientOptions) {
    this.#options = options;
    this.#next();
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Has something done for the key. @returns whether it is known to be done */
  async request(key: string): Promise<boolean> {
    const { name, ownerOf, system, hear } = this.#options;
    const request = `${name} request ${++this.#requests}`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await this.#pause();
      const node = this.#routes.get(key) ?? ownerOf(key);
      if (node === undefined) continue;
      this.#routes.set(key, node);
      const asked = await system.ask(ownerAt(node, key), 'add', request, { timeoutMs: ASK_MS });
      if (asked.kind === 'answered' && (asked.value as AddReply) === 'done') {
        hear({ kind: 'acknowledged', request });
        return true;
      }
      this.#routes.delete(key);
      const isStale =
        asked.kind === 'answered' ||
        (asked.kind === 'not-delivered' && asked.error.code === 'ACTOR_NOT_FOUND');
      if (isStale) hear({ kind: 'stale owner asked', request, node });
    }
    return false;
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#options.ports.timers.after(PAUSE_MS, resolve);
    return promise;
  }

  #next(): void {
    const { ports, keys, isQuiet } = this.#options;
    const { random, timers } = ports;
    timers.after(-Math.log(1 - random.next()) * EVERY_MS, () => {
      if (this.#isClosed) return;
      const key = keys[Math.floor(random.next() * keys.length)];
      if (key !== undefined && !isQuiet() && this.#active < AT_ONCE_MAX) void this.#one(key);
      this.#next();
    });
  }

  async #one(key: string): Promise<void> {
    this.#active++;
    await this.request(key);
    this.#active--;
  }
}
