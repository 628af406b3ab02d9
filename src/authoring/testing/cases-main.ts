/** Run by `node --test`: the examples of a manifest and the recorded tapes of a folder, each as a test. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { replayTape, type SkillRecording, testSkill } from '../../testing/index.ts';
import { CASES_VARIABLE, type CasesJob, GAVE } from './case-lines.ts';

const { source, manifest, examples, tapes, recordTo } = JSON.parse(
  readFileSync(process.env[CASES_VARIABLE] ?? '', 'utf8'),
) as CasesJob;
/** What a test can play by itself; a host on the network has to be faked, in a test of the author's. */
const GRANTS = { kv: true, random: true, clock: true, log: true };

for (const [at, { input, ...rest }] of examples.entries()) {
  const name = `example ${at + 1}`;
  test(name, async (t) => {
    const run = await testSkill({
      skill: source,
      manifest: manifest,
      input,
      grants: GRANTS,
    });
    if (!run.result.ok) {
      const { code, message } = run.result.error;
      assert.fail(`${JSON.stringify(input)} gave ${code}: ${message}`);
    }
    t.diagnostic(`${GAVE}${name}\n${JSON.stringify(run.result.value)}`);
    if ('output' in rest) assert.deepEqual(run.result.value, rest.output);
    if (recordTo === null) return;
    mkdirSync(recordTo, { recursive: true });
    const file = join(recordTo, `example-${at + 1}.json`);
    writeFileSync(file, `${JSON.stringify(run.recording, null, 2)}\n`);
  });
}

for (const { file, recording } of tapes)
  test(`tape ${file}`, async () => {
    await replayTape(source, recording as SkillRecording);
  });
