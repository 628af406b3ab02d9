/** What nobody of those who are tested says of themselves: what the store took, what turns there were, what clients were told. */
import { existsSync, readFileSync } from 'node:fs';
import type { StateChange } from '../../src/contracts/index.ts';

interface Taken {
  readonly holder: string;
  readonly nonce: string;
  readonly token: number;
  readonly version: number;
}

/** Hears every write that the store took, in its order. */
export class StoreChecker {
  readonly violations: string[] = [];
  writes = 0;
  /** Writes that came between two that were heard: the watch shows the last of quick ones. */
  missed = 0;
  failOvers = 0;
  readonly #last = new Map<string, Taken>();
  readonly #owners = new Map<string, string>();

  readonly hear = (change: StateChange): void => {
    if (change.kind !== 'entry') return;
    const { holder, token, version } = change.value as unknown as {
      readonly holder: string;
      readonly token: { readonly revision: number; readonly nonce: string };
      readonly version: number;
    };
    const taken = { holder, nonce: token.nonce, token: token.revision, version };
    const last = this.#last.get(change.key);
    // After NATS was away the watch begins again, with what it told before.
    if (last && last.token === token.revision && last.version === version) return;
    this.writes++;
    const epoch = `${change.key}@${taken.token}`;
    const writer = `${holder}/${taken.nonce}`;
    const owner = this.#owners.get(epoch) ?? writer;
    this.#owners.set(epoch, owner);
    if (owner !== writer) this.violations.push(`${epoch}: written by ${owner} and ${writer}`);
    this.#last.set(change.key, taken);
    if (!last) return;
    if (taken.token < last.token)
      this.violations.push(`${change.key}: token ${taken.token} after ${last.token}`);
    if (taken.holder !== last.holder) this.failOvers++;
    const isNewOwner = taken.token !== last.token;
    const steps = taken.version - last.version;
    if (steps < 0)
      this.violations.push(`${change.key}: version ${taken.version} after ${last.version}`);
    this.missed += Math.max(0, steps - (isNewOwner ? 0 : 1));
  };
}

interface Reign {
  readonly epoch: string;
  firstNs: bigint;
  lastNs: bigint;
}

/** Turns of one key under two tokens, in the nodes' own lines: no two reigns may overlap. */
export function overlaps(files: readonly string[]): {
  readonly turns: number;
  readonly activations: number;
  readonly violations: readonly string[];
} {
  const reigns = new Map<string, Map<string, Reign>>();
  let turns = 0;
  for (const file of files) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // What a killed process was writing has no end of line.
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
      const [key, token, nonce, at] = line.split(' ');
      if (!key || !at) continue;
      turns++;
      const atNs = BigInt(at);
      const ofKey = reigns.get(key) ?? new Map<string, Reign>();
      reigns.set(key, ofKey);
      const epoch = `${token}/${nonce}`;
      const reign = ofKey.get(epoch) ?? { epoch, firstNs: atNs, lastNs: atNs };
      ofKey.set(epoch, reign);
      if (atNs < reign.firstNs) reign.firstNs = atNs;
      if (atNs > reign.lastNs) reign.lastNs = atNs;
    }
  }
  const violations: string[] = [];
  let activations = 0;
  for (const [key, ofKey] of reigns) {
    const sorted = [...ofKey.values()].sort((a, b) => (a.firstNs < b.firstNs ? -1 : 1));
    activations += sorted.length;
    for (const [at, reign] of sorted.entries()) {
      const before = sorted[at - 1];
      if (before && before.lastNs >= reign.firstNs)
        violations.push(`${key}: ${before.epoch} and ${reign.epoch} act at once`);
    }
  }
  return { turns, activations, violations };
}

/** What clients were told of one key: counts that were acknowledged, asks that may have counted. */
export class AckLog {
  readonly #acked = new Map<string, Set<number>>();
  readonly #unknown = new Map<string, number>();
  readonly violations: string[] = [];
  acknowledged = 0;
  unknown = 0;
  notDelivered = 0;

  answered(key: string, count: number): void {
    this.acknowledged++;
    const counts = this.#acked.get(key) ?? new Set();
    this.#acked.set(key, counts);
    if (counts.has(count)) this.violations.push(`${key}: ${count} was acknowledged twice`);
    counts.add(count);
  }

  mayHaveCounted(key: string): void {
    this.unknown++;
    this.#unknown.set(key, (this.#unknown.get(key) ?? 0) + 1);
  }

  /** @returns how many acknowledged increments the final count has not got */
  settle(key: string, count: number): number {
    const acked = this.#acked.get(key) ?? new Set<number>();
    const most = acked.size + (this.#unknown.get(key) ?? 0);
    if (count > most) this.violations.push(`${key} counts ${count}, at most ${most} were asked`);
    const beyond = [...acked].filter((each) => each > count).length;
    return Math.max(beyond, acked.size - count, 0);
  }
}
