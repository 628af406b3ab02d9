/** What every body of the `SharedState` port promises. A body opens a fresh, empty state as two members see it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  LIMITS,
  type Result,
  type SharedState,
  type StateChange,
} from '../../src/contracts/index.ts';
import { codeIn, valueIn } from './journal-suite.ts';

export interface OpenState {
  readonly state: SharedState;
  /** Another member's view; the same one where there is only one. */
  readonly other: SharedState;
  /** Waits as the body needs it: on virtual time nothing happens until it is moved on. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

export interface SharedStateBody {
  readonly name: string;
  readonly open: () => Promise<OpenState>;
}

export function sharedStateSuite(body: SharedStateBody): void {
  describe(`shared state: ${body.name}`, () => {
    let open: OpenState;
    let state: SharedState;
    let other: SharedState;
    beforeEach(async () => {
      open = await body.open();
      ({ state, other } = open);
    });
    afterEach(() => open.close());

    const run = <T>(promise: Promise<T>): Promise<T> => open.run(promise);
    const written = async (write: Promise<Result<{ readonly revision: number }>>) =>
      valueIn(await run(write)).revision;
    const refused = async (operation: Promise<Result<unknown>>) => codeIn(await run(operation));

    test('gives every member what was written, with the revision of the write', async () => {
      const revision = await written(state.put('lease.a', { holder: 'n-1' }));
      const entry = { key: 'lease.a', value: { holder: 'n-1' }, revision };
      expect(valueIn(await run(state.get('lease.a')))).toEqual(entry);
      expect(valueIn(await run(other.get('lease.a')))).toEqual(entry);
      expect(valueIn(await run(other.get('lease.b')))).toBeUndefined();
    });

    test('counts revisions over all keys, so that they fence', async () => {
      const revisions = [
        await written(state.put('a', 1)),
        await written(other.create('b', 1)),
        await written(state.delete('a')),
        await written(other.put('a', 2)),
      ];
      expect(revisions).toEqual([1, 2, 3, 4]);
    });

    test('keeps the order of writes that one member makes together', async () => {
      const results = await run(
        Promise.all(Array.from({ length: 20 }, (_, at) => state.put('a', at))),
      );
      expect(results.map((result) => valueIn(result).revision)).toEqual(
        Array.from({ length: 20 }, (_, at) => at + 1),
      );
      expect(valueIn(await run(state.get('a')))?.value).toBe(19);
    });

    test('creates only what is absent or deleted', async () => {
      const first = await written(state.create('a', 1));
      expect(await run(other.create('a', 2))).toMatchObject({
        ok: false,
        error: { code: 'JOURNAL_CONFLICT', details: { stream: 'a', expected: 0, current: first } },
      });
      const deleted = await written(other.delete('a'));
      expect(await written(state.create('a', 3))).toBe(deleted + 1);
      expect(await refused(other.create('a', 4))).toBe('JOURNAL_CONFLICT');
    });

    test('updates only over the last revision of the key', async () => {
      const first = await written(state.put('a', 1));
      await written(state.put('b', 1));
      const second = await written(other.update('a', 2, first));
      expect(await run(state.update('a', 3, first))).toMatchObject({
        ok: false,
        error: {
          code: 'JOURNAL_CONFLICT',
          details: { stream: 'a', expected: first, current: second },
        },
      });
      expect(await refused(state.update('none', 1, second))).toBe('JOURNAL_CONFLICT');
      expect(valueIn(await run(state.get('a')))).toEqual({
        key: 'a',
        value: 2,
        revision: second,
      });
    });

    test('lets exactly one of many writers win when all expect the same revision', async () => {
      const first = await written(state.put('a', 'start'));
      const results = await run(
        Promise.all(
          Array.from({ length: 20 }, (_, at) =>
            (at % 2 ? state : other).update('a', { writer: at }, first),
          ),
        ),
      );
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      const winner = results.findIndex(({ ok }) => ok);
      expect(valueIn(await run(state.get('a')))?.value).toEqual({ writer: winner });
      expect(results.map(codeIn).filter((code) => code === 'JOURNAL_CONFLICT')).toHaveLength(19);
    });

    test('lets exactly one of many creators of a deleted key win', async () => {
      await written(state.put('a', 1));
      await written(state.delete('a'));
      const results = await run(
        Promise.all(
          Array.from({ length: 10 }, (_, at) => (at % 2 ? state : other).create('a', at)),
        ),
      );
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    });

    test('takes a delete for a write: the key is gone and has a revision to update over', async () => {
      const first = await written(state.put('a', 1));
      expect(await refused(state.delete('a', first + 1))).toBe('JOURNAL_CONFLICT');
      const deleted = await written(state.delete('a', first));
      expect(valueIn(await run(other.get('a')))).toBeUndefined();
      expect(await refused(other.update('a', 2, first))).toBe('JOURNAL_CONFLICT');
      expect(await refused(state.delete('a', first))).toBe('JOURNAL_CONFLICT');
      expect(await written(other.update('a', 2, deleted))).toBe(deleted + 1);
      expect(await written(state.delete('never-written'))).toBe(deleted + 2);
      expect(valueIn(await run(state.get('never-written')))).toBeUndefined();
    });

    test('keeps any JSON value, copied when it is handed over', async () => {
      const mutable = [1];
      const write = state.put('a', mutable);
      mutable.push(2);
      await written(write);
      expect(valueIn(await run(other.get('a')))?.value).toEqual([1]);
      for (const value of [null, '', 0, false, [], { a: { b: [null, -1.5, 'é😀', '\u0000'] } }]) {
        await written(state.put('a', value));
        expect(valueIn(await run(other.get('a')))?.value).toEqual(value);
      }
    });

    test('takes keys and values of exactly the largest size, and every character of a key', async () => {
      const key = 'k'.repeat(LIMITS.stateKeyLength);
      const value = 'x'.repeat(LIMITS.stateValueBytes - 2);
      await written(state.put(key, value));
      expect(valueIn(await run(other.get(key)))?.value).toBe(value);
      for (const name of ['a.b.c', '-/_=', 'AZaz09', '/', '-.=']) {
        await written(state.put(name, name));
        expect(valueIn(await run(other.get(name)))?.value).toBe(name);
      }
    });

    test('refuses keys, prefixes, values and revisions outside their bounds', async () => {
      const keys = [
        '',
        '.',
        '.a',
        'a.',
        'a..b',
        'a b',
        'a*',
        '>',
        'é',
        'a\n',
        `${'k'.repeat(300)}`,
      ];
      const operations = [
        ...keys.flatMap((key) => [state.get(key), state.put(key, 1), state.delete(key)]),
        state.get(undefined as never),
        state.put('a', undefined as never),
        state.put('a', Number.NaN),
        state.put('a', (() => 1) as never),
        state.put('a', 'x'.repeat(LIMITS.stateValueBytes - 1)),
        state.create('a b', 1),
        state.create('a', undefined as never),
        ...[0, -1, 1.5, Number.NaN, '1' as never, 'any' as never, undefined as never].map(
          (revision) => state.update('a', 1, revision),
        ),
        state.delete('a', 0),
        state.keys('a..'),
        state.keys('*'),
      ];
      const results = await run(Promise.all<Result<unknown>>(operations));
      expect(results.map(codeIn)).toEqual(operations.map(() => 'ARGUMENT_INVALID'));
      expect(codeIn(state.watch('.a', () => undefined))).toBe('ARGUMENT_INVALID');
      expect(valueIn(await run(state.keys('')))).toEqual([]);
    });

    test('lists the keys of a prefix that exist, in order', async () => {
      for (const key of ['b.2', 'a', 'b.10', 'b', 'ab.c', 'b.x.y'])
        await written(state.put(key, 0));
      await written(other.delete('b.10'));
      const keys = async (prefix: string) => valueIn(await run(other.keys(prefix)));
      expect(await keys('')).toEqual(['a', 'ab.c', 'b', 'b.2', 'b.x.y']);
      expect(await keys('b.')).toEqual(['b.2', 'b.x.y']);
      expect(await keys('b')).toEqual(['b', 'b.2', 'b.x.y']);
      expect(await keys('b.x.')).toEqual(['b.x.y']);
      expect(await keys('none.')).toEqual([]);
    });

    describe('a watch', () => {
      /** What a watcher of `prefix` is told, and a promise for the moment when that holds. */
      const watching = (of: SharedState, prefix: string) => {
        const seen: StateChange[] = [];
        let look = (): void => undefined;
        const stop = valueIn(
          of.watch(prefix, (change) => {
            seen.push(change);
            look();
          }),
        );
        const until = (isSo: () => boolean): Promise<void> =>
          run(
            new Promise((resolve) => {
              look = () => isSo() && resolve();
              look();
            }),
          );
        return {
          seen,
          stop,
          until,
          caughtUp: () => until(() => seen.some(({ kind }) => kind === 'caught-up')),
        };
      };

      test('tells current entries by their revision, then that it has caught up, then changes', async () => {
        const c = await written(state.put('w.c', 'c'));
        await written(state.put('w.b', 'old'));
        await written(state.put('w.gone', 1));
        await written(state.delete('w.gone'));
        const b = await written(state.put('w.b', 'b'));
        const watch = watching(other, 'w.');
        await watch.caughtUp();
        expect(watch.seen).toEqual([
          { kind: 'begin' },
          { kind: 'entry', key: 'w.c', value: 'c', revision: c },
          { kind: 'entry', key: 'w.b', value: 'b', revision: b },
          { kind: 'caught-up' },
        ]);
        const a = await written(state.create('w.a', 'a'));
        const deleted = await written(state.delete('w.c'));
        await watch.until(() => watch.seen.length === 6);
        expect(watch.seen.slice(4)).toEqual([
          { kind: 'entry', key: 'w.a', value: 'a', revision: a },
          { kind: 'deleted', key: 'w.c', revision: deleted },
        ]);
        watch.stop();
      });

      test('of nothing has caught up at once, and hears of what comes', async () => {
        const watch = watching(state, '');
        expect(watch.seen).toEqual([]);
        await watch.caughtUp();
        expect(watch.seen).toEqual([{ kind: 'begin' }, { kind: 'caught-up' }]);
        const revision = await written(other.put('a', [1]));
        await watch.until(() => watch.seen.length === 3);
        expect(watch.seen[2]).toEqual({ kind: 'entry', key: 'a', value: [1], revision });
        watch.stop();
      });

      test('of deleted entries alone has caught up, too', async () => {
        await written(state.put('a', 1));
        await written(state.delete('a'));
        const watch = watching(other, '');
        await watch.caughtUp();
        expect(watch.seen).toEqual([{ kind: 'begin' }, { kind: 'caught-up' }]);
        watch.stop();
      });

      test('hears of its prefix alone, also of one that ends within a part', async () => {
        const watch = watching(state, 'a.b');
        await watch.caughtUp();
        for (const key of ['a', 'a.c', 'b.a.b', 'a.b', 'a.bc', 'a.b.d'])
          await written(other.put(key, key));
        await watch.until(() => watch.seen.length === 5);
        expect(watch.seen.slice(2).map((change) => 'key' in change && change.key)).toEqual([
          'a.b',
          'a.bc',
          'a.b.d',
        ]);
        watch.stop();
      });

      test('misses nothing of what is written while it begins', async () => {
        const before = Array.from({ length: 50 }, (_, at) => state.put(`k.${at % 20}`, at));
        const watch = watching(other, 'k.');
        const after = Array.from({ length: 50 }, (_, at) => state.put(`k.${at % 20}`, 50 + at));
        const results = await run(Promise.all([...before, ...after]));
        const last = valueIn(results.at(-1) as Result<{ readonly revision: number }>).revision;
        await watch.until(
          () =>
            watch.seen.some(({ kind }) => kind === 'caught-up') &&
            watch.seen.some((change) => 'revision' in change && change.revision === last),
        );
        const known = new Map<string, unknown>();
        const revisions = watch.seen.flatMap((change) => {
          if (change.kind !== 'entry') return [];
          known.set(change.key, change.value);
          return [change.revision];
        });
        expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
        expect([...known.values()].sort()).toEqual(Array.from({ length: 20 }, (_, at) => 80 + at));
        watch.stop();
      });

      test('tells nothing twice and nothing out of order while keys are overwritten', async () => {
        const write = (at: number) => state.put(`k.${at % 20}`, at);
        const before = Array.from({ length: 100 }, (_, at) => write(at));
        await run(Promise.all(before));
        const watches: ReturnType<typeof watching>[] = [];
        for (let round = 0; round < 10; round++) {
          const writes = Promise.all(Array.from({ length: 100 }, (_, at) => write(at * 7)));
          const watch = watching(other, 'k.');
          await watch.caughtUp();
          watches.push(watch);
          await run(writes);
        }
        const last = await written(state.put('k.last', true));
        for (const { seen, until, stop } of watches) {
          await until(() =>
            seen.some((change) => 'revision' in change && change.revision === last),
          );
          const revisions = seen.flatMap((change) => ('revision' in change ? change.revision : []));
          expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
          stop();
        }
      });

      test('hears of the writes of its own member, too', async () => {
        const watch = watching(state, '');
        await watch.caughtUp();
        const revision = await written(state.put('own', 1));
        await watch.until(() => watch.seen.length === 3);
        expect(watch.seen[2]).toEqual({ kind: 'entry', key: 'own', value: 1, revision });
        watch.stop();
      });

      test('is told nothing more once it was stopped', async () => {
        const watch = watching(state, '');
        await watch.caughtUp();
        watch.stop();
        watch.stop();
        const witness = watching(state, '');
        await written(other.put('a', 1));
        await witness.until(() => witness.seen.some(({ kind }) => kind === 'entry'));
        expect(watch.seen).toHaveLength(2);
        witness.stop();
      });
    });

    test('does nothing any more once it is closed, and closes twice', async () => {
      await written(state.put('a', 1));
      await state.close();
      await state.close();
      const late = [state.get('a'), state.put('a', 2), state.delete('a'), state.keys('')];
      for (const result of await run(Promise.all<Result<unknown>>(late))) {
        expect(result).toMatchObject({
          ok: false,
          error: { code: 'STATE_UNAVAILABLE', details: { mayHaveHappened: false } },
        });
      }
      expect(codeIn(state.watch('', () => undefined))).toBe('STATE_UNAVAILABLE');
    });
  });
}
