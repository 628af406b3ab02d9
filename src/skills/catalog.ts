/** The skills a node holds: by name and semantic version range, the highest matching version first. In memory. */
import { compare, maxSatisfying, valid, validRange } from 'semver';
import {
  type Failure,
  failure,
  type Result,
  type SkillPackage,
  success,
} from '../contracts/index.ts';
import { nearest } from './nearest.ts';

export class SkillCatalog {
  readonly #versions = new Map<string, Map<string, SkillPackage>>();
  readonly #isYanked: (skill: SkillPackage) => boolean;

  /** `isYanked`: what a range passes over; who names the very version still gets it. */
  constructor(isYanked: (skill: SkillPackage) => boolean = () => false) {
    this.#isYanked = isYanked;
  }

  /** Adds a package. The same version with other content is refused: a version names one content for ever. */
  add(skill: SkillPackage): Result<SkillPackage> {
    const conflict = this.conflict(skill);
    if (conflict) return conflict;
    const { name, version } = skill.manifest;
    const versions = this.#versions.get(name) ?? new Map<string, SkillPackage>();
    versions.set(version, skill);
    this.#versions.set(name, versions);
    return success(skill);
  }

  /** Why `add` would refuse it. */
  conflict({ manifest, contentHash }: SkillPackage): Failure<'VERSION_REFUSED'> | undefined {
    const { name, version } = manifest;
    const known = this.#versions.get(name)?.get(version);
    if (!known || known.contentHash === contentHash) return undefined;
    const [held, found] = [known.contentHash.slice(0, 12), contentHash.slice(0, 12)];
    const reason = `it is held with content ${held}, and this is ${found}; it takes a new version`;
    return failure('VERSION_REFUSED', { skill: name, version, reason });
  }

  /** `name`, `name@1.2.3` or `name@^1.2`. */
  find(wanted: string): Result<SkillPackage> {
    const at = wanted.lastIndexOf('@');
    const name = at > 0 ? wanted.slice(0, at) : wanted;
    const range = at > 0 ? wanted.slice(at + 1) : '*';
    const versions = this.#versions.get(name);
    const found = versions && (pinned(versions, range) ?? this.#highest(versions, range));
    if (found) return success(found);
    const near = versions
      ? `${name}@${[...versions.values()].map((skill) => this.#shown(skill)).join(', ')}`
      : nearest(name, this.#versions.keys());
    return failure('SKILL_NOT_FOUND', {
      skill: wanted,
      ...(near === undefined ? {} : { nearest: near }),
    });
  }

  list(): readonly SkillPackage[] {
    return [...this.#versions.values()]
      .flatMap((versions) => [...versions.values()])
      .sort(
        (a, b) =>
          a.manifest.name.localeCompare(b.manifest.name) ||
          compare(a.manifest.version, b.manifest.version),
      );
  }

  #highest(versions: ReadonlyMap<string, SkillPackage>, range: string): SkillPackage | undefined {
    if (!validRange(range)) return undefined;
    const offered = [...versions.values()].filter((skill) => !this.#isYanked(skill));
    const version = maxSatisfying(
      offered.map(({ manifest }) => manifest.version),
      range,
    );
    return version === null ? undefined : versions.get(version);
  }

  #shown(skill: SkillPackage): string {
    return `${skill.manifest.version}${this.#isYanked(skill) ? ' (yanked)' : ''}`;
  }
}

const pinned = (
  versions: ReadonlyMap<string, SkillPackage>,
  range: string,
): SkillPackage | undefined => {
  const version = valid(range);
  return version === null ? undefined : versions.get(version);
};
