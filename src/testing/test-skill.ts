/**
 * A skill run by a test, as code of the test's own process: same grants, schemas, limits on calls, logs and output, and effect tape as
 * in a sandbox. There is no wall: no isolate keeps the skill from the process, and nothing bounds its processor time or memory.
 */
import {
  type Ceiling,
  checkManifest,
  grantsFrom,
  type Json,
  plainCopy,
  SkeinException,
  type SkillManifest,
  skeinError,
} from '../contracts/index.ts';
import { effectiveGrants } from '../sandbox/index.ts';
import { requireArgument } from './expectation.ts';
import type { SkillFakes } from './fake-effects.ts';
import type { SkillHandler } from './skill-host.ts';
import { runSkill, type SkillRun } from './skill-run.ts';

export interface SkillTest {
  /** The default export, or the text of the module, TypeScript or JavaScript. */
  readonly skill: SkillHandler | string;
  /** `skill.json`. Left out: any input and output, and every capability is asked for. */
  readonly manifest?: object;
  /** JSON data; default null. */
  readonly input?: unknown;
  /** What whoever runs the skill lets it have; default: log lines alone. */
  readonly grants?: WrittenGrants;
  readonly fakes?: SkillFakes;
  /** Of `Math.random` inside; default `skein`. */
  readonly seed?: string | number;
  /** Where `Date` begins, Unix epoch, ms; default 2026-01-01. */
  readonly startWallMs?: number;
}

export type WrittenGrants = NonNullable<Ceiling['grants']>;

export const START_WALL_MS = 1_767_225_600_000;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const ANY_MANIFEST = {
  name: 'skill',
  version: '0.0.0',
  description: 'A skill under test.',
  input: true,
  output: true,
  capabilities: {
    http: { hosts: ['*'], methods: METHODS },
    fs: 'write',
    kv: true,
    random: true,
    clock: true,
  },
};

/**
 * Runs a skill once. Whatever the skill does is the result; nothing of it is thrown.
 * @throws what a fake threw; MANIFEST_INVALID and ARGUMENT_INVALID (an input that is no JSON) as a `SkeinException`
 */
export async function testSkill(test: SkillTest): Promise<SkillRun> {
  const { skill, grants, fakes = {}, seed = 'skein', startWallMs = START_WALL_MS } = test;
  const manifest = manifestOf(test.manifest ?? anyManifest(grants));
  return runSkill({
    skill,
    manifest,
    input: inputOf(test.input ?? null),
    grants: effectiveGrants(manifest.capabilities, grantsFrom(grants)),
    fakes,
    seed: String(seed),
    startWallMs,
  });
}

/** Asks for all that there is; of what goes by names, for those that are granted. */
function anyManifest({ secret, actor, notify, llm }: WrittenGrants = {}): object {
  const named = { secret, actor, notify, llm };
  const asked = Object.entries(named).filter(([, grant]) => grant !== undefined);
  const capabilities = { ...ANY_MANIFEST.capabilities, ...Object.fromEntries(asked) };
  return { ...ANY_MANIFEST, capabilities };
}

/** @throws MANIFEST_INVALID as a `SkeinException` */
export function manifestOf(written: object): SkillManifest {
  const checked = checkManifest(written);
  if (checked.ok) return checked.value;
  throw new SkeinException(skeinError('MANIFEST_INVALID', checked.mismatch));
}

function inputOf(written: unknown): Json {
  const copy = plainCopy(written);
  if (copy.ok) return copy.value ?? null;
  requireArgument(false, 'input', copy.mismatch);
  return null;
}
