/** The newest traces of this node, bounded, so that `skein trace` works without a collector. */
import { LIMITS } from '../contracts/index.ts';
import type { SpanRecord } from './span-record.ts';

export class SpanStore {
  readonly #traces = new Map<string, SpanRecord[]>();
  #dropped = 0;

  /** Spans beyond LIMITS.spansPerTrace are counted, not kept; with a new trace the oldest falls out. */
  add(spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId) ?? this.#open(span.traceId);
      if (trace.length < LIMITS.spansPerTrace) trace.push(span);
      else this.#dropped++;
    }
  }

  /** All spans of a trace, by start; empty when it is unknown. */
  trace(traceId: string): readonly SpanRecord[] {
    return [...(this.#traces.get(traceId) ?? [])].sort((a, b) => a.startMs - b.startMs);
  }

  /** Trace IDs, newest first. */
  list(): readonly string[] {
    return [...this.#traces.keys()].reverse();
  }

  get dropped(): number {
    return this.#dropped;
  }

  #open(traceId: string): SpanRecord[] {
    const [oldest] = this.#traces.keys();
    if (oldest !== undefined && this.#traces.size >= LIMITS.traces) this.#traces.delete(oldest);
    const spans: SpanRecord[] = [];
    this.#traces.set(traceId, spans);
    return spans;
  }
}
