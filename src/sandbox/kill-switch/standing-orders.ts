/**
 * Which orders stand. What is known under an ID only grows: the order and its release each are one value that is chosen from all that
 * were ever seen by a total order, so merging is commutative, associative and idempotent, and copies agree whatever came first
 * (a join-semilattice: Shapiro et al., "Conflict-free Replicated Data Types", 2011). A release ends its order for good.
 */
import { type Json, type SkeinError, skeinError } from '../../contracts/index.ts';
import { canonicalJson } from '../canonical-json.ts';
import { describeScope, type HaltOrder, type HaltRecord } from './halt-order.ts';

export type HaltRecords = ReadonlyMap<string, HaltRecord>;

/** What is about to run; without a skill or a tenant, the node's work as a whole. */
export interface HaltSubject {
  readonly skill?: string;
  readonly tenant?: string;
}

/** Why something may not run now: HALTED, or undefined when it may. */
export type HaltJudge = (subject: HaltSubject) => SkeinError | undefined;

/** Under one ID. */
export function mergeRecords(a: HaltRecord, b: HaltRecord): HaltRecord {
  return { id: a.id, order: chosen(a.order, b.order), release: chosen(a.release, b.release) };
}

/** @returns `known` itself when `record` says nothing new */
export function withRecord(known: HaltRecords, record: HaltRecord): HaltRecords {
  const before = known.get(record.id);
  const after = before ? mergeRecords(before, record) : record;
  if (before && isSame(before, after)) return known;
  return new Map(known).set(record.id, after);
}

export const isSame = (a: HaltRecord, b: HaltRecord): boolean =>
  a.order === b.order && a.release === b.release
    ? true
    : canonicalJson(a as unknown as Json) === canonicalJson(b as unknown as Json);

/** The earlier; of two of one time, that whose text comes first. */
function chosen<T extends { readonly atMs: number }>(a: T | null, b: T | null): T | null {
  if (!a || !b || a === b) return a ?? b;
  if (a.atMs !== b.atMs) return a.atMs < b.atMs ? a : b;
  const [textA, textB] = [a, b].map((each) => canonicalJson(each as unknown as Json));
  return (textA as string) <= (textB as string) ? a : b;
}

/** Orders without a release, the oldest first. */
export const standingIn = (records: HaltRecords): readonly HaltOrder[] =>
  [...records.values()]
    .flatMap(({ order, release }) => (order && !release ? [order] : []))
    .sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));

/** The oldest order under which `subject` may not run on `node`. */
export const orderOver = (
  standing: readonly HaltOrder[],
  { skill, tenant }: HaltSubject,
  node: string,
): HaltOrder | undefined =>
  standing.find(({ scope }) => {
    switch (scope.kind) {
      case 'all':
        return true;
      case 'node':
        return scope.name === node;
      case 'skill':
        return scope.name === skill;
      case 'tenant':
        return scope.name === tenant;
    }
    return false;
  });

/** Skill and tenant of what the order ends; both undefined: all that the node runs. */
export const haltedError = ({ id, scope, reason, by, atMs }: HaltOrder): SkeinError =>
  skeinError('HALTED', { order: id, scope: describeScope(scope), reason, by, atMs });

/** Released records beyond `keep`, the oldest release first: a copy that forgets one halts again rather than runs. */
export const forgettable = (records: HaltRecords, keep: number): readonly string[] => {
  const released = [...records.values()].filter(({ release }) => release);
  const byAge = released.sort((a, b) => (a.release?.atMs ?? 0) - (b.release?.atMs ?? 0));
  return byAge.slice(0, Math.max(0, byAge.length - keep)).map(({ id }) => id);
};
