import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import {
  realProcesses,
  SimulatedLife,
  seededRandom,
  simulatedProcesses,
  simulatedTime,
} from '../../src/host/index.ts';
import { realPassing, simulatedPassing } from './passing.ts';
import { PROCESS_MAINS } from './process-main.ts';
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

processesSuite({
  name: 'simulated',
  folder: '/somewhere',
  open: () => {
    const time = simulatedTime();
    const processes = simulatedProcesses({
      time,
      random: seededRandom('processes'),
      owner: new SimulatedLife(),
      exists: (file) => file !== '/nowhere/program',
      main: ({ spec, write, writeStderr, onData, exit }) => {
        const { file, args, env, cwd = '/' } = spec;
        // Who never hears that bytes were written never gets to its endless loop: to others that is the same.
        const soon = (flushed?: () => void): void => {
          if (flushed && file !== 'spin') queueMicrotask(flushed);
        };
        PROCESS_MAINS[file]?.({
          args,
          env,
          cwd: () => cwd,
          onData,
          write: (bytes, flushed) => {
            write(bytes);
            soon(flushed);
          },
          writeStderr: (text, flushed) => {
            writeStderr(text);
            soon(flushed);
          },
          exit: (exitCode) => exit({ exitCode, signal: null }),
        });
      },
    });
    return {
      passing: simulatedPassing(time),
      start: (main, { args = [], ...more } = {}) =>
        processes.start({ file: main, args, env: {}, ...more }),
      startMissing: () => processes.start({ file: '/nowhere/program', args: [], env: {} }),
    };
  },
});
