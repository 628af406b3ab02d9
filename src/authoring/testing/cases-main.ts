/** Run by `node --test`: the examples of a manifest and the recorded tapes of a folder, each as a test. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { replayTape, type SkillRecording, testSkill } from '../../testing/index.ts';
import { playBehindTheWall } from './behind-the-wall.ts';
import { CASES_VARIABLE, type CasesJob, GAVE } from './case-lines.ts';

const { source, manifest, examples, tapes, recordTo } = JSON.parse(
  readFileSync(process.env[CASES_VARIABLE] ?? '', 'utf8'),
) as CasesJob;
/** What a test can play by itself; a host on the network has to be faked, in a test of the author's. */
const GRANTS = { fs: 'write', kv: true, random: true, clock: true, log: true } as const;
const recordings: SkillRecording[] = [];
/** Where no sandbox can be started none has to be passed. */
const NO_WALL = new Set<string>(['SANDBOX_UNSUPPORTED', 'SANDBOX_UNAVAILABLE']);

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
    recordings.push(run.recording);
    t.diagnostic(`${GAVE}${name}\n${JSON.stringify(run.result.value)}`);
    if ('output' in rest) assert.deepEqual(run.result.value, rest.output);
    if (recordTo === null) return;
    mkdirSync(recordTo, { recursive: true });
    const file = join(recordTo, `example-${at + 1}.json`);
    writeFileSync(file, `${JSON.stringify(run.recording, null, 2)}\n`);
  });
}

if (examples.length > 0)
  test('examples behind the wall', async (t) => {
    const played = await playBehindTheWall(source, recordings);
    if (played.ok) return;
    const { code, message } = played.error;
    if (NO_WALL.has(code)) t.skip(message);
    else assert.fail(message);
  });

for (const { file, recording } of tapes)
  test(`tape ${file}`, async () => {
    await replayTape(source, recording as SkillRecording);
  });
