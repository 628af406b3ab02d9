/** What came to a machine from each other one: how much, in which order, how often, and when first after a given moment. */
import type { Received } from './commands.ts';
import { nowMs } from './now.ts';

interface Account {
  count: number;
  last: number;
  repeated: number;
  missing: number;
  workedTwice: number;
  readonly worked: Set<number>;
}

interface Wait {
  readonly sinceMs: number;
  readonly open: Set<string>;
  readonly heardMs: Record<string, number>;
  readonly settle: (heardMs: Readonly<Record<string, number>>) => void;
}

export class Ledger {
  readonly #accounts = new Map<string, Account>();
  readonly #waits = new Set<Wait>();

  took(from: string, n: number, sentMs: number): void {
    const account = this.#of(from);
    account.count++;
    if (n <= account.last) account.repeated++;
    else account.missing += n - account.last - 1;
    account.last = Math.max(account.last, n);
    for (const wait of this.#waits) {
      if (sentMs < wait.sinceMs || !wait.open.delete(from)) continue;
      wait.heardMs[from] = nowMs();
      if (wait.open.size > 0) continue;
      this.#waits.delete(wait);
      wait.settle(wait.heardMs);
    }
  }

  /** @returns the number, as proof that it was run */
  worked(from: string, n: number): number {
    const account = this.#of(from);
    if (account.worked.has(n)) account.workedTwice++;
    account.worked.add(n);
    return n;
  }

  hasWorked(from: string, n: number): boolean {
    return this.#of(from).worked.has(n);
  }

  /** Settles when all have been heard with something that they sent after `sinceMs`. */
  heardSince(sinceMs: number, peers: readonly string[]): Promise<Readonly<Record<string, number>>> {
    return new Promise((settle) => {
      this.#waits.add({ sinceMs, open: new Set(peers), heardMs: {}, settle });
    });
  }

  report(): Readonly<Record<string, Received>> {
    return Object.fromEntries(
      [...this.#accounts].map(([from, { worked, ...rest }]) => [
        from,
        { ...rest, worked: worked.size },
      ]),
    );
  }

  #of(from: string): Account {
    const known = this.#accounts.get(from);
    if (known) return known;
    const account = {
      count: 0,
      last: 0,
      repeated: 0,
      missing: 0,
      workedTwice: 0,
      worked: new Set<number>(),
    };
    this.#accounts.set(from, account);
    return account;
  }
}
