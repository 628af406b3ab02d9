/** A plan reads files for its steps: those that the plan or its input names, never those that a skill would like to see. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runStep, type StepRun } from '../../src/actors/run-step.ts';
import { packageOf } from '../../src/skills/index.ts';
import { manifestOf } from '../support/packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-plan-files-'));
const secret = join(folder, 'node.key');
writeFileSync(secret, 'CANARY');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const skill = packageOf(manifestOf('reader', '1.0.0'), 'export default (input) => input;');
const scope: StepRun['scope'] = {
  input: { files: [], folder },
  steps: { find: { files: [secret], first: secret, name: 'node.key' } },
  item: secret,
};
async function read(items: unknown): Promise<{ readonly answer: string; readonly calls: number }> {
  const step = { id: 'read', skill: 'reader', forEach: { items, chunkBytes: 1_024 } };
  let calls = -1;
  const emit = (event: { readonly calls?: number }) => {
    calls = event.calls ?? calls;
    // What is read is read for a call: that there would be one is enough to know.
    if (calls > 0) throw new Error('it would be read');
  };
  const run = { step, skill, scope, trace: undefined } as unknown as StepRun;
  try {
    const result = await runStep(run, { emit } as never);
    return { answer: result.ok ? 'ok' : `${result.error.code}: ${result.error.message}`, calls };
  } catch (thrown) {
    return { answer: (thrown as Error).message, calls };
  }
}

it.each<[string, unknown]>([
  ['a list', '${steps.find.files}'],
  ['one in a list', ['${steps.find.first}']],
  ['a part of a name', ['${input.folder}/${steps.find.name}']],
  ['a part of a list', ['/dev/null', '${steps["find"].files[0]}']],
  ['an item of another loop', ['${item}']],
])('an output of a step names no file: %s', async (_, items) => {
  const { answer, calls } = await read(items);
  expect(answer).toMatch(/^REFERENCE_UNRESOLVED: .*files are named by the plan/);
  expect(calls).toBe(-1);
});

it('the plan and its input do', async () => {
  expect(await read('${input.files}')).toEqual({ answer: 'ok', calls: 0 });
  expect(await read(['${input.folder}/node.key'])).toEqual({
    answer: 'it would be read',
    calls: 1,
  });
  expect(await read([secret])).toEqual({ answer: 'it would be read', calls: 1 });
});
