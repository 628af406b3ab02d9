import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { PROBES } from '../../support/sources.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = `${root}src/kernel/${PROBES}`;
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const CALLS: readonly (readonly [string, string])[] = [
  ['export const now = Date.now();', 'Clock.wallMs'],
  ['export const now = new Date();', 'Clock.wallMs'],
  ['export const now = performance.now();', 'Clock'],
  ['export const luck = Math.random();', 'Random'],
  ['setTimeout(() => undefined, 1);', 'Timers'],
  ["import { Worker } from 'node:worker_threads';\nexport { Worker };", 'Threads'],
  ["import { spawn } from 'node:child_process';\nexport { spawn };", 'Processes'],
  ["import { randomBytes } from 'node:crypto';\nexport { randomBytes };", 'Random'],
];

it('refuses ambient calls outside host/ and names the port to take instead', () => {
  mkdirSync(folder);
  for (const [index, [code]] of CALLS.entries())
    writeFileSync(`${folder}/probe-${index}.ts`, `${code}\n`);
  const { stdout, stderr, status } = spawnSync('biome', ['lint', '--max-diagnostics=100', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const said = stdout + stderr;
  expect(status).not.toBe(0);
  for (const [index, [, port]] of CALLS.entries()) {
    const [, after = ''] = said.split(`probe-${index}.ts`);
    expect(after, CALLS[index]?.[0]).toContain(`Take ${port}`);
  }
});
