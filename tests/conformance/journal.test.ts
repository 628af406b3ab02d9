import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { realTimers } from '../../src/host/index.ts';
import { memoryJournal, openSqliteJournal } from '../../src/journal/index.ts';
import { journalSuite, valueIn } from './journal-suite.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skein-journal-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
let files = 0;

journalSuite({
  name: 'memory',
  durability: 'memory',
  open: async (clock) => memoryJournal({ clock }),
});

journalSuite({
  name: 'sqlite',
  durability: 'fsynced',
  open: async (clock) => {
    const file = path.join(folder, `${++files}.db`);
    return valueIn(await openSqliteJournal({ file, clock, timers: realTimers }));
  },
});
