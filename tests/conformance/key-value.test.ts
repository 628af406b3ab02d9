import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { realTimers } from '../../src/host/index.ts';
import { memoryKeyValue, openSqliteKeyValue } from '../../src/journal/index.ts';
import { valueIn } from './journal-suite.ts';
import { keyValueSuite } from './key-value-suite.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skein-key-value-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
let files = 0;

keyValueSuite({ name: 'memory', open: async () => memoryKeyValue() });

keyValueSuite({
  name: 'sqlite',
  open: async () => {
    const file = path.join(folder, `${++files}.db`);
    return valueIn(await openSqliteKeyValue({ file, timers: realTimers }));
  },
});
