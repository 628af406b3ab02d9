/**
 * An event as text and back. The text is the canonical JSON (RFC 8785) of
 * `{ atMs, body, sequence, stream, streamSequence, type }`: what is hashed is what is stored, byte for byte.
 */
import type { Json, RecordedEvent } from '../contracts/index.ts';

/** An event that passed its limits: type and body are canonical JSON already, place and time are not known yet. */
export interface EncodedEvent {
  readonly typeText: string;
  readonly bodyText: string;
}

export interface EventPlace {
  readonly atMs: number;
  readonly sequence: number;
  readonly stream: string;
  readonly streamSequence: number;
}

/** Keys stand in canonical order; a stream name needs no escape, since its pattern has no character that would. */
export function eventText({ typeText, bodyText }: EncodedEvent, place: EventPlace): string {
  const { atMs, sequence, stream, streamSequence } = place;
  return `{"atMs":${atMs},"body":${bodyText},"sequence":${sequence},"stream":"${stream}","streamSequence":${streamSequence},"type":${typeText}}`;
}

/** Only for a text whose hash has been verified: then it is what `eventText` wrote, and no field needs a check. */
export function recordedEvent(text: string, hash: string): RecordedEvent {
  const event = JSON.parse(text) as EventPlace & { readonly type: string; readonly body: Json };
  const { sequence, stream, streamSequence, atMs, type, body } = event;
  return { sequence, stream, streamSequence, atMs, type, body, hash };
}
