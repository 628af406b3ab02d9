import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { realTimers, SimulatedDisk } from '../../src/host/index.ts';
import { memoryJournal, openSimulatedJournal, openSqliteJournal } from '../../src/journal/index.ts';
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

journalSuite({
  name: 'simulated disk',
  durability: 'fsynced',
  open: async (clock) => {
    const disk = new SimulatedDisk();
    return valueIn(await openSimulatedJournal({ disk, clock, timers: realTimers })).journal;
  },
});
