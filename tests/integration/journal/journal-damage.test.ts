import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordedEvent } from '../../../src/contracts/index.ts';
import type { SqliteJournal } from '../../../src/journal/index.ts';
import {
  codeIn,
  copyJournal,
  everything,
  expectTruthOrTypedFailure,
  fill,
  flipBit,
  open,
  suffixesBeside,
  tamper,
  temporaryFolder,
  valueIn,
} from './journals.ts';

const EVENTS = 60;
const SEED = 20_260_101;

const folder = temporaryFolder();
const closedFile = path.join(folder, 'closed.db');
const crashedFile = path.join(folder, 'crashed.db');
let truth: RecordedEvent[];
let truthOfCrashed: RecordedEvent[];
let copies = 0;

/** A copy of the journal that was closed in order, and of the one whose process was gone before it could close. */
const closedCopy = () => copyJournal(closedFile, path.join(folder, `copy-${++copies}.db`));
const crashedCopy = () => copyJournal(crashedFile, path.join(folder, `copy-${++copies}.db`));

beforeAll(async () => {
  const journal = valueIn(await open(closedFile));
  await fill(journal, EVENTS);
  truth = await everything(journal);
  await journal.close();

  // Most of the crashed journal is in its database, the rest only in its write-ahead log.
  const running = valueIn(await open(copyJournal(closedFile, path.join(folder, 'running.db'))));
  await fill(running, EVENTS / 3);
  truthOfCrashed = await everything(running);
  copyJournal(path.join(folder, 'running.db'), crashedFile);
  await running.close();
});

async function damageOf(file: string): Promise<{ sequence: number; reason: string; file: string }> {
  const result = await open(file);
  if (result.ok) {
    await result.value.close();
    throw new Error('the damage was not found');
  }
  expect(result.error.code).toBe('JOURNAL_CORRUPT');
  return result.error.details as { sequence: number; reason: string; file: string };
}

describe('opening a journal whose rows were changed', () => {
  test.each([
    [
      'a changed body',
      "UPDATE events SET event = replace(event, 'event 20 ', 'event 02 ') WHERE sequence = 21",
      21,
    ],
    [
      'a changed hash',
      "UPDATE events SET hash = iif(hash LIKE '0%', '1', '0') || substr(hash, 2) WHERE sequence = 30",
      30,
    ],
    ['a changed sequence', 'UPDATE events SET sequence = 100 WHERE sequence = 12', 12],
    ['a sequence below 1', 'UPDATE events SET sequence = -5 WHERE sequence = 12', 1],
    ['a deleted row', 'DELETE FROM events WHERE sequence = 7', 7],
    ['a deleted first row', 'DELETE FROM events WHERE sequence = 1', 1],
    ['a deleted last row', `DELETE FROM events WHERE sequence = ${EVENTS}`, EVENTS],
    [
      'a deleted last row with a head that fits',
      `DELETE FROM events WHERE sequence = ${EVENTS}; UPDATE head SET count = ${EVENTS - 1}, hash = (SELECT hash FROM events WHERE sequence = ${EVENTS - 1})`,
      EVENTS,
    ],
    ['no rows at all', 'DELETE FROM events', 1],
    [
      'two swapped rows',
      'UPDATE events SET sequence = -1 WHERE sequence = 4; UPDATE events SET sequence = 4 WHERE sequence = 9; UPDATE events SET sequence = 9 WHERE sequence = -1',
      4,
    ],
    [
      'an added row',
      `INSERT INTO events SELECT ${EVENTS + 1}, event, hash FROM events WHERE sequence = 1`,
      EVENTS + 1,
    ],
    ['a head record with another count', 'UPDATE head SET count = 10', 10],
    ['a head record with another hash', "UPDATE head SET hash = 'x'", EVENTS],
    ['no head record', 'DELETE FROM head', EVENTS + 1],
    ['another table', 'CREATE TABLE more (x)', EVENTS + 1],
    ['another column', 'ALTER TABLE events ADD COLUMN more TEXT', EVENTS + 1],
    ['a missing table', 'DROP TABLE events', 1],
    ['another application ID', 'PRAGMA application_id = 7', EVENTS + 1],
    ['another journal mode', 'PRAGMA journal_mode = DELETE', EVENTS + 1],
  ])('finds %s', async (_what, sql, sequence) => {
    const file = closedCopy();
    tamper(file, sql);
    const damage = await damageOf(file);
    expect(damage).toMatchObject({ file, sequence });
    expect(await expectTruthOrTypedFailure(file, truth)).toBe('recovered');
  });
});

describe('opening a journal whose files were changed', () => {
  const replaceBy = (content: string | Buffer) => (file: string) => fs.writeFileSync(file, content);
  const truncateTo =
    (share: number, suffix = '') =>
    (file: string) =>
      fs.truncateSync(file + suffix, Math.floor(fs.statSync(file + suffix).size * share));
  const remove = (suffix: string) => (file: string) => fs.rmSync(file + suffix);

  test.each([
    [
      'a file that is no database',
      replaceBy('not a database, but long enough to be one. '.repeat(200)),
    ],
    ['an empty file', replaceBy('')],
    ['a file of zeros', replaceBy(Buffer.alloc(20_000))],
    ['a database cut in half', truncateTo(0.5)],
    [
      'a database without its last page',
      (file: string) => fs.truncateSync(file, fs.statSync(file).size - 4_096),
    ],
    [
      'a database without its last byte',
      (file: string) => fs.truncateSync(file, fs.statSync(file).size - 1),
    ],
    ['a missing database', remove('')],
    ['a missing head file', remove('-head')],
    ['an empty head file', truncateTo(0, '-head')],
  ])('finds %s', async (_what, damage) => {
    const file = closedCopy();
    damage(file);
    await damageOf(file);
    expect(await expectTruthOrTypedFailure(file, truth)).toBe('recovered');
  });

  test.each([
    ['a write-ahead log cut in half', truncateTo(0.5, '-wal')],
    ['an empty write-ahead log', truncateTo(0, '-wal')],
    ['a missing write-ahead log', remove('-wal')],
    ['a missing database beside its log', remove('')],
  ])('finds %s after a crash', async (_what, damage) => {
    const file = crashedCopy();
    damage(file);
    await damageOf(file);
    expect(await expectTruthOrTypedFailure(file, truthOfCrashed)).toBe('recovered');
  });

  test('is not disturbed by a lost shared-memory index, or by an older head file', async () => {
    const file = crashedCopy();
    fs.rmSync(`${file}-shm`, { force: true });
    const older = path.join(folder, 'older.db');
    const journal = valueIn(await open(older));
    await journal.close();
    fs.copyFileSync(`${older}-head`, `${file}-head`);
    expect(await expectTruthOrTypedFailure(file, truthOfCrashed)).toBe('sound');
  });
});

describe('flipped bits', () => {
  // The seed makes every run the same.
  const flips = fc.record({ place: fc.noBias(fc.nat(2 ** 31 - 1)), bit: fc.nat(7) });
  const flipIn = (file: string, { place, bit }: { place: number; bit: number }) =>
    flipBit(file, { byte: place % fs.statSync(file).size, bit });

  test.each([
    ['the database of a closed journal', closedCopy, '', () => truth, 400],
    ['the database of a crashed journal', crashedCopy, '', () => truthOfCrashed, 200],
    ['the write-ahead log of a crashed journal', crashedCopy, '-wal', () => truthOfCrashed, 200],
    ['the head file', closedCopy, '-head', () => truth, 40],
  ] as const)('in %s never give wrong events', async (_what, copy, suffix, expected, numRuns) => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(flips, async (flip) => {
        const file = copy();
        flipIn(file + suffix, flip);
        seen.add(await expectTruthOrTypedFailure(file, expected()));
        for (const name of suffixesBeside(file)) fs.rmSync(file + name);
      }),
      { seed: SEED, numRuns },
    );
    expect(seen).toContain('recovered');
  });

  test('in any byte of the header never give wrong events', async () => {
    for (let byte = 0; byte < 100; byte++) {
      const file = closedCopy();
      flipBit(file, { byte, bit: byte % 8 });
      await expectTruthOrTypedFailure(file, truth);
      for (const name of suffixesBeside(file)) fs.rmSync(file + name);
    }
  });

  test('in several places at once never give wrong events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(flips, { minLength: 2, maxLength: 30 }), async (many) => {
        const file = closedCopy();
        for (const flip of many) flipIn(file, flip);
        await expectTruthOrTypedFailure(file, truth);
        for (const name of suffixesBeside(file)) fs.rmSync(file + name);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });
});

describe('what is done about damage', () => {
  test('without leave to recover, every file stays as it was', async () => {
    const file = crashedCopy();
    flipBit(`${file}-wal`, { byte: 20_000, bit: 3 });
    const contents = () => ['', '-wal', '-head'].map((suffix) => fs.readFileSync(file + suffix));
    const before = contents();
    await damageOf(file);
    await damageOf(file);
    expect(contents()).toEqual(before);
  });

  test('the damaged files are renamed, with the bytes they had', async () => {
    const file = crashedCopy();
    flipBit(`${file}-wal`, { byte: 20_000, bit: 3 });
    const before = ['', '-wal', '-head'].map((suffix) => fs.readFileSync(file + suffix));
    const journal = valueIn(await open(file, 'keep-prefix'));
    const { sequence, reason, setAside } = journal.recovered ?? {};
    expect(setAside).toBe(`${file}.damaged-${sequence}`);
    expect(reason).toContain('missing');
    expect(['', '-wal', '-head'].map((suffix) => fs.readFileSync(setAside + suffix))).toEqual(
      before,
    );
    expect(suffixesBeside(file).filter((name) => !name.startsWith('.damaged-'))).toEqual([
      '',
      '-head',
      '-wal',
    ]);
    await journal.close();
  });

  test('a second damage at the same place gets a name of its own', async () => {
    const file = closedCopy();
    for (const expected of [`${file}.damaged-5`, `${file}.damaged-5.2`]) {
      tamper(file, 'UPDATE events SET hash = upper(event) WHERE sequence = 5');
      const journal = valueIn(await open(file, 'keep-prefix'));
      expect(journal.recovered?.setAside).toBe(expected);
      await fill(journal, 3);
      await journal.close();
    }
  });

  test('a replacement that was interrupted anywhere is finished at the next opening', async () => {
    const file = closedCopy();
    tamper(file, 'DELETE FROM events WHERE sequence = 31');
    const states = [];
    // The steps in their order: note, database aside, companions aside, head, new database in place, note removed.
    const complete = copyJournal(file, path.join(folder, `copy-${++copies}.db`));
    const recovered = valueIn(await open(complete, 'keep-prefix'));
    await recovered.close();
    for (const moved of [[], [''], ['', '-head']]) {
      const crashed = copyJournal(file, path.join(folder, `copy-${++copies}.db`));
      fs.copyFileSync(complete, `${crashed}.new`);
      const setAside = `${crashed}.damaged-31`;
      const head = { count: 30, hash: truth[29]?.hash };
      const note = { sequence: 31, reason: 'found sequence 32 in its place', setAside, head };
      fs.writeFileSync(`${crashed}-recovery`, JSON.stringify(note));
      for (const suffix of moved) fs.renameSync(crashed + suffix, setAside + suffix);
      const journal = valueIn(await open(crashed));
      expect(journal.recovered).toMatchObject({ sequence: 31, setAside });
      expect(await everything(journal)).toEqual(truth.slice(0, 30));
      await journal.close();
      states.push(suffixesBeside(crashed));
    }
    expect(new Set(states.map(String)).size).toBe(1);
    expect(states[0]).toEqual(['', '-head', '.damaged-31', '.damaged-31-head']);
  });

  test('a creation that was interrupted is begun again', async () => {
    const file = path.join(folder, `copy-${++copies}.db`);
    const empty = path.join(folder, `copy-${++copies}.db`);
    await valueIn(await open(empty)).close();
    fs.copyFileSync(`${empty}-head`, `${file}-head`);
    fs.writeFileSync(`${file}.new`, 'half a database');
    const journal = valueIn(await open(file));
    expect(valueIn(await journal.verify())).toBe(0);
    await journal.close();
  });
});

describe('a bit that flips while the journal is open', () => {
  let file: string;
  let journal: SqliteJournal;
  beforeAll(async () => {
    file = closedCopy();
    journal = valueIn(await open(file));
    const bytes = fs.readFileSync(file);
    const byte = bytes.indexOf('event 31 event 31');
    // In place: the journal holds the file open.
    const descriptor = fs.openSync(file, 'r+');
    fs.writeSync(descriptor, Buffer.from([(bytes[byte] as number) ^ 1]), 0, 1, byte);
    fs.closeSync(descriptor);
  });
  afterAll(() => journal.close());

  test('is found by the read that meets it, and names the event', async () => {
    const stream = truth[31]?.stream as string;
    const read = await journal.read(stream);
    expect(read).toMatchObject({
      error: { code: 'JOURNAL_CORRUPT', details: { file, sequence: 32 } },
    });
  });

  test('does not hide the events that are sound', async () => {
    const read = valueIn(await journal.read(truth[31]?.stream as string, { limit: 10 }));
    expect(read).toEqual(truth.filter((event) => event.stream === truth[31]?.stream).slice(0, 10));
  });

  test('is found by verify', async () => {
    expect(await journal.verify()).toMatchObject({
      error: { code: 'JOURNAL_CORRUPT', details: { sequence: 32 } },
    });
    expect(codeIn(await journal.verify())).toBe('JOURNAL_CORRUPT');
  });
});
