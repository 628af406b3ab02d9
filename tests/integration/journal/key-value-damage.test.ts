import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KeyValueEntry } from '../../../src/contracts/index.ts';
import type { SqliteKeyValue } from '../../../src/journal/index.ts';
import {
  codeIn,
  copyJournal,
  flipBit,
  openStore,
  suffixesBeside,
  tamper,
  temporaryFolder,
  valueIn,
} from './journals.ts';

const KEYS = Array.from({ length: 40 }, (_, at) => `key-${String(at).padStart(2, '0')}`);
const folder = temporaryFolder();
const source = path.join(folder, 'store.db');
let truth: Map<string, KeyValueEntry | undefined>;
let copies = 0;
const copy = () => copyJournal(source, path.join(folder, `copy-${++copies}.db`));

async function contentOf(store: SqliteKeyValue): Promise<Map<string, KeyValueEntry | undefined>> {
  const content = new Map<string, KeyValueEntry | undefined>();
  for (const key of KEYS) content.set(key, valueIn(await store.get('space', key)));
  return content;
}

beforeAll(async () => {
  const store = valueIn(await openStore(source));
  for (const [at, key] of KEYS.entries()) {
    valueIn(await store.put('space', key, { at, text: 'x'.repeat(at * 20) }));
    if (at % 3 === 0) valueIn(await store.put('space', key, at));
    if (at % 5 === 0) valueIn(await store.delete('space', key));
  }
  truth = await contentOf(store);
  await store.close();
});

/** A typed failure, or the true entries, or fewer of them that are reported as what was left. Never another value. */
async function expectTruthOrTypedFailure(file: string): Promise<'recovered' | 'sound'> {
  const strict = await openStore(file);
  if (strict.ok) {
    expect(await contentOf(strict.value)).toEqual(truth);
    await strict.value.close();
    return 'sound';
  }
  expect(codeIn(strict)).toBe('JOURNAL_CORRUPT');
  const store = valueIn(await openStore(file, 'keep-readable'));
  expect(store.recovered?.setAside).toContain('.damaged-');
  for (const [key, entry] of await contentOf(store)) {
    if (entry !== undefined) expect(entry).toEqual(truth.get(key));
  }
  expect(codeIn(await store.put('space', 'key-00', 1))).toBe('ok');
  await store.close();
  await valueIn(await openStore(file)).close();
  return 'recovered';
}

describe('a damaged key-value store', () => {
  test.each([
    ['a changed value', "UPDATE entries SET value = '1' WHERE key = 'key-07'"],
    ['a changed revision', "UPDATE entries SET revision = 9 WHERE key = 'key-07'"],
    ['a changed key', "UPDATE entries SET key = 'key-77' WHERE key = 'key-07'"],
    ['a deleted key that is back', "UPDATE entries SET value = '1' WHERE key = 'key-05'"],
    ['a lost entry', "DELETE FROM entries WHERE key = 'key-07'"],
    ['changed counts', 'UPDATE spaces SET floor = 100'],
    ['lost counts', 'DELETE FROM spaces'],
    ['a lost table', 'DROP TABLE spaces'],
  ])('is found to be damaged when it is opened: %s', async (_what, sql) => {
    const file = copy();
    tamper(file, sql);
    expect(await expectTruthOrTypedFailure(file)).toBe('recovered');
  });

  test('keeps the entries that can be read, and says where the others are', async () => {
    const file = copy();
    tamper(file, "UPDATE entries SET value = '1' WHERE key = 'key-07'");
    const store = valueIn(await openStore(file, 'keep-readable'));
    expect(store.recovered).toMatchObject({ sequence: 8, setAside: `${file}.damaged-8` });
    expect(await contentOf(store)).toEqual(new Map(truth).set('key-07', undefined));
    await store.close();
  });

  test.each([
    ['is no database', (file: string) => fs.writeFileSync(file, 'no database '.repeat(1_000))],
    ['is empty', (file: string) => fs.truncateSync(file, 0)],
    ['is cut in half', (file: string) => fs.truncateSync(file, fs.statSync(file).size / 2)],
  ])('is found to be damaged when its file %s', async (_what, damage) => {
    const file = copy();
    damage(file);
    expect(await expectTruthOrTypedFailure(file)).toBe('recovered');
  });

  test('never gives a wrong value, whatever bit is flipped', async () => {
    const seen = new Set<string>();
    const places = fc.noBias(fc.nat(2 ** 31 - 1));
    await fc.assert(
      fc.asyncProperty(places, fc.nat(7), async (place, bit) => {
        const file = copy();
        flipBit(file, { byte: place % fs.statSync(file).size, bit });
        seen.add(await expectTruthOrTypedFailure(file));
        for (const name of suffixesBeside(file)) fs.rmSync(file + name);
      }),
      { seed: 20_260_102, numRuns: 300 },
    );
    expect(seen).toEqual(new Set(['recovered', 'sound']));
  });

  test('names the damage when a row changes while the store is open, and spares the other keys', async () => {
    const file = copy();
    const store = valueIn(await openStore(file));
    const bytes = fs.readFileSync(file);
    const byte = bytes.lastIndexOf(`"text":"${'x'.repeat(340)}"`) + 20;
    const descriptor = fs.openSync(file, 'r+');
    fs.writeSync(descriptor, 'y', byte);
    fs.closeSync(descriptor);
    expect(codeIn(await store.get('space', 'key-17'))).toBe('JOURNAL_CORRUPT');
    const writes = [store.put('space', 'key-17', 1), store.put('space', 'key-18', 2)];
    expect((await Promise.all(writes)).map(codeIn)).toEqual(['JOURNAL_CORRUPT', 'ok']);
    expect(valueIn(await store.get('space', 'key-18'))?.value).toBe(2);
    await store.close();
  });

  test('keeps everything across an orderly close, with no file left beside it', async () => {
    const file = copy();
    const store = valueIn(await openStore(file));
    expect(await contentOf(store)).toEqual(truth);
    await store.close();
    expect(suffixesBeside(file)).toEqual(['']);
  });
});
