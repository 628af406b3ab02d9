import { describe, expect, it } from 'vitest';
import { judgeReadiness, type ReadinessFacts } from '../../../src/runtime/readiness.ts';

const WELL: ReadinessFacts = {
  work: 'ready',
  threads: { wanted: 2, linked: 2 },
  isConnected: null,
};

describe('a node', () => {
  it.each<[string, Partial<ReadinessFacts>, readonly string[]]>([
    ['is ready by itself', {}, []],
    ['is ready with NATS', { isConnected: true }, []],
    ['is not while NATS is away', { isConnected: false }, ['NATS is away']],
    ['is not while it drains', { work: 'draining' }, ['it drains']],
    ['is not once it is drained', { work: 'drained' }, ['it is drained']],
    [
      'says all that is wrong',
      { work: 'draining', isConnected: false, threads: { wanted: 4, linked: 1 } },
      ['it drains', '3 of 4 threads are away', 'NATS is away'],
    ],
  ])('%s', (_name, facts, reasons) => {
    const isReady = reasons.length === 0;
    expect(judgeReadiness({ ...WELL, ...facts })).toEqual({ isReady, reasons });
  });
});
