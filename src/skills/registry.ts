/** The registry: a catalog whose registered packages outlive the node. What it accepted once it has after every start. */
import { hash } from 'node:crypto';
import { type Result, type SkillPackage, success } from '../contracts/index.ts';
import { SkillCatalog } from './catalog.ts';
import type { PackageStore } from './package-store.ts';

const DIGEST_LENGTH = 12;

export class SkillRegistry {
  readonly #catalog = new SkillCatalog();
  readonly #store: PackageStore;

  private constructor(store: PackageStore) {
    this.#store = store;
  }

  /** Failures: those of the store, and of a package that contradicts another. */
  static async open(store: PackageStore): Promise<Result<SkillRegistry>> {
    const registry = new SkillRegistry(store);
    const loaded = await store.load();
    if (!loaded.ok) return loaded;
    for (const skill of loaded.value) {
      const held = registry.hold(skill);
      if (!held.ok) return held;
    }
    return success(registry);
  }

  /** Holds a package for this life of the node only: the built-in ones, and folders named at the start. */
  hold(skill: SkillPackage): Result<SkillPackage> {
    return this.#catalog.add(skill);
  }

  /** Holds a package for ever. Same version and content again: success. Failures: MANIFEST_INVALID, FILE_UNWRITABLE. */
  async register(skill: SkillPackage): Promise<Result<SkillPackage>> {
    const conflict = this.#catalog.conflict(skill);
    if (conflict) return conflict;
    const saved = await this.#store.save(skill);
    return saved.ok ? this.#catalog.add(skill) : saved;
  }

  find(wanted: string): Result<SkillPackage> {
    return this.#catalog.find(wanted);
  }

  list(): readonly SkillPackage[] {
    return this.#catalog.list();
  }

  /** Short; the same for registries that hold the same skills. */
  digest(): string {
    const held = this.list().map(({ manifest, contentHash }) => `${manifest.name} ${contentHash}`);
    return hash('sha256', held.sort().join('\n'), 'hex').slice(0, DIGEST_LENGTH);
  }
}
