/**
 * What all nodes of a cluster agree on about published skills: one entry of the shared state for each name, so that one compare-and-set
 * decides conflict, downgrade and yank between publishers. The packages themselves are objects, named by the hash of their file.
 */
import Type, { type Static } from 'typebox';
import {
  checker,
  failure,
  type Json,
  LIMITS,
  type Result,
  success,
  VersionSchema,
} from '../contracts/index.ts';
import { judgePublication, type PublishOptions } from './publication.ts';

const closed = { additionalProperties: false } as const;
const hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

const IndexedSchema = Type.Object(
  {
    contentHash: hash,
    /** SHA-256 of the package file: content and signatures. */
    file: hash,
    yanked: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  closed,
);
const EntrySchema = Type.Object(
  { versions: Type.Record(VersionSchema, IndexedSchema, closed) },
  closed,
);

export type IndexedVersion = Static<typeof IndexedSchema>;
export type IndexEntry = Static<typeof EntrySchema>;

export const INDEX_PREFIX = 'skill.';
export const indexKey = (name: string): string => `${INDEX_PREFIX}${name}`;

export const EMPTY_ENTRY: IndexEntry = { versions: {} };

const check = checker(EntrySchema);

/** Undefined: what is there was not written by a registry. */
export function readIndexEntry(value: Json | undefined): IndexEntry | undefined {
  if (value === undefined) return EMPTY_ENTRY;
  const checked = check(value);
  return checked.ok ? checked.value : undefined;
}

export interface Offered {
  readonly name: string;
  readonly version: string;
  readonly contentHash: string;
  readonly file: string;
}

/** The entry with the version in it. Failure: VERSION_REFUSED. */
export function withVersion(
  entry: IndexEntry,
  { name, version, contentHash, file }: Offered,
  options: PublishOptions,
): Result<IndexEntry> {
  const published = Object.entries(entry.versions).map(([each, indexed]) => ({
    version: each,
    contentHash: indexed.contentHash,
  }));
  const refusal = judgePublication(name, { version, contentHash }, published, options);
  if (refusal) return refusal;
  const { yanked } = entry.versions[version] ?? {};
  const indexed = { contentHash, file, ...(yanked === undefined ? {} : { yanked }) };
  return bounded(name, version, { versions: { ...entry.versions, [version]: indexed } });
}

/** The entry with the version yanked, or with undefined offered again. Failures: SKILL_NOT_FOUND, VERSION_REFUSED. */
export function withYanked(
  entry: IndexEntry,
  { name, version }: { readonly name: string; readonly version: string },
  reason: string | undefined,
): Result<IndexEntry> {
  const before = Object.hasOwn(entry.versions, version) ? entry.versions[version] : undefined;
  if (!before) return failure('SKILL_NOT_FOUND', { skill: `${name}@${version}` });
  const { contentHash, file } = before;
  const indexed = { contentHash, file, ...(reason === undefined ? {} : { yanked: reason }) };
  return bounded(name, version, { versions: { ...entry.versions, [version]: indexed } });
}

function bounded(skill: string, version: string, entry: IndexEntry): Result<IndexEntry> {
  if (Buffer.byteLength(JSON.stringify(entry)) <= LIMITS.stateValueBytes) return success(entry);
  const count = Object.keys(entry.versions).length;
  const reason = `${count} versions of it take more than the ${LIMITS.stateValueBytes} bytes of an index entry`;
  return failure('VERSION_REFUSED', { skill, version, reason });
}
