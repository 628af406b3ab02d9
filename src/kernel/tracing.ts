/**
 * Spans of the message path, by the OpenTelemetry API alone. Every function is called only for a sampled message, so an
 * unsampled one costs a test of one bit. Without a provider the API hands back the parent's context and nothing is recorded.
 */
import { ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { CorrelationId, SkeinError, TraceContext } from '../contracts/index.ts';
import type { ActorRef } from './actor-ref.ts';
import type { Envelope } from './envelope.ts';

const tracer = () => trace.getTracer('skein');

/** The parent for a span of any room: pass it to `tracer.startSpan` as its context. */
export const parentContext = (parent: TraceContext) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.correlationId,
    spanId: parent.spanId,
    traceFlags: parent.sampled ? 1 : 0,
    isRemote: true,
  });

export function traceOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { correlationId: traceId as CorrelationId, spanId, sampled: (traceFlags & 1) === 1 };
}

export function startAsk(
  parent: TraceContext,
  target: ActorRef,
  type: string,
  startMs: number,
): Span {
  return tracer().startSpan(
    `ask ${type}`,
    { startTime: startMs, attributes: { 'skein.actor': target.address, 'skein.message': type } },
    parentContext(parent),
  );
}

export function startTurn(
  parent: TraceContext,
  kind: string,
  envelope: Envelope,
  startMs: number,
): Span {
  return tracer().startSpan(
    `turn ${kind}.${envelope.type}`,
    {
      startTime: startMs,
      attributes: {
        'skein.actor': envelope.target.address,
        'skein.thread': envelope.target.thread,
        'skein.message': envelope.type,
      },
    },
    parentContext(parent),
  );
}

export function recordWait(envelope: Envelope, parent: TraceContext, endMs: number): void {
  tracer()
    .startSpan(
      'mailbox wait',
      {
        startTime: envelope.enqueuedAtMs ?? endMs,
        attributes: {
          'skein.actor': envelope.target.address,
          'skein.thread': envelope.target.thread,
        },
      },
      parentContext(parent),
    )
    .end(endMs);
}

export interface Hop {
  readonly from: string;
  readonly to: string;
  readonly startMs: number;
  readonly endMs: number;
}

export function recordHop(parent: TraceContext, hop: Hop): void {
  tracer()
    .startSpan(
      `thread hop ${hop.from} > ${hop.to}`,
      { startTime: hop.startMs, attributes: { 'skein.thread': hop.to } },
      parentContext(parent),
    )
    .end(hop.endMs);
}

export function endSpan(span: Span, endMs: number, error?: SkeinError): void {
  if (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    span.setAttribute('skein.error', error.code);
  }
  span.end(endMs);
}
