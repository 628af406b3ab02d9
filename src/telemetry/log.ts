/**
 * Structured logs by pino: JSON lines for machines, or one plain line an event for a person at a terminal. Always on
 * stderr, so that stdout stays an answer. Every line of a request carries its correlation ID.
 */
import { type DestinationStream, destination, pino } from 'pino';
import type { Clock, Log } from '../contracts/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'plain';
  readonly clock: Clock;
  /** On every line: node, thread. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Default: stderr. */
  readonly sink?: DestinationStream;
}

export function createLog({ level, format, clock, bindings, sink }: LogOptions): Log {
  const stderr = sink ?? destination({ fd: 2, sync: true });
  const output = format === 'json' ? stderr : plainLines(stderr);
  const logger = pino(
    {
      level,
      base: bindings,
      timestamp: () => `,"time":"${new Date(clock.wallMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
    },
    output,
  );
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      logger[name](fields, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const ORDER = ['level', 'time', 'message'];

function plainLines(output: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      const record = JSON.parse(line) as Record<string, unknown>;
      const clockTime = String(record.time).slice(11, 23);
      const fields = Object.entries(record)
        .filter(([key]) => !ORDER.includes(key) && key !== 'node')
        .map(
          ([key, value]) =>
            `${key}=${printable(typeof value === 'string' ? value : JSON.stringify(value))}`,
        );
      const level = String(record.level).toUpperCase().padEnd(5);
      output.write(
        `${clockTime} ${level} ${printable(String(record.message))}  ${fields.join(' ')}\n`,
      );
    },
  };
}

/** Control and direction characters shown as escapes: a log line cannot forge another or drive the terminal. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
