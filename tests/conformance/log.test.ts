import { simulatedTime } from '../../src/host/index.ts';
import { createLog } from '../../src/telemetry/index.ts';
import { recordingLog } from '../support/systems.ts';
import { logSuite } from './log-suite.ts';

const written = (format: 'json' | 'plain') => {
  const chunks: string[] = [];
  const log = createLog({
    level: 'debug',
    format,
    clock: simulatedTime().clock,
    bindings: { node: 'n-log', thread: 'main' },
    sink: { write: (text) => void chunks.push(text) },
  });
  return { log, lines: () => chunks.join('').split('\n').slice(0, -1) };
};

logSuite({
  name: 'json',
  open: () => {
    const { log, lines } = written('json');
    return {
      log,
      lines: () =>
        lines().map((shown) => ({
          ...(JSON.parse(shown) as Record<'level' | 'message', string>),
          shown,
        })),
    };
  },
});

logSuite({
  name: 'plain',
  open: () => {
    const { log, lines } = written('plain');
    return {
      log,
      lines: () =>
        lines().map((shown) => {
          const [, level = '', message = ''] = /^\S+ (\w+) +(.*?) {2}/.exec(shown) ?? [];
          return { level: level.toLowerCase(), message, shown };
        }),
    };
  },
});

logSuite({
  name: 'recording',
  open: () => {
    const { log, lines } = recordingLog();
    return {
      log,
      lines: () =>
        lines.map(({ level, message, fields }) => ({
          level,
          message,
          shown: Object.values(fields)
            .map((value) => (typeof value === 'string' ? value : safe(value)))
            .join(' '),
        })),
    };
  },
});

function safe(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
