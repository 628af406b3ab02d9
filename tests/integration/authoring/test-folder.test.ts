import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  developSkill,
  endBundler,
  type FolderReport,
  makeSkillFolder,
  testSkillFolder,
  writeSkillTypes,
} from '../../../src/authoring/index.ts';
import { realTimers } from '../../../src/host/index.ts';
import { readManifest } from '../../../src/skills/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { skillFolders } from '../../support/skill-folder.ts';
import { until } from '../../support/until.ts';

const folders = skillFolders();
afterAll(async () => {
  await endBundler();
  folders.remove();
});
const init = async (name: string): Promise<string> =>
  valueIn(await makeSkillFolder(join(folders.root, name), name)).folder;
const edit = (folder: string, file: string, from: string, to: string): void => {
  const text = readFileSync(join(folder, file), 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(join(folder, file), text.replace(from, to));
};
const shown = ({ cases }: FolderReport) =>
  cases.map(({ name, ok, file, line }) => [basename(name), ok, basename(file ?? ''), line]);

describe('a folder that was just made', () => {
  it('has types that fit, an example and tests that pass, and records its example', async () => {
    const folder = await init('fresh-one');
    const report = valueIn(await testSkillFolder(folder, { isRecording: true }));
    expect(report).toMatchObject({ ok: true, fault: null, types: { kind: 'checked' } });
    const manifest = valueIn(await readManifest(folder));
    expect(valueIn(await writeSkillTypes(folder, manifest)), 'the types drift').toBe(false);
    expect(report.cases.map(({ name }) => name).toSorted()).toEqual([
      'example 1',
      'examples behind the wall',
      'greets by name, and logs it',
      'takes no empty name',
    ]);
    expect(report.gave).toMatchObject([
      { name: 'example 1', output: '{"greeting":"Hello, Ada!"}' },
    ]);
    expect(existsSync(join(folder, 'tapes/example-1.json'))).toBe(true);
  });

  it('says, once it is broken, which test, example and tape fail, and where', async () => {
    const folder = join(folders.root, 'fresh-one');
    edit(folder, 'index.ts', 'Hello', 'Hi');
    writeFileSync(join(folder, 'odd.test.ts'), "throw new Error('no test at all');\n");
    const report = valueIn(await testSkillFolder(folder));
    expect(report.ok).toBe(false);
    expect(shown(report)).toEqual(
      expect.arrayContaining([
        ['greets by name, and logs it', false, 'index.test.ts', 9],
        ['takes no empty name', true, 'index.test.ts', 13],
        ['example 1', false, expect.any(String), expect.anything()],
        ['tape example-1.json', false, expect.any(String), expect.anything()],
        ['odd.test.ts', false, 'odd.test.ts', expect.anything()],
      ]),
    );
    const messages = report.cases.map(({ message }) => message ?? '').join('\n');
    expect(messages).toContain('no test at all');
    expect(messages).toContain('the replay gave {"greeting":"Hi, Ada!"}');
  });

  it('is told what the wall does not let through, though the test kit does', async () => {
    const folder = await init('greedy');
    edit(
      folder,
      'index.ts',
      'return {',
      "if ('x'.repeat(1e8).split('').length < 0) throw 1;\n  return {",
    );
    edit(folder, 'skill.json', '"effects"', '"resources": { "memoryMiB": 16 },\n  "effects"');
    const { cases } = valueIn(await testSkillFolder(folder));
    const wall = cases.find(({ name }) => name === 'examples behind the wall');
    expect(wall).toMatchObject({ ok: false, isSkipped: false });
    expect(wall?.message).toMatch(/in a sandbox .* gives SKILL_\w+/);
    expect(cases.find(({ name }) => name === 'example 1')?.ok).toBe(true);
  });

  it('is not made over another, nor under a name that no skill can have', async () => {
    const folder = join(folders.root, 'taken');
    mkdirSync(folder);
    writeFileSync(join(folder, 'README.md'), 'mine');
    expect(codeIn(await makeSkillFolder(folder, 'taken'))).toBe('FILE_UNWRITABLE');
    expect([
      readFileSync(join(folder, 'README.md'), 'utf8'),
      existsSync(join(folder, 'index.ts')),
    ]).toEqual(['mine', false]);
    expect(codeIn(await makeSkillFolder(join(folders.root, 'x'), 'No Name'))).toBe(
      'ARGUMENT_INVALID',
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('developing', () => {
  it('tests again at each save, and ends when it is told to, though a test never would', async () => {
    const folder = await init('dev');
    const rounds: string[] = [];
    const stop = new AbortController();
    const ended = developSkill({
      folder,
      timers: realTimers,
      signal: stop.signal,
      onRound: (result) => rounds.push(result.ok ? String(result.value.ok) : result.error.code),
    });
    const saw = (what: string) => until(what, () => rounds.at(-1) === what, 60_000);
    await saw('true');
    edit(folder, 'index.ts', 'greeting:', 'greetings:');
    await saw('SKILL_BUILD_FAILED');
    edit(folder, 'index.ts', 'greetings:', 'greeting:');
    await saw('true');
    const alive = join(folder, 'alive.txt');
    const endless = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(alive)}, String(process.pid));\nfor (;;);\n`;
    writeFileSync(join(folder, 'endless.test.ts'), endless);
    const pid = Number(
      await until(
        'the endless test runs',
        () => existsSync(alive) && readFileSync(alive, 'utf8'),
        60_000,
      ),
    );
    stop.abort();
    valueIn(await ended);
    await until('no process is left', () => !isAlive(pid));
  });
});
