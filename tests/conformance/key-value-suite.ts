/** What every body of the `KeyValue` port promises. A body is given as a function that opens a fresh, empty store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type KeyValue, LIMITS, type Result } from '../../src/contracts/index.ts';
import { codeIn, valueIn } from './journal-suite.ts';

export interface KeyValueBody {
  readonly name: string;
  readonly open: () => Promise<KeyValue>;
}

export function keyValueSuite(body: KeyValueBody): void {
  describe(`key-value: ${body.name}`, () => {
    let store: KeyValue;
    beforeEach(async () => {
      store = await body.open();
    });
    afterEach(() => store.close());

    const put = async (key: string, value: number) =>
      valueIn(await store.put('space', key, value)).revision;

    test('gives back what was put, with a revision from 1 that grows by one', async () => {
      expect(await put('k', 1)).toBe(1);
      expect(await put('k', 2)).toBe(2);
      expect(await put('other', 3)).toBe(1);
      expect(valueIn(await store.get('space', 'k'))).toEqual({ value: 2, revision: 2 });
    });

    test('knows nothing of a key that was never put, or was put in another space', async () => {
      await put('k', 1);
      expect(valueIn(await store.get('space', 'none'))).toBeUndefined();
      expect(valueIn(await store.get('elsewhere', 'k'))).toBeUndefined();
    });

    test('keeps any JSON value under any well-formed key', async () => {
      const value = { b: [null, true, -1.5, 'é😀'], a: { 10: 1, 9: 2 } };
      for (const key of ['/', ' ', 'a\u0000b', 'é😀', '__proto__', "'; DROP TABLE entries"]) {
        expect(codeIn(await store.put('space', key, value))).toBe('ok');
        expect(valueIn(await store.get('space', key))?.value).toEqual(value);
      }
    });

    test('takes a copy: what the caller changes afterwards is not kept', async () => {
      const mutable = [1];
      const written = store.put('space', 'k', mutable);
      mutable.push(2);
      await written;
      expect(valueIn(await store.get('space', 'k'))?.value).toEqual([1]);
    });

    test('puts only over the revision that the writer expects', async () => {
      await put('k', 1);
      const late = await store.put('space', 'k', 9, { expectedRevision: 0 });
      expect(late).toMatchObject({
        ok: false,
        error: {
          code: 'JOURNAL_CONFLICT',
          details: { stream: 'space/k', expected: 0, current: 1 },
        },
      });
      expect(codeIn(await store.put('space', 'k', 2, { expectedRevision: 1 }))).toBe('ok');
      expect(codeIn(await store.put('space', 'none', 2, { expectedRevision: 1 }))).toBe(
        'JOURNAL_CONFLICT',
      );
    });

    test('lets exactly one of many writers win when all expect the same revision', async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, at) => store.put('space', 'k', at, { expectedRevision: 0 })),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(1);
      expect(valueIn(await store.get('space', 'k'))).toEqual({ value: 0, revision: 1 });
    });

    test('goes on with the revision across a delete, so that an old writer cannot win', async () => {
      await put('k', 1);
      await put('k', 2);
      expect(valueIn(await store.delete('space', 'k'))).toBe(true);
      expect(valueIn(await store.get('space', 'k'))).toBeUndefined();
      expect(valueIn(await store.put('space', 'k', 3, { expectedRevision: 0 })).revision).toBe(3);
      expect(codeIn(await store.put('space', 'k', 4, { expectedRevision: 2 }))).toBe(
        'JOURNAL_CONFLICT',
      );
    });

    test('says whether there was anything to delete', async () => {
      expect(valueIn(await store.delete('space', 'k'))).toBe(false);
      await put('k', 1);
      expect(valueIn(await store.delete('space', 'k'))).toBe(true);
      expect(valueIn(await store.delete('space', 'k'))).toBe(false);
    });

    test('lists the keys of a prefix that exist, by their bytes, up to a limit', async () => {
      for (const key of ['b/2', 'a', 'b/10', 'b/\u0000', 'é', 'b']) await put(key, key.length);
      await store.put('elsewhere', 'b/9', 0);
      await store.delete('space', 'b/10');
      const keys = async (options?: object) =>
        valueIn(await store.list('space', options)).map(({ key }) => key);
      expect(await keys()).toEqual(['a', 'b', 'b/\u0000', 'b/2', 'é']);
      expect(await keys({ prefix: 'b/' })).toEqual(['b/\u0000', 'b/2']);
      expect(await keys({ limit: 2 })).toEqual(['a', 'b']);
      expect(valueIn(await store.list('space', { prefix: 'b/2' }))).toEqual([
        { key: 'b/2', value: 3 },
      ]);
      expect(valueIn(await store.list('none'))).toEqual([]);
      for (const limit of [0, 1.5, 1_001, Number.NaN])
        expect(codeIn(await store.list('space', { limit }))).toBe('ARGUMENT_INVALID');
    });

    test('refuses spaces, keys, values and revisions outside their bounds', async () => {
      const results = [
        store.put('', 'k', 1),
        store.put('a b', 'k', 1),
        store.put('space', '', 1),
        store.put('space', 'é'.repeat(LIMITS.kvKeyBytes / 2 + 1), 1),
        store.put('space', '\ud800', 1),
        store.put('space', 'k', undefined as never),
        store.put('space', 'k', 'x'.repeat(LIMITS.kvValueBytes - 1)),
        store.put('space', 'k', 1, { expectedRevision: -1 }),
        store.get('a b', 'k'),
        store.delete('space', ''),
      ];
      expect((await Promise.all<Result<unknown>>(results)).map(codeIn)).toEqual(
        results.map(() => 'ARGUMENT_INVALID'),
      );
    });

    test('takes a key and a value of exactly the largest size', async () => {
      const key = 'é'.repeat(LIMITS.kvKeyBytes / 2);
      const value = 'x'.repeat(LIMITS.kvValueBytes - 2);
      expect(codeIn(await store.put('space', key, value))).toBe('ok');
      expect(valueIn(await store.get('space', key))?.value).toBe(value);
    });

    test('refuses one key too many in a space, until another key is deleted', async () => {
      await Promise.all(
        Array.from({ length: LIMITS.kvKeysPerTenant }, (_, at) => put(`k${at}`, at)),
      );
      expect(codeIn(await store.put('space', 'more', 1))).toBe('ARGUMENT_INVALID');
      expect(codeIn(await store.put('space', 'k7', 1))).toBe('ok');
      expect(codeIn(await store.put('elsewhere', 'more', 1))).toBe('ok');
      await store.delete('space', 'k3');
      expect(codeIn(await store.put('space', 'more', 1))).toBe('ok');
    });

    test('forgets deleted keys in time, and still never gives a revision a second time', async () => {
      await put('old', 1);
      await put('old', 2);
      await Promise.all<unknown>(
        Array.from({ length: LIMITS.kvKeysPerTenant }, (_, at) => [
          store.put('space', `k${at}`, at),
          store.delete('space', `k${at}`),
        ]).flat(),
      );
      expect(await put('k0', 1)).toBe(2);
      expect(await put('fresh', 1)).toBe(2);
      expect(await put('old', 3)).toBe(3);
    });

    test('commits what was accepted before close, and refuses what comes after', async () => {
      const written = store.put('space', 'k', 1);
      await store.close();
      await store.close();
      expect(codeIn(await written)).toBe('ok');
      const late = [
        store.get('space', 'k'),
        store.put('space', 'k', 2),
        store.delete('space', 'k'),
      ];
      expect((await Promise.all<Result<unknown>>(late)).map(codeIn)).toEqual(
        late.map(() => 'JOURNAL_UNAVAILABLE'),
      );
    });
  });
}
