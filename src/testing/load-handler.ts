/** What a skill's module exports, given as it is or as the text of the module. */
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
  const module = await loadModule(skill, name);
  if (!module.ok) return module;
  const { default: handler } = module.value;
  if (typeof handler === 'function') return success(handler as SkillHandler);
  return failure('SKILL_REFUSED', { skill: name, reason: 'the default export is not a function' });
}

/** The exports of a module's text. Failure: SKILL_REFUSED. */
export async function loadModule(
  text: string,
  name: string,
): Promise<Result<Readonly<Record<string, unknown>>>> {
  try {
    const unlike = `${stripTypeScriptTypes(text)}\n// ${++loads}`;
    return success(await import(`data:text/javascript,${encodeURIComponent(unlike)}`));
  } catch (thrown) {
    return failure('SKILL_REFUSED', { skill: name, reason: reasonOf(thrown) });
  }
}
