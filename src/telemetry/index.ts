/** Logs, traces and where they are kept. */
export { createLog, LOG_LEVELS, type LogLevel, type LogOptions, printable } from './log.ts';
export { type LogLine, LogLineSchema } from './log-line.ts';
export { type Metrics, type MetricsOptions, startMetrics } from './metrics.ts';
export type { SpanRecord } from './span-record.ts';
export { SpanStore } from './span-store.ts';
export { startTracing, type Tracing, type TracingOptions } from './tracing.ts';
