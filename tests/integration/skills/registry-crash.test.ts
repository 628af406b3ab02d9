import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { folderPackageStore, SkillRegistry } from '../../../src/skills/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-registry-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Lets the process register until `count` versions are acknowledged, then kills it. */
function registerUntil(count: number): Promise<readonly string[]> {
  const script = join(import.meta.dirname, 'registering-process.ts');
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => {
    printed += bytes.toString();
    if (printed.split('\n').length > count) child.kill('SIGKILL');
  });
  return new Promise((resolve) =>
    child.once('close', () => resolve(printed.split('\n').slice(0, -1))),
  );
}

it('a registry whose process is killed while it registers has all that it acknowledged, again and again', async () => {
  for (const count of [1, 5, 20]) {
    const acknowledged = await registerUntil(count);
    expect(acknowledged.length).toBeGreaterThanOrEqual(count);
    const opened = await SkillRegistry.open(folderPackageStore(folder));
    if (!opened.ok) throw new Error(opened.error.message);
    const held = new Set(opened.value.list().map(({ manifest }) => manifest.version));
    for (const version of acknowledged) expect(held).toContain(version);
  }
});
