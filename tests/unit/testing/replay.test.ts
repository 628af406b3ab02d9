import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { GUEST_ENCODE } from '../../../src/sandbox/guest-encode.ts';
import { GUEST_WORLD } from '../../../src/sandbox/guest-world.ts';
import type { SkillContext } from '../../../src/skill.ts';
import { ReplayDiffered, replayTape, testSkill } from '../../../src/testing.ts';

const GRANTS = { kv: true, http: { hosts: ['api.example.com'] } };

/** Its output depends on time, chance, and the order in which three answers come. */
async function busy(_input: unknown, ctx: SkillContext) {
  const order: string[] = [];
  const note = (name: string) => () => void order.push(`${name} at ${Date.now() % 100_000}`);
  const url = 'https://api.example.com/';
  await Promise.all([
    ctx.http.request({ url: `${url}slow` }).then(note('slow')),
    ctx.http.request({ url: `${url}fast` }).then(note('fast')),
    ctx.kv.get('key').then(note('kv')),
  ]);
  return { order, luck: Math.random() };
}

const record = () =>
  testSkill({
    skill: busy,
    grants: GRANTS,
    seed: 7,
    fakes: { http: ({ url }) => ({ afterMs: url.endsWith('slow') ? 300 : 20 }) },
  });

describe('replayTape', () => {
  it('gives the same bytes without asking a fake', async () => {
    const { recording, result, outputHash } = await record();
    expect(result).toMatchObject({ value: { order: ['kv at 0', 'fast at 20', 'slow at 300'] } });
    const again = await replayTape(busy, recording);
    expect(again.outputHash).toBe(outputHash);
    expect(again.tape).toEqual(recording.tape);
    expect(again.lines).toEqual([]);
  });

  it('replays a recording that was kept as a file', async () => {
    const { recording } = await record();
    const kept = JSON.parse(JSON.stringify(recording));
    expect((await replayTape(busy, kept)).result).toEqual(recording.result);
  });

  it('finds a skill that keeps something from one run to the next', async () => {
    let runs = 0;
    const skill = () => ++runs;
    const { recording } = await testSkill({ skill });
    const differed = await replayTape(skill, recording).catch((thrown) => thrown);
    expect(differed).toBeInstanceOf(ReplayDiffered);
    expect(differed.message).toBe('the replay gave 2; recorded was 1');
  });

  it('finds a skill that was changed to make another call', async () => {
    const skill = (key: string) => (_input: unknown, ctx: SkillContext) => ctx.kv.get(key);
    const { recording } = await testSkill({ skill: skill('a'), grants: GRANTS });
    await expect(replayTape(skill('b'), recording)).rejects.toThrow(
      /^the replay gave TAPE_DIVERGED \(.*kv\.get \["b"\].*kv\.get \["a"\]/,
    );
    await expect(replayTape(() => null, recording)).rejects.toThrow('TAPE_DIVERGED');
  });

  it('comes to the same failure: of a call, of the skill itself, of the wall limit', async () => {
    const url = 'https://api.example.com/';
    const denied = (_input: unknown, ctx: SkillContext) => ctx.http.request({ url });
    const threw = () => {
      throw new RangeError('no tea');
    };
    const fakes = { http: () => ({ afterMs: 9_000 }) };
    for (const test of [{ skill: denied }, { skill: threw }, { skill: denied, grants: GRANTS }]) {
      const { recording, result } = await testSkill({ ...test, fakes });
      expect(result.ok).toBe(false);
      expect((await replayTape(test.skill, recording)).result).toEqual(result);
    }
  });

  it('draws the numbers that the sandbox draws', async () => {
    const skill = () => Array.from({ length: 5 }, () => Math.random());
    const { result } = await testSkill({ skill, seed: 'tea' });
    const digest = Buffer.from(
      await crypto.subtle.digest('SHA-256', new TextEncoder().encode('tea')),
    );
    const seed = [0, 4, 8, 12].map((at) => digest.readUInt32BE(at));
    const drawn = runInNewContext(
      `(() => { 'use strict'; ${GUEST_ENCODE} ${GUEST_WORLD}
        [s0, s1, s2, s3] = ${JSON.stringify(seed)}; s3 |= 1;
        return JSON.stringify(Array.from({ length: 5 }, () => Math.random())); })()`,
    );
    expect(result).toEqual({ ok: true, value: JSON.parse(drawn) });
  });
});
