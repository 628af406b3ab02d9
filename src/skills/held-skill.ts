/** A skill as a registry holds it: where it came from, who signed it, and whether it is still offered. Plain data. */
import type { SkillPackage } from '../contracts/index.ts';
import type { SignedPackage } from './package-file.ts';

export interface Publication extends Pick<SignedPackage, 'sbom' | 'signatures'> {
  /** Why it is no longer offered; undefined: it is. */
  readonly yanked?: string;
}

export interface HeldSkill {
  readonly skill: SkillPackage;
  /** It comes with Skein. */
  readonly isBuiltIn: boolean;
  /** The operator of this node added its folder. */
  readonly isAdded: boolean;
  /** Set when it came as a signed package. */
  readonly published?: Publication;
}

/** What both say of the same content. */
export const merged = (before: HeldSkill | undefined, now: HeldSkill): HeldSkill => {
  const published = now.published ?? before?.published;
  return {
    skill: now.skill,
    isBuiltIn: now.isBuiltIn || before?.isBuiltIn === true,
    isAdded: now.isAdded || before?.isAdded === true,
    ...(published ? { published } : {}),
  };
};

const packages = new WeakMap<Publication, SignedPackage>();

/** One object for one publication, so that what was verified of it is remembered. */
export function signedOf({ skill, published }: HeldSkill): SignedPackage | undefined {
  if (!published) return undefined;
  const known = packages.get(published);
  if (known?.skill === skill) return known;
  const { sbom, signatures } = published;
  const signed = { skill, sbom, signatures };
  packages.set(published, signed);
  return signed;
}
