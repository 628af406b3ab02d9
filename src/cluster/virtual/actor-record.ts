/** What the shared state holds of one virtual actor: its state, its reminders, and the token of who wrote it. */
import {
  failure,
  isSafeName,
  type Json,
  LIMITS,
  plainCopy,
  type Result,
  success,
} from '../../contracts/index.ts';
import type { FencingToken } from '../ownership/fence.ts';
import { REMINDER_MS_MAX, REMINDER_MS_MIN, type Reminder } from './reminders.ts';

export interface ActorRecord {
  /** The node that wrote it, for people. */
  readonly holder: string;
  readonly token: FencingToken;
  /** Counts the writes of the key. */
  readonly version: number;
  /** Undefined: no turn has changed it yet. */
  readonly state?: Json;
  readonly reminders: readonly Reminder[];
}

/** For the token, the names of fields and the reminders' times; what is left is the user's. */
const HEAD_BYTES = 1_024;
export const STATE_BYTES_MAX = LIMITS.stateValueBytes - HEAD_BYTES;

/** The record of an entry. Failure: VIRTUAL_STATE_INVALID; what cannot be read is never written over. */
export function readActorRecord(actor: string, value: Json): Result<ActorRecord> {
  const record = Object(value) as Readonly<Record<string, unknown>>;
  const { holder, token, version, state, reminders } = record;
  const { revision, nonce } = Object(token) as Readonly<Record<string, unknown>>;
  const isRecord =
    typeof holder === 'string' &&
    Number.isSafeInteger(revision) &&
    typeof nonce === 'string' &&
    Number.isSafeInteger(version) &&
    (state === undefined || (typeof state === 'object' && state !== null)) &&
    Array.isArray(reminders) &&
    reminders.length <= LIMITS.virtualReminders &&
    reminders.every(isReminder);
  if (isRecord) return success(record as unknown as ActorRecord);
  return failure('VIRTUAL_STATE_INVALID', { actor, reason: 'its record is not of this version' });
}

/** As `withReminder` makes them: one with another period or name would fire without end, or never. */
function isReminder(value: unknown): value is Reminder {
  const { name, dueAtMs, sequence, everyMs } = Object(value) as Readonly<Record<string, unknown>>;
  return (
    typeof name === 'string' &&
    isSafeName(name) &&
    typeof dueAtMs === 'number' &&
    Math.abs(dueAtMs) <= Number.MAX_SAFE_INTEGER &&
    Number.isSafeInteger(sequence) &&
    (everyMs === undefined ||
      (typeof everyMs === 'number' && everyMs >= REMINDER_MS_MIN && everyMs <= REMINDER_MS_MAX))
  );
}

export interface Image {
  /** Of state and reminders: two images are of the same data when these are equal. */
  readonly text: string;
  readonly state: Json;
}

/** A copy of what is to be kept. Failure: VIRTUAL_STATE_INVALID, when it is no JSON object or too large. */
export function imageOf(
  actor: string,
  state: unknown,
  reminders: readonly Reminder[],
): Result<Image> {
  const invalid = (reason: string) => failure('VIRTUAL_STATE_INVALID', { actor, reason });
  if (typeof state !== 'object' || state === null) return invalid('it is no object');
  const copied = plainCopy(state);
  if (!copied.ok) {
    const { pointer, found, expected } = copied.mismatch;
    return invalid(`${pointer ?? '/'}: found ${found}, expected ${expected}`);
  }
  const text = JSON.stringify([copied.value, reminders]);
  const bytes = Buffer.byteLength(text);
  if (bytes > STATE_BYTES_MAX) return invalid(`${bytes} bytes, ${STATE_BYTES_MAX} at most`);
  return success({ text, state: copied.value as Json });
}
