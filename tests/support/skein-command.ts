/** Runs the command `skein` as a user would: the launcher, in a process of its own, with a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function dataDir(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'skein-e2e-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function startSkein(args: readonly string[], data: string): ChildProcess {
  const launcher = ['--disable-warning=ExperimentalWarning', join(root, 'bin/skein.js')];
  return spawn(process.execPath, [...launcher, ...args], {
    cwd: root,
    env: { ...process.env, SKEIN_DATA_DIR: data },
  });
}

export function skein(args: readonly string[], data: string, input?: string): Promise<Finished> {
  const child = startSkein(args, data);
  child.stdin?.end(input);
  return finished(child);
}

export function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}
