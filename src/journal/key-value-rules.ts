/**
 * The rules of the key-value store, without its storage: bounds, revisions, compare-and-set. Pure. Both bodies of the port
 * ask here, so they decide alike.
 *
 * A deleted key keeps its revision, so that a writer who saw the key before cannot mistake its successor for it. To bound
 * that memory, a space forgets its deleted keys when it has `kvKeysPerTenant` of them; from then on each key that it does
 * not know begins above the highest revision that was forgotten (the floor).
 */
import { failure, type Json, LIMITS, type Result, success } from '../contracts/index.ts';
import { canonicalJson } from './canonical-json.ts';
import { invalid, isStreamName } from './event-limits.ts';

/** `text` is the value's canonical JSON, undefined once the key is deleted. */
export interface StoredEntry {
  readonly text: string | undefined;
  readonly revision: number;
}

/** What is known of a space: keys that exist, deleted keys remembered, and the floor of revisions. */
export interface SpaceFacts {
  readonly live: number;
  readonly deleted: number;
  readonly floor: number;
}

const LIST_MAX = 1_000;

export const NEW_SPACE: SpaceFacts = { live: 0, deleted: 0, floor: 0 };

export interface KeyPlace {
  readonly space: string;
  readonly key: string;
}

export interface PutOptions {
  readonly expectedRevision?: number;
}

/** A write decided: the entry and the facts to store. */
export interface KeyWrite {
  readonly entry: StoredEntry;
  readonly facts: SpaceFacts;
}

/** Space: as a stream name. Key: 1 to `kvKeyBytes` bytes of well-formed text. */
export function acceptPlace({ space, key }: KeyPlace): Result<undefined> {
  if (!isStreamName(space))
    return invalid(
      'space',
      space,
      'a letter or digit, then up to 199 of letters, digits and . _ / -',
    );
  const isKey = typeof key === 'string' && key.length > 0 && key.isWellFormed();
  if (!isKey || Buffer.byteLength(key) > LIMITS.kvKeyBytes)
    return invalid('key', key, `well-formed text of 1 to ${LIMITS.kvKeyBytes} bytes`);
  return success(undefined);
}

export interface ListOptions {
  readonly prefix?: string;
  readonly limit?: number;
}

/** Space as for a key; `limit` 1 to 1,000. @returns the options with their defaults. */
export function acceptList(
  space: string,
  options: ListOptions = {},
): Result<Required<ListOptions>> {
  const { prefix = '', limit = 100 } = options;
  const accepted = acceptPlace({ space, key: prefix === '' ? '-' : prefix });
  if (!accepted.ok) return accepted;
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_MAX)
    return invalid('limit', limit, `a whole number from 1 to ${LIST_MAX}`);
  return success({ prefix, limit });
}

/** @returns the canonical text of the value */
export function acceptPut(place: KeyPlace, value: Json, options: PutOptions = {}): Result<string> {
  const accepted = acceptPlace(place);
  if (!accepted.ok) return accepted;
  const { expectedRevision } = options;
  if (
    expectedRevision !== undefined &&
    !(Number.isSafeInteger(expectedRevision) && expectedRevision >= 0)
  )
    return invalid('expectedRevision', expectedRevision, 'an integer from 0');
  const text = canonicalJson(value, 'value');
  if (!text.ok) return text;
  const bytes = Buffer.byteLength(text.value);
  if (bytes <= LIMITS.kvValueBytes) return text;
  return failure('ARGUMENT_INVALID', {
    argument: 'value',
    found: `${bytes} bytes`,
    expected: `at most ${LIMITS.kvValueBytes} bytes`,
  });
}

/** Decides a put: the next revision, or JOURNAL_CONFLICT, or ARGUMENT_INVALID when the space is full. */
export function decidePut(
  place: KeyPlace,
  text: string,
  state: { readonly entry: StoredEntry | undefined; readonly facts: SpaceFacts },
  { expectedRevision: expected }: PutOptions = {},
): Result<KeyWrite> {
  const { entry, facts } = state;
  const exists = entry?.text !== undefined;
  const current = exists ? entry.revision : 0;
  if (expected !== undefined && expected !== current)
    return failure('JOURNAL_CONFLICT', {
      stream: `${place.space}/${place.key}`,
      expected,
      current,
    });
  if (!exists && facts.live >= LIMITS.kvKeysPerTenant) {
    return failure('ARGUMENT_INVALID', {
      argument: 'key',
      found: 'a new key',
      expected: `at most ${LIMITS.kvKeysPerTenant} keys in a space`,
    });
  }
  return success({
    entry: { text, revision: (entry?.revision ?? facts.floor) + 1 },
    facts: {
      ...facts,
      live: facts.live + (exists ? 0 : 1),
      deleted: facts.deleted - (entry && !exists ? 1 : 0),
    },
  });
}

/** Decides a delete; undefined when there is nothing to delete. */
export function decideDelete(
  entry: StoredEntry | undefined,
  facts: SpaceFacts,
): KeyWrite | undefined {
  if (entry?.text === undefined) return undefined;
  return {
    entry: { text: undefined, revision: entry.revision },
    facts: { ...facts, live: facts.live - 1, deleted: facts.deleted + 1 },
  };
}

/** Are there so many deleted keys that the space has to forget them? */
export const mustForget = (facts: SpaceFacts): boolean => facts.deleted >= LIMITS.kvKeysPerTenant;

/** The facts once the deleted keys, the highest at `revisionMax`, are forgotten. */
export const forgotten = (facts: SpaceFacts, revisionMax: number): SpaceFacts => ({
  ...facts,
  deleted: 0,
  floor: Math.max(facts.floor, revisionMax),
});
