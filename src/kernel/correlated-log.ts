/** A log whose lines carry a correlation ID, so that no line of a request can be without. */
import type { CorrelationId, Log } from '../contracts/index.ts';

export function correlated(log: Log, correlationId: CorrelationId): Log {
  const at =
    (level: keyof Log) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      log[level](message, { correlationId, ...fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
