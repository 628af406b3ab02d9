/**
 * A planner by rules: from a goal in words, the skills at hand and an input to a plan. Pure: the same goal, skills and input
 * give the same plan, byte for byte. Each clause of the goal (parted by "then", ";" or a line's end) becomes one step, of the
 * skill whose name and description share most words with it; each step gets what the one before gave.
 */
import {
  failure,
  type Json,
  type Plan,
  type Result,
  type SkillManifest,
  success,
} from '../contracts/index.ts';

export interface Goal {
  readonly goal: string;
  readonly input?: Json;
}

const CLAUSES_MAX = 20;
const GOAL_CHARACTERS_MAX = 2_000;
/** A word in the name of a skill says more than one in its description. */
const NAME_WEIGHT = 3;
const FILLER = new Set([
  'a',
  'an',
  'and',
  'the',
  'of',
  'to',
  'in',
  'it',
  'its',
  'with',
  'from',
  'for',
  'by',
  'on',
  'is',
  'as',
]);

/** Failures: ARGUMENT_INVALID (no or too many clauses), SKILL_NOT_FOUND for a clause that no skill fits. */
export function planFor({ goal, input }: Goal, skills: readonly SkillManifest[]): Result<Plan> {
  const clauses = goal
    .slice(0, GOAL_CHARACTERS_MAX)
    .split(/\bthen\b|[;\n]/i)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
  if (clauses.length === 0 || clauses.length > CLAUSES_MAX) {
    const found = `${clauses.length} clauses`;
    return failure('ARGUMENT_INVALID', {
      argument: 'goal',
      found,
      expected: `1 to ${CLAUSES_MAX}`,
    });
  }
  const steps: Plan['steps'] = [];
  for (const [index, clause] of clauses.entries()) {
    const skill = bestFor(clause, skills);
    if (!skill) return failure('SKILL_NOT_FOUND', { skill: clause });
    const before = steps.at(-1);
    steps.push({
      id: `step${index + 1}`,
      skill: `${skill.name}@${skill.version}`,
      input: before ? `\${steps.${before.id}}` : '${input}',
    });
  }
  return success({ plan: goal.slice(0, 200), ...(input === undefined ? {} : { input }), steps });
}

/** The skill with the highest score above 0; of equals the first by name, then the newest in the list. */
function bestFor(clause: string, skills: readonly SkillManifest[]): SkillManifest | undefined {
  const wanted = wordsOf(clause);
  const scored = skills
    .map((skill) => ({ skill, score: scoreOf(skill, wanted) }))
    .filter(({ score }) => score > 0);
  scored.sort((a, b) => b.score - a.score || (a.skill.name < b.skill.name ? -1 : 1));
  return scored[0]?.skill;
}

function scoreOf({ name, description }: SkillManifest, wanted: ReadonlySet<string>): number {
  const inName = [...wordsOf(name)].filter((word) => wanted.has(word)).length;
  const inDescription = [...wordsOf(description)].filter((word) => wanted.has(word)).length;
  return NAME_WEIGHT * inName + inDescription;
}

const wordsOf = (text: string): ReadonlySet<string> =>
  new Set((text.toLowerCase().match(/[a-z0-9]+/g) ?? []).filter((word) => !FILLER.has(word)));
