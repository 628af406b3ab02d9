/** The limits of one call: what the manifest asks for over the defaults. */
import {
  DEFAULT_RESOURCES,
  type ResourceContract,
  type SkillManifest,
} from '../contracts/index.ts';

export const resourcesOf = ({ resources = {} }: SkillManifest): ResourceContract => ({
  ...DEFAULT_RESOURCES,
  ...(Object.fromEntries(
    Object.entries(resources).filter(([, value]) => value !== undefined),
  ) as Partial<ResourceContract>),
});
