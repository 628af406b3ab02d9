import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { factsOf, Timeline } from '../../../src/cli/timeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-timeline-'));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const written = (stream: NodeJS.WriteStream): string[] => {
  const lines: string[] = [];
  vi.spyOn(stream, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  return lines;
};

it('prints each phase as it happens, and reports all of them', async () => {
  const lines = written(process.stdout);
  const timeline = new Timeline('drain', { json: false, data: folder });
  timeline.keep('unseen');
  timeline.note('n1 drain', { detail: 'process 17' });
  timeline.note('n1 not drained', { ok: false });
  expect(lines.join('')).toMatch(
    /^ +\d+ ms {2}n1 drain +process 17\n +\d+ ms {2}n1 not drained\n$/,
  );
  const md = await timeline.report('failed', factsOf({ node: 'n1', none: undefined }));
  const report = JSON.parse(readFileSync((md ?? '').replace(/md$/, 'json'), 'utf8'));
  expect(report).toMatchObject({ command: 'drain', outcome: 'failed', facts: { node: 'n1' } });
  expect(report.phases).toMatchObject([
    { name: 'unseen', ok: true },
    { name: 'n1 drain', ok: true, detail: 'process 17' },
    { name: 'n1 not drained', ok: false },
  ]);
});

it('prints one document a line where JSON is wanted', () => {
  const lines = written(process.stdout);
  new Timeline('up', { json: true, data: folder }).note('n1 ready');
  expect(JSON.parse(lines.join(''))).toMatchObject({ phase: { name: 'n1 ready', ok: true } });
});

it('says on stderr that a report could not be written, and nothing worse happens', async () => {
  const lines = written(process.stderr);
  writeFileSync(folder, '');
  expect(await new Timeline('up', { json: false, data: folder }).report('done', null)).toBe(
    undefined,
  );
  expect(lines.join('')).toMatch(/^no report: cannot write /);
});
