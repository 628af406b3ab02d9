import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { realProcesses } from '../../src/host/index.ts';
import { realPassing } from './passing.ts';
import { processesSuite } from './processes-suite.ts';

const CHILD = fileURLToPath(new URL('./process-child.ts', import.meta.url));

processesSuite({
  name: 'real',
  folder: realpathSync(tmpdir()),
  open: () => ({
    passing: realPassing,
    start: (main, { args = [], ...options } = {}) =>
      realProcesses.start({
        file: process.execPath,
        args: ['--disable-warning=ExperimentalWarning', CHILD, main, ...args],
        env: {},
        ...options,
      }),
    startMissing: () => realProcesses.start({ file: '/nowhere/program', args: [], env: {} }),
  }),
});
