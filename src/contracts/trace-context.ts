/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1): the header `traceparent`, which every envelope carries.
 * Its trace ID is Skein's correlation ID.
 */
import type { CorrelationId } from './ids.ts';

export interface TraceContext {
  readonly correlationId: CorrelationId;
  /** 16 hex characters: the span that caused the message. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export function formatTraceparent(context: TraceContext): string {
  return `00-${context.correlationId}-${context.spanId}-${context.sampled ? '01' : '00'}`;
}

/** @returns undefined for anything that is not a valid header; the specification asks to start a new trace then. */
export function parseTraceparent(header: string): TraceContext | undefined {
  const match = TRACEPARENT.exec(header);
  if (!match) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return {
    correlationId: traceId as CorrelationId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
  };
}
