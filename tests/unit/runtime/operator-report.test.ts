import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type OperatorReport, writeOperatorReport } from '../../../src/runtime/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const report: OperatorReport = {
  command: 'drain',
  startedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  elapsedMs: 12.4,
  outcome: 'done',
  phases: [{ name: 'n1 | drained', elapsedMs: 11.6, ok: true, detail: 'two\nlines' }],
  facts: { nodes: ['n1'] },
};

describe('the report of an operator command', () => {
  it('is written for a person and for a machine, with the same facts', async () => {
    const written = await writeOperatorReport(folder, report);
    const base = join(folder, 'reports/drain-2026-01-02T03-04-05.006Z');
    expect(written).toEqual({ ok: true, value: { md: `${base}.md`, json: `${base}.json` } });
    expect(JSON.parse(readFileSync(`${base}.json`, 'utf8'))).toEqual(report);
    const text = readFileSync(`${base}.md`, 'utf8');
    expect(text).toContain('# skein drain: done');
    expect(text).toContain('| 12 | n1 \\| drained | ok | two lines |');
    expect(text).toContain('"nodes"');
  });

  it('is refused when it is none', async () => {
    const refused = await writeOperatorReport(folder, { ...report, command: '../up' });
    expect(refused).toMatchObject({ error: { code: 'ARGUMENT_INVALID' } });
    expect(refused).toMatchObject({ error: { details: { pointer: '/command' } } });
  });

  it('says where it could not be written', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const failed = await writeOperatorReport(file, report);
    expect(failed).toMatchObject({ error: { code: 'FILE_UNWRITABLE' } });
  });

  it('lets the oldest go, and leaves alone what is no report', async () => {
    writeFileSync(join(folder, 'reports/notes.md'), 'mine');
    for (let day = 1; day <= 202; day++)
      await writeOperatorReport(folder, { ...report, startedAtMs: Date.UTC(2027, 0, day) });
    const left = readdirSync(join(folder, 'reports'));
    expect(left).toContain('notes.md');
    expect(left.filter((file) => file.startsWith('drain-')).length).toBe(400);
    expect(left).not.toContain('drain-2027-01-01T00-00-00.000Z.md');
  });
});
