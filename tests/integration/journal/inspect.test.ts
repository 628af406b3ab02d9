import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { realPorts } from '../../../src/host/index.ts';
import {
  inspectJournal,
  inspectKeyValue,
  isInUse,
  openSqliteJournal,
  openSqliteKeyValue,
} from '../../../src/journal/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skein-inspect-'));
  folders.push(folder);
  return folder;
}

const { clock, timers } = realPorts;
const filesOf = (folder: string) =>
  readdirSync(folder)
    .sort()
    .map((name) => [
      name,
      statSync(join(folder, name)).mtimeMs,
      readFileSync(join(folder, name), 'hex'),
    ]);

async function filled(folder: string) {
  const journal = valueIn(await openSqliteJournal({ file: join(folder, 'j.db'), clock, timers }));
  for (let at = 0; at < 10; at++)
    valueIn(await journal.append('s', [{ type: 'noted', body: { at } }]));
  const keyValue = valueIn(await openSqliteKeyValue({ file: join(folder, 'k.db'), timers }));
  valueIn(await keyValue.put('space', 'key', 1));
  const close = async (): Promise<void> => {
    await journal.close();
    await keyValue.close();
  };
  return { close };
}

describe('inspecting a store', () => {
  it('finds what a writer that closed left, and changes nothing', async () => {
    const folder = newFolder();
    await (await filled(folder)).close();
    const before = filesOf(folder);
    const journal = await inspectJournal(join(folder, 'j.db'), timers);
    expect(valueIn(journal)).toEqual({ kind: 'sound', events: 10 });
    expect(valueIn(await inspectKeyValue(join(folder, 'k.db')))).toEqual({ kind: 'sound' });
    expect(await isInUse(join(folder, 'j.db'))).toBe(false);
    expect(filesOf(folder)).toEqual(before);
  });

  it('finds what a writer that was killed left in its log, and changes nothing', async () => {
    const [living, folder] = [newFolder(), newFolder()];
    const { close } = await filled(living);
    cpSync(living, folder, { recursive: true });
    await close();
    const before = filesOf(folder);
    expect(before.map(([name]) => name)).toContain('j.db-wal');
    const journal = await inspectJournal(join(folder, 'j.db'), timers);
    expect(valueIn(journal)).toEqual({ kind: 'sound', events: 10 });
    expect(valueIn(await inspectKeyValue(join(folder, 'k.db')))).toEqual({ kind: 'sound' });
    expect(filesOf(folder)).toEqual(before);
  });

  it('names the damage, and changes nothing', async () => {
    const folder = newFolder();
    await (await filled(folder)).close();
    for (const name of ['j.db', 'k.db']) truncateSync(join(folder, name), 5_000);
    const before = filesOf(folder);
    expect(codeIn(await inspectJournal(join(folder, 'j.db'), timers))).toBe('JOURNAL_CORRUPT');
    expect(codeIn(await inspectKeyValue(join(folder, 'k.db')))).toBe('JOURNAL_CORRUPT');
    expect(filesOf(folder)).toEqual(before);
    rmSync(join(folder, 'j.db'));
    expect(codeIn(await inspectJournal(join(folder, 'j.db'), timers))).toBe('JOURNAL_CORRUPT');
  });

  it('says that there is none, and makes none', async () => {
    const folder = newFolder();
    const missing = { kind: 'missing' };
    expect(valueIn(await inspectJournal(join(folder, 'j.db'), timers))).toEqual(missing);
    expect(valueIn(await inspectKeyValue(join(folder, 'k.db')))).toEqual(missing);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says that a writer has it, and does not disturb it', async () => {
    const folder = newFolder();
    const { close } = await filled(folder);
    const used = { kind: 'in use' };
    expect(valueIn(await inspectJournal(join(folder, 'j.db'), timers))).toEqual(used);
    expect(valueIn(await inspectKeyValue(join(folder, 'k.db')))).toEqual(used);
    expect(await isInUse(join(folder, 'j.db'))).toBe(true);
    await close();
    expect(await isInUse(join(folder, 'j.db'))).toBe(false);
  });
});
