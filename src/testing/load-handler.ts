/** The function of a skill: its default export, given as it is or as the text of its module. */
import { stripTypeScriptTypes } from 'node:module';
import { failure, type Result, reasonOf, success } from '../contracts/index.ts';
import type { SkillHandler } from './skill-host.ts';

let loads = 0;

/** A text is loaded anew each time, so that nothing of an earlier run is left in it. Failure: SKILL_REFUSED. */
export async function loadHandler(
  skill: SkillHandler | string,
  name: string,
): Promise<Result<SkillHandler>> {
  if (typeof skill === 'function') return success(skill);
  const refused = (reason: string) => failure('SKILL_REFUSED', { skill: name, reason });
  try {
    const text = `${stripTypeScriptTypes(skill)}\n// ${++loads}`;
    const module = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    if (typeof module.default === 'function') return success(module.default);
    return refused('the default export is not a function');
  } catch (thrown) {
    return refused(reasonOf(thrown));
  }
}
