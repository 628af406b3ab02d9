/** Merges a record into the shared state: by compare-and-set, so that two who write at once lose nothing of each other. */
import { type Json, type Result, type SharedState, success } from '../../contracts/index.ts';
import { type HaltRecord, isSame, mergeRecords, readHaltRecord } from '../../sandbox/index.ts';

/** A conflict means that another node wrote; each round at least one of them is done. */
const ROUNDS_MAX = 100;

/** Failure: STATE_UNAVAILABLE, and JOURNAL_CONFLICT after a hundred others who were faster. */
export async function mergeInto(
  state: SharedState,
  key: string,
  record: HaltRecord,
): Promise<Result<void>> {
  const created = await state.create(key, record as unknown as Json);
  if (created.ok) return success(undefined);
  if (created.error.code !== 'JOURNAL_CONFLICT') return created;
  for (let round = 1; ; round++) {
    const found = await state.get(key);
    if (!found.ok) return found;
    const there = found.value && readHaltRecord(found.value.value);
    // What is no record is written over: nobody can read it.
    const isRecord = there !== undefined && typeof there !== 'string' && there.id === record.id;
    const merged = isRecord ? mergeRecords(there, record) : record;
    if (isRecord && isSame(there, merged)) return success(undefined);
    const revision = found.value?.revision;
    const value = merged as unknown as Json;
    const written =
      revision === undefined
        ? await state.create(key, value)
        : await state.update(key, value, revision);
    if (written.ok) return success(undefined);
    if (written.error.code !== 'JOURNAL_CONFLICT' || round >= ROUNDS_MAX) return written;
  }
}
