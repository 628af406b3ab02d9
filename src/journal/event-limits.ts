/**
 * What a journal accepts: the bounds of `append`, `read` and `streams`, checked before anything is queued. Pure. Both bodies
 * of the port go through here, so they refuse the same things with the same words.
 */
import { failure, type JournalEvent, LIMITS, type Result, success } from '../contracts/index.ts';
import { canonicalJson } from './canonical-json.ts';
import type { EncodedEvent } from './event-codec.ts';

export const JOURNAL_BOUNDS = {
  /** Appends waiting for their commit; beyond that an append is refused. 100,000 small ones take half a second. */
  pendingWrites: 100_000,
  /** What those appends hold in memory; also the most that one append may. */
  pendingBytes: 64 * 1024 * 1024,
  /** One transaction, hence how long the event loop is held: about 10 ms of small events. A larger append goes alone. */
  transactionWrites: 2_000,
  transactionBytes: 4 * 1024 * 1024,
  /** Events of one append: they commit together, so they are held together. */
  appendEvents: 10_000,
  /** Events of one read. Page with `afterStreamSequence` for more. */
  readEvents: 100_000,
  /** Names of one `streams` call. */
  streamNames: 10_000,
  /** Events of a memory journal. */
  memoryEvents: 1_000_000,
} as const;

const STREAM_NAME = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/;
const TYPE_LENGTH_MAX = 200;
/** What an event holds in memory beside its texts. */
const EVENT_OVERHEAD_BYTES = 200;

/** An append that may be queued. `bytes` is what its events hold in memory, near enough. */
export interface AcceptedAppend {
  readonly stream: string;
  readonly events: readonly EncodedEvent[];
  readonly expectedStreamSequence: number | undefined;
  readonly bytes: number;
}

export const isStreamName = (name: unknown): name is string =>
  typeof name === 'string' && STREAM_NAME.test(name);

export function invalid(argument: string, found: unknown, expected: string): Result<never> {
  const shown = typeof found === 'string' ? JSON.stringify(found.slice(0, 60)) : typeof found;
  return failure('ARGUMENT_INVALID', {
    argument,
    found: typeof found === 'number' ? String(found) : shown,
    expected,
  });
}

/** Checks a whole append; its events are encoded here, so the caller may change its objects afterwards. */
export function acceptAppend(
  stream: string,
  events: readonly JournalEvent[],
  options: { readonly expectedStreamSequence?: number } = {},
): Result<AcceptedAppend> {
  const { expectedStreamSequence } = options;
  const badStream = checkStream(stream);
  if (badStream) return badStream;
  if (expectedStreamSequence !== undefined && !isCount(expectedStreamSequence))
    return invalid('expectedStreamSequence', expectedStreamSequence, 'an integer from 0');
  if (!Array.isArray(events) || events.length === 0 || events.length > JOURNAL_BOUNDS.appendEvents)
    return invalid('events', events?.length, `1 to ${JOURNAL_BOUNDS.appendEvents} events`);

  const encoded: EncodedEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const accepted = acceptEvent(event);
    if (!accepted.ok) return accepted;
    encoded.push(accepted.value);
    const { bodyText, typeText } = accepted.value;
    bytes += bodyText.length + typeText.length + EVENT_OVERHEAD_BYTES;
  }
  if (bytes > JOURNAL_BOUNDS.pendingBytes)
    return invalid('events', bytes, `at most ${JOURNAL_BOUNDS.pendingBytes} bytes together`);
  return success({ stream, events: encoded, expectedStreamSequence, bytes });
}

function acceptEvent(event: JournalEvent): Result<EncodedEvent> {
  const type = event?.type;
  if (typeof type !== 'string' || type.length === 0 || type.length > TYPE_LENGTH_MAX)
    return invalid('event.type', type, `a text of 1 to ${TYPE_LENGTH_MAX} characters`);
  const typeText = canonicalJson(type, 'event.type');
  if (!typeText.ok) return typeText;
  const bodyText = canonicalJson(event.body, 'event.body');
  if (!bodyText.ok) return bodyText;
  const bytes = bytesIfLarge(typeText.value, bodyText.value);
  if (bytes > LIMITS.journalEventBytes) {
    return failure('ARGUMENT_INVALID', {
      argument: 'event.body',
      found: `${bytes} bytes`,
      expected: `at most ${LIMITS.journalEventBytes} bytes`,
    });
  }
  return success({ typeText: typeText.value, bodyText: bodyText.value });
}

/** UTF-8 bytes of both; 0 for texts so short that they need not be counted (a character has 3 bytes at most). */
function bytesIfLarge(type: string, body: string): number {
  if ((type.length + body.length) * 3 <= LIMITS.journalEventBytes) return 0;
  return Buffer.byteLength(type) + Buffer.byteLength(body);
}

export function acceptRead(
  stream: string,
  options: { readonly afterStreamSequence?: number; readonly limit?: number } = {},
): Result<{ readonly afterStreamSequence: number; readonly limit: number }> {
  const { afterStreamSequence = 0, limit = 1_000 } = options;
  const badStream = checkStream(stream);
  if (badStream) return badStream;
  if (!isCount(afterStreamSequence))
    return invalid('afterStreamSequence', afterStreamSequence, 'an integer from 0');
  const badLimit = checkLimit(limit, JOURNAL_BOUNDS.readEvents);
  return badLimit ?? success({ afterStreamSequence, limit });
}

export function acceptListing(prefix: string, limit: number): Result<undefined> {
  if (typeof prefix !== 'string') return invalid('prefix', prefix, 'a text');
  return checkLimit(limit, JOURNAL_BOUNDS.streamNames) ?? success(undefined);
}

function checkStream(stream: unknown): Result<never> | undefined {
  if (isStreamName(stream)) return undefined;
  return invalid(
    'stream',
    stream,
    'a letter or digit, then up to 199 of letters, digits and . _ / -',
  );
}

function checkLimit(limit: number, max: number): Result<never> | undefined {
  if (isCount(limit) && limit <= max) return undefined;
  return invalid('limit', limit, `an integer from 0 to ${max}`);
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
