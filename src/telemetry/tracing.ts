/**
 * Sets OpenTelemetry up for one thread: IDs from the random port, finished spans handed on in batches. A worker thread's
 * batches go to the node's main thread; there they enter the span store.
 */
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  type IdGenerator,
  type ReadableSpan,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Random, Timers } from '../contracts/index.ts';
import { recordOf, type SpanRecord } from './span-record.ts';

export interface TracingOptions {
  readonly thread: string;
  readonly random: Random;
  readonly timers: Timers;
  readonly onSpans: (spans: readonly SpanRecord[]) => void;
}

export interface Tracing {
  /** Hands on what has ended so far, now. */
  readonly flush: () => void;
  readonly stop: () => void;
}

const BATCH_SPANS = 64;

/** Collects finished spans until the event loop is free or the batch is full. */
class Batcher implements SpanProcessor {
  readonly #options: TracingOptions;
  #batch: SpanRecord[] = [];

  constructor(options: TracingOptions) {
    this.#options = options;
  }

  onStart(): void {
    // Nothing is known of a span until it ends.
  }

  onEnd(span: ReadableSpan): void {
    if (this.#batch.length === 0) this.#options.timers.immediate(() => this.flush());
    this.#batch.push(recordOf(span, this.#options.thread));
    if (this.#batch.length >= BATCH_SPANS) this.flush();
  }

  flush(): void {
    const spans = this.#batch;
    this.#batch = [];
    if (spans.length > 0) this.#options.onSpans(spans);
  }

  async forceFlush(): Promise<void> {
    this.flush();
  }

  async shutdown(): Promise<void> {
    this.flush();
  }
}

const hexIds = (random: Random): IdGenerator => {
  const hex = (bytes: number) => Buffer.from(random.bytes(bytes)).toString('hex');
  return { generateTraceId: () => hex(16), generateSpanId: () => hex(8) };
};

export function startTracing(options: TracingOptions): Tracing {
  const batcher = new Batcher(options);
  const provider = new BasicTracerProvider({
    idGenerator: hexIds(options.random),
    spanProcessors: [batcher],
  });
  trace.setGlobalTracerProvider(provider);
  return {
    flush: () => batcher.flush(),
    stop: () => {
      batcher.flush();
      trace.disable();
    },
  };
}
