/** A recording played again: the skill, given the same input and tape, has to give the same bytes. */
import { canonicalJson } from '../sandbox/index.ts';
import type { SkillHandler } from './skill-host.ts';
import { runSkill, type SkillRecording, type SkillRun } from './skill-run.ts';

/** The skill did something else than it did when it was recorded: another call, another output, another failure. */
export class ReplayDiffered extends Error {
  readonly recorded: string;
  readonly replayed: string;

  constructor({ recorded, replayed }: { readonly recorded: string; readonly replayed: string }) {
    super(`the replay gave ${replayed}; recorded was ${recorded}`);
    this.name = 'ReplayDiffered';
    this.recorded = recorded;
    this.replayed = replayed;
  }
}

const SHOWN_CHARACTERS = 1_000;

/**
 * Runs the skill again, its host calls answered from the tape: no fake is asked, no line is logged.
 * @throws ReplayDiffered when calls, output or failure differ: the skill looks at something that is not on its tape, or was changed
 */
export async function replayTape(
  skill: SkillHandler | string,
  { manifest, input, grants, tape, result }: SkillRecording,
): Promise<SkillRun> {
  const { seed, startWallMs } = tape;
  const replay = { skill, manifest, input, grants, tape, seed, startWallMs, fakes: {} };
  const run = await runSkill(replay);
  const [recorded, replayed] = [textOf(result), textOf(run.result)];
  if (recorded === replayed) return run;
  throw new ReplayDiffered({
    recorded: recorded.slice(0, SHOWN_CHARACTERS),
    replayed: replayed.slice(0, SHOWN_CHARACTERS),
  });
}

const textOf = (result: SkillRecording['result']): string =>
  result.ok ? canonicalJson(result.value) : `${result.error.code} (${result.error.message})`;
