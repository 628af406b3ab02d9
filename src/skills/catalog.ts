/** The skills a node holds: by name and semantic version range, the highest matching version first. In memory. */
import { maxSatisfying, valid, validRange } from 'semver';
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
  conflict({ manifest, contentHash }: SkillPackage): Failure<'MANIFEST_INVALID'> | undefined {
    const { name, version } = manifest;
    const known = this.#versions.get(name)?.get(version);
    if (!known || known.contentHash === contentHash) return undefined;
    return failure('MANIFEST_INVALID', {
      pointer: '/version',
      found: `${version} with content ${contentHash.slice(0, 12)}`,
      expected: `a new version: ${name}@${version} is held with content ${known.contentHash.slice(0, 12)}`,
    });
  }

  /** `name`, `name@1.2.3` or `name@^1.2`. */
  find(wanted: string): Result<SkillPackage> {
    const at = wanted.lastIndexOf('@');
    const name = at > 0 ? wanted.slice(0, at) : wanted;
    const range = at > 0 ? wanted.slice(at + 1) : '*';
    const versions = this.#versions.get(name);
    const version =
      versions && validRange(range) ? maxSatisfying([...versions.keys()], range) : null;
    const found = version === null ? undefined : versions?.get(version);
    if (found) return success(found);
    const near = versions
      ? `${name}@${[...versions.keys()].join(', ')}`
      : nearest(name, this.#versions.keys());
    return failure('SKILL_NOT_FOUND', {
      skill: wanted,
      ...(near === undefined ? {} : { nearest: near }),
    });
  }

  list(): readonly SkillPackage[] {
    return [...this.#versions.values()]
      .flatMap((versions) => [...versions.values()])
      .sort((a, b) => a.manifest.name.localeCompare(b.manifest.name) || compare(a, b));
  }
}

const compare = (a: SkillPackage, b: SkillPackage): number =>
  (valid(a.manifest.version) ?? '').localeCompare(valid(b.manifest.version) ?? '', 'en', {
    numeric: true,
  });
