/** What every body of the `Journal` port promises. A body is given as a function that opens a fresh, empty journal. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Clock,
  type Durability,
  type Journal,
  type JournalEvent,
  LIMITS,
  type Result,
} from '../../src/contracts/index.ts';

export interface JournalBody {
  readonly name: string;
  readonly durability: Durability;
  readonly open: (clock: Clock) => Promise<Journal>;
}

export const valueIn = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`expected success, found ${result.error.message}`);
  return result.value;
};
export const codeIn = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error.code);
const event = (body: JournalEvent['body'], type = 'noted'): JournalEvent => ({ type, body });
const numbered = (count: number): JournalEvent[] =>
  Array.from({ length: count }, (_, at) => event({ at }));

export function journalSuite(body: JournalBody): void {
  describe(`journal: ${body.name}`, () => {
    let journal: Journal;
    let nowMs = 1_000.25;
    beforeEach(async () => {
      journal = await body.open({ wallMs: () => nowMs, monotonicMs: () => nowMs });
    });
    afterEach(() => journal.close());

    const append = (stream: string, ...events: JournalEvent[]) => journal.append(stream, events);

    describe('append', () => {
      test('numbers events over the journal and within the stream, both from 1', async () => {
        expect(valueIn(await journal.append('a', numbered(2)))).toEqual({
          firstSequence: 1,
          lastStreamSequence: 2,
          durability: body.durability,
        });
        expect(valueIn(await append('b', event(1)))).toMatchObject({
          firstSequence: 3,
          lastStreamSequence: 1,
        });
        expect(valueIn(await append('a', event(1)))).toMatchObject({
          firstSequence: 4,
          lastStreamSequence: 3,
        });
      });

      test('keeps the order of appends that are made together', async () => {
        const receipts = await Promise.all(
          Array.from({ length: 50 }, (_, at) => append(at % 2 ? 'odd' : 'even', event(at))),
        );
        expect(receipts.map((receipt) => valueIn(receipt).firstSequence)).toEqual(
          Array.from({ length: 50 }, (_, at) => at + 1),
        );
        const odd = valueIn(await journal.read('odd'));
        expect(odd.map((read) => read.body)).toEqual(
          Array.from({ length: 25 }, (_, at) => at * 2 + 1),
        );
      });

      test('takes a copy: what the caller changes afterwards is not recorded', async () => {
        const mutable = { list: [1] };
        const appended = append('a', event(mutable));
        mutable.list.push(2);
        await appended;
        expect(valueIn(await journal.read('a'))[0]?.body).toEqual({ list: [1] });
      });

      test('is a compare-and-set when it says where the stream must end', async () => {
        const first = await journal.append('a', [event(1)], { expectedStreamSequence: 0 });
        expect(codeIn(first)).toBe('ok');
        const late = await journal.append('a', [event(2)], { expectedStreamSequence: 0 });
        expect(late).toMatchObject({
          ok: false,
          error: { code: 'JOURNAL_CONFLICT', details: { stream: 'a', expected: 0, current: 1 } },
        });
        const next = await journal.append('a', [event(2)], { expectedStreamSequence: 1 });
        expect(valueIn(next).lastStreamSequence).toBe(2);
      });

      test('lets exactly one of many writers win when all expect the same end', async () => {
        const results = await Promise.all(
          numbered(20).map((one) => journal.append('a', [one], { expectedStreamSequence: 0 })),
        );
        expect(results.map(codeIn).toSorted()).toEqual([
          ...Array.from({ length: 19 }, () => 'JOURNAL_CONFLICT'),
          'ok',
        ]);
        expect(valueIn(await journal.verify())).toBe(1);
      });

      test('leaves the other appends of the same turn alone when one conflicts', async () => {
        const results = await Promise.all([
          append('a', event(1)),
          journal.append('a', [event('lost')], { expectedStreamSequence: 7 }),
          append('a', event(2)),
        ]);
        expect(results.map(codeIn)).toEqual(['ok', 'JOURNAL_CONFLICT', 'ok']);
        expect(valueIn(await journal.read('a')).map((read) => read.body)).toEqual([1, 2]);
      });

      test.each([
        ['an empty stream name', '', [event(1)]],
        ['a stream name that begins with a dot', '.a', [event(1)]],
        ['a stream name with a space', 'a b', [event(1)]],
        ['a stream name of 201 characters', 'a'.repeat(201), [event(1)]],
        ['a stream name that ends in a line break', 'a\n', [event(1)]],
        ['no events', 'a', []],
        ['an event without a type', 'a', [event(1, '')]],
        ['a type with a lone surrogate', 'a', [event(1, '\ud800')]],
        ['a body that is undefined', 'a', [event(undefined as never)]],
        ['a body with a function in it', 'a', [event([() => 1] as never)]],
        ['a body with a bigint in it', 'a', [event({ n: 1n } as never)]],
        ['a body that is not finite', 'a', [event(Number.NaN)]],
        ['a body with a class instance in it', 'a', [event({ map: new Map() } as never)]],
        ['a body with a lone surrogate', 'a', [event('\udc00')]],
      ])('refuses %s and records nothing', async (_what, stream, events) => {
        expect(codeIn(await journal.append(stream, events))).toBe('ARGUMENT_INVALID');
        expect(valueIn(await journal.verify())).toBe(0);
      });

      test('refuses a body that contains itself', async () => {
        const loop: Record<string, unknown> = {};
        loop.self = loop;
        expect(codeIn(await append('a', event(loop as never)))).toBe('ARGUMENT_INVALID');
      });

      test('refuses an expected sequence that is not a count', async () => {
        for (const expectedStreamSequence of [-1, 0.5, Number.NaN])
          expect(codeIn(await journal.append('a', [event(1)], { expectedStreamSequence }))).toBe(
            'ARGUMENT_INVALID',
          );
      });

      test('takes an event of exactly the largest size, and refuses one byte more', async () => {
        const overhead = '"noted"""'.length;
        const largest = 'x'.repeat(LIMITS.journalEventBytes - overhead);
        expect(codeIn(await append('a', event(largest)))).toBe('ok');
        expect(codeIn(await append('a', event(`${largest}x`)))).toBe('ARGUMENT_INVALID');
        expect(valueIn(await journal.read('a'))[0]?.body).toBe(largest);
      });

      test('appends all events or none: one bad event refuses the others', async () => {
        const result = await append('a', event(1), event(Number.POSITIVE_INFINITY));
        expect(codeIn(result)).toBe('ARGUMENT_INVALID');
        expect(valueIn(await journal.read('a'))).toEqual([]);
      });
    });

    describe('read', () => {
      test('gives back type, body, place and time as they were recorded', async () => {
        nowMs = 1_767_225_600_000.125;
        const value = { z: [1, -0.5, 1e21, null], a: { é: '😀\u0000"\\', __x: true }, 10: 1, 9: 2 };
        await append('runs/run-1', event(value, 'step-done'));
        const [read] = valueIn(await journal.read('runs/run-1'));
        expect(read).toEqual({
          sequence: 1,
          stream: 'runs/run-1',
          streamSequence: 1,
          atMs: 1_767_225_600_000.125,
          type: 'step-done',
          body: value,
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        });
      });

      test('pages: after a stream sequence, at most so many, only of that stream', async () => {
        for (let at = 0; at < 10; at++)
          await Promise.all([append('a', event(at)), append('b', event(at))]);
        const page = valueIn(await journal.read('a', { afterStreamSequence: 3, limit: 4 }));
        expect(page.map((read) => read.streamSequence)).toEqual([4, 5, 6, 7]);
        expect(page.map((read) => read.body)).toEqual([3, 4, 5, 6]);
      });

      test('gives 1,000 events when no limit is asked', async () => {
        await journal.append('a', numbered(1_001));
        expect(valueIn(await journal.read('a'))).toHaveLength(1_000);
      });

      test('gives nothing of a stream that does not exist, and nothing past its end', async () => {
        await append('a', event(1));
        expect(valueIn(await journal.read('b'))).toEqual([]);
        expect(valueIn(await journal.read('a', { afterStreamSequence: 1 }))).toEqual([]);
        expect(valueIn(await journal.read('a', { afterStreamSequence: 99 }))).toEqual([]);
        expect(valueIn(await journal.read('a', { limit: 0 }))).toEqual([]);
      });

      test('refuses a bad stream name and bad numbers', async () => {
        expect(codeIn(await journal.read('a b'))).toBe('ARGUMENT_INVALID');
        expect(codeIn(await journal.read('a', { limit: -1 }))).toBe('ARGUMENT_INVALID');
        expect(codeIn(await journal.read('a', { limit: Number.POSITIVE_INFINITY }))).toBe(
          'ARGUMENT_INVALID',
        );
        expect(codeIn(await journal.read('a', { afterStreamSequence: 0.5 }))).toBe(
          'ARGUMENT_INVALID',
        );
      });
    });

    describe('streams', () => {
      test('lists those with the prefix, the one that began last first', async () => {
        for (const stream of ['runs/1', 'ledger', 'runs/2', 'runs/1', 'runs/3'])
          await append(stream, event(1));
        expect(valueIn(await journal.streams('runs/'))).toEqual(['runs/3', 'runs/2', 'runs/1']);
        expect(valueIn(await journal.streams('runs/', 2))).toEqual(['runs/3', 'runs/2']);
        expect(valueIn(await journal.streams(''))).toHaveLength(4);
        expect(valueIn(await journal.streams('other'))).toEqual([]);
      });

      test('does not list a stream whose only append conflicted', async () => {
        await journal.append('ghost', [event(1)], { expectedStreamSequence: 4 });
        expect(valueIn(await journal.streams(''))).toEqual([]);
      });

      test('gives 100 names when no limit is asked, and refuses a bad limit', async () => {
        await Promise.all(Array.from({ length: 101 }, (_, at) => append(`s${at}`, event(at))));
        expect(valueIn(await journal.streams('s'))).toHaveLength(100);
        expect(codeIn(await journal.streams('s', -1))).toBe('ARGUMENT_INVALID');
      });
    });

    describe('verify', () => {
      test('walks the whole chain and gives the number of events', async () => {
        expect(valueIn(await journal.verify())).toBe(0);
        await Promise.all([journal.append('a', numbered(7)), journal.append('b', numbered(5))]);
        expect(valueIn(await journal.verify())).toBe(12);
      });
    });

    describe('close', () => {
      test('waits for what was accepted before it', async () => {
        const appended = append('a', event(1));
        await journal.close();
        expect(codeIn(await appended)).toBe('ok');
      });

      test('makes every later call fail with JOURNAL_UNAVAILABLE', async () => {
        await append('a', event(1));
        await journal.close();
        const late = [
          append('a', event(2)),
          journal.read('a'),
          journal.streams(''),
          journal.verify(),
        ];
        expect((await Promise.all<Result<unknown>>(late)).map(codeIn)).toEqual(
          late.map(() => 'JOURNAL_UNAVAILABLE'),
        );
      });

      test('may be called twice', async () => {
        await journal.close();
        await expect(journal.close()).resolves.toBeUndefined();
      });
    });
  });
}
