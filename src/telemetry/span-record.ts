/** A finished span as plain data: what is stored, shipped between threads, printed and handed to `skein trace`. */
import { type HrTime, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** Wall clock, fractional milliseconds since the Unix epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly thread: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** The message of the failure, when the span ended in one. */
  readonly error: string | null;
}

const toMs = ([seconds, nanoseconds]: HrTime): number => seconds * 1_000 + nanoseconds / 1e6;

export function recordOf(span: ReadableSpan, thread: string): SpanRecord {
  const { traceId, spanId } = span.spanContext();
  const attributes: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(span.attributes)) {
    if (typeof value !== 'object' && value !== undefined) attributes[key] = value;
  }
  const failed = span.status.code === SpanStatusCode.ERROR;
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? null,
    name: span.name,
    startMs: toMs(span.startTime),
    endMs: toMs(span.endTime),
    thread,
    attributes,
    error: failed ? (span.status.message ?? 'failed') : null,
  };
}
