/** What docs/testing.md shows beside example 05, and that the page shows nothing else. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type ActorContext, type ActorRef, defineActor } from '../../../src/index.ts';
import type { SkillContext } from '../../../src/skill.ts';
import { probe, replayTape, testSkill, testSystem } from '../../../src/testing.ts';

const reminder = defineActor({
  kind: 'reminder',
  initial: (args: { to: ActorRef }, _ctx: ActorContext) => args,
  receive: {
    remind: (_state, text: string, ctx: ActorContext) => ctx.after(text, 60_000, 'due', text),
    due: ({ to }, text: string, ctx: ActorContext) => {
      ctx.tell(to, 'reminded', text);
      ctx.stop();
    },
  },
});

it('waits a minute with a probe in no time', async () => {
  const { system, time } = testSystem({ seed: 1 });
  const inbox = probe({ system, time }, ['reminded']);
  const ref = system.spawn(reminder, { to: inbox.ref });

  system.tell(ref, 'remind', 'water the plants');
  await inbox.expectNone(59_999);
  const { payload, atMs } = await inbox.next('reminded', { withinMs: 10 });
  await inbox.expectTerminated(ref);
  expect([payload, atMs]).toEqual(['water the plants', 60_000]);
});

const manifest = {
  name: 'weather',
  version: '1.0.0',
  description: 'Says how warm it is.',
  input: { type: 'object', required: ['city'] },
  output: { type: 'string' },
  capabilities: { http: { hosts: ['weather.example.com'] }, kv: true },
};

async function weather({ city }: { city: string }, ctx: SkillContext): Promise<string> {
  const unit = await ctx.kv.get('unit');
  const { body } = await ctx.http.request({ url: `https://weather.example.com/${city}` });
  ctx.log.info('asked', { city });
  return `${JSON.parse(body).degrees} °${unit} at ${new Date().toISOString()}`;
}

it('tests a skill with fakes and replays its tape', async () => {
  const run = await testSkill({
    skill: weather,
    manifest,
    input: { city: 'Oslo' },
    grants: { http: { hosts: ['weather.example.com'] }, kv: true },
    fakes: {
      http: ({ url }) => ({ json: { degrees: url.endsWith('Oslo') ? -3 : 20 }, afterMs: 150 }),
      kv: { unit: 'C' },
    },
    seed: 7,
  });
  expect(run.result).toEqual({ ok: true, value: '-3 °C at 2026-01-01T00:00:00.150Z' });
  await replayTape(weather, run.recording);
});

const read = (file: string) =>
  readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8').replaceAll(/^ +/gm, '');

it('shows on the page only code that is run', () => {
  const run = read('examples/05-find-a-race.ts') + read('tests/unit/testing/tutorial.test.ts');
  const blocks = Array.from(
    read('docs/testing.md').matchAll(/```ts\n([\s\S]*?)```/g),
    ([, block = '']) => block,
  );
  expect(blocks.length).toBeGreaterThan(8);
  expect(blocks.filter((block) => !run.includes(block))).toEqual([]);
});
