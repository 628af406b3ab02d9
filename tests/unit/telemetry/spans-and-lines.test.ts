import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contracts/index.ts';
import { simulatedTime } from '../../../src/host/index.ts';
import { createLog, printable, type SpanRecord, SpanStore } from '../../../src/telemetry/index.ts';

const span = (traceId: string, spanId: string, startMs = 0): SpanRecord => ({
  traceId,
  spanId,
  parentSpanId: null,
  name: 'x',
  startMs,
  endMs: startMs + 1,
  thread: 'main',
  attributes: {},
  error: null,
});

describe('the span store', () => {
  it('gives the spans of a trace by their start', () => {
    const store = new SpanStore();
    store.add([span('a', '2', 20), span('b', '9'), span('a', '1', 10)]);
    expect(store.trace('a').map(({ spanId }) => spanId)).toEqual(['1', '2']);
  });

  it('forgets the oldest trace and counts what a too long trace loses', () => {
    const store = new SpanStore();
    for (let i = 0; i <= LIMITS.traces; i++) store.add([span(`trace ${i}`, '1')]);
    expect(store.trace('trace 0')).toEqual([]);
    expect(store.list()).toHaveLength(LIMITS.traces);
    for (let i = 0; i < LIMITS.spansPerTrace + 5; i++) store.add([span('long', String(i))]);
    expect(store.trace('long')).toHaveLength(LIMITS.spansPerTrace);
    expect(store.dropped).toBe(5);
  });
});

describe('log lines', () => {
  it('are one line each, with control characters shown as escapes, for a person and for a machine', () => {
    for (const format of ['plain', 'json'] as const) {
      const lines: string[] = [];
      const sink = { write: (line: string) => void lines.push(line) };
      const log = createLog({
        level: 'info',
        format,
        clock: simulatedTime().clock,
        bindings: { thread: 't1' },
        sink,
      });
      log.warn('a\r\nforged line \u001b[2J', { correlationId: 'c0ffee', note: 'b\nc' });
      log.debug('below the level');
      expect(lines).toHaveLength(1);
      const [line = ''] = lines;
      expect(['\r', '\n', '\u001b'].some((raw) => line.trimEnd().includes(raw))).toBe(false);
      expect(lines[0]).toContain('c0ffee');
    }
  });

  it('show direction overrides and separators too', () => {
    expect(printable('a\u202eb\u2028c\u009bd')).toBe('a\\u202eb\\u2028c\\u009bd');
  });
});
