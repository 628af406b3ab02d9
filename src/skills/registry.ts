/**
 * The registry of one node: a catalog whose registered and published packages outlive the node, and the judge of what may run.
 * What it accepted once it has after every start; whether that still runs is asked anew each time, since keys come and go.
 */
import { hash } from 'node:crypto';
import {
  type Failure,
  failure,
  type Result,
  type SkillPackage,
  success,
} from '../contracts/index.ts';
import { SkillCatalog } from './catalog.ts';
import { type HeldSkill, merged, signedOf } from './held-skill.ts';
import type { SignedPackage } from './package-file.ts';
import type { PackageStore } from './package-store.ts';
import { judgePublication, type PublishOptions } from './publication.ts';
import { judgeSignatures, type TrustedSigner } from './signing/index.ts';
import { packageOf } from './skill-package.ts';

export interface RegistryTrust {
  readonly signers: () => readonly TrustedSigner[];
  readonly wallMs: () => number;
  /** Folders that an operator added run only if they are signed, too. Default: they run. */
  readonly requireSigned?: boolean;
}

/** A line of `skein skills ls`. */
export interface RegistryEntry {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** SHA-256; null: it was offered, and is not held. */
  readonly contentHash: string | null;
  readonly origin: 'built-in' | 'added' | 'published';
  /** Who vouches for it now. */
  readonly signer: string | null;
  readonly yanked: string | null;
  /** Why it would not run now. */
  readonly refused: string | null;
}

const NOBODY: RegistryTrust = { signers: () => [], wallMs: () => 0 };
const DIGEST_LENGTH = 12;

export class SkillRegistry {
  readonly #held = new Map<string, HeldSkill>();
  readonly #catalog = new SkillCatalog((skill) => this.#yanked(skill) !== undefined);
  readonly #store: PackageStore;
  readonly #trust: RegistryTrust;
  readonly #onTaken = new Set<() => void>();
  /** One write after the other: two of one version would meet in its file. */
  #writes: Promise<unknown> = Promise.resolve();

  private constructor(store: PackageStore, trust: RegistryTrust) {
    this.#store = store;
    this.#trust = trust;
  }

  /** Failures: those of the store, and of a package that contradicts another. Default: signatures of nobody are believed. */
  static async open(
    store: PackageStore,
    trust: RegistryTrust = NOBODY,
  ): Promise<Result<SkillRegistry>> {
    const registry = new SkillRegistry(store, trust);
    const loaded = await store.load();
    if (!loaded.ok) return loaded;
    for (const held of loaded.value) {
      const added = registry.#add(held);
      if (!added.ok) return added;
    }
    return success(registry);
  }

  /** Holds a package for this life of the node only: the built-in ones, and folders named at the start. */
  hold(skill: SkillPackage, origin: 'built-in' | 'added' = 'added'): Result<SkillPackage> {
    const isBuiltIn = origin === 'built-in';
    return this.#add({ skill, isBuiltIn, isAdded: !isBuiltIn });
  }

  /** Holds a folder's package for ever. Same version and content again: success. Failures: VERSION_REFUSED, FILE_UNWRITABLE. */
  register(skill: SkillPackage): Promise<Result<SkillPackage>> {
    return this.#keep({ skill, isBuiltIn: false, isAdded: true });
  }

  /**
   * Holds a signed package for ever. The same content again brings its new signatures. Failures: SIGNATURE_REFUSED,
   * VERSION_REFUSED, FILE_UNWRITABLE.
   */
  async publish(
    signed: SignedPackage,
    options: PublishOptions = {},
  ): Promise<Result<SkillPackage>> {
    const { manifest, contentHash } = signed.skill;
    const { name, version } = manifest;
    const published = this.#published(name).map(({ skill }) => ({
      version: skill.manifest.version,
      contentHash: skill.contentHash,
    }));
    const judged = this.admits(signed);
    if (!judged.ok) return judged;
    const refusal = judgePublication(name, { version, contentHash }, published, options);
    return refusal ?? this.take(signed, this.publishedVersion(name, version)?.yanked);
  }

  /** Like `publish`, but which versions there may be was decided elsewhere. */
  async take(signed: SignedPackage, yanked?: string): Promise<Result<SkillPackage>> {
    const judged = this.admits(signed);
    if (!judged.ok) return judged;
    const { skill, sbom, signatures } = signed;
    const published = { sbom, signatures, ...(yanked === undefined ? {} : { yanked }) };
    const kept = await this.#keep({ skill, isBuiltIn: false, isAdded: false, published });
    if (kept.ok) for (const tell of this.#onTaken) tell();
    return kept;
  }

  /** Told of each published package that is held from now on. */
  onTaken(tell: () => void): void {
    this.#onTaken.add(tell);
  }

  /** Takes a published version out of what ranges find, or with undefined puts it back. Failures: SKILL_NOT_FOUND, FILE_UNWRITABLE. */
  async yank(name: string, version: string, reason: string | undefined): Promise<Result<void>> {
    const held = this.#published(name).find(({ skill }) => skill.manifest.version === version);
    if (!held?.published) return failure('SKILL_NOT_FOUND', { skill: `${name}@${version}` });
    const { sbom, signatures } = held.published;
    const published = { sbom, signatures, ...(reason === undefined ? {} : { yanked: reason }) };
    const kept = await this.#keep({ ...held, published });
    return kept.ok ? success(undefined) : kept;
  }

  /** Who vouches for the package now. Failure: SIGNATURE_REFUSED. */
  judge(signed: SignedPackage): Result<TrustedSigner> {
    return judgeSignatures(signed, this.#trust.signers(), this.#trust.wallMs());
  }

  /**
   * Who vouches for a package that is new here. The names of what comes with Skein are nobody else's: a higher version would stand in for
   * it in every plan, and one that Skein itself comes to later would keep the node from starting. Failures: SIGNATURE_REFUSED, VERSION_REFUSED.
   */
  admits(signed: SignedPackage): Result<TrustedSigner> {
    const { manifest, contentHash } = signed.skill;
    const { name: skill, version } = manifest;
    const isTaken = [...this.#held.values()].some(
      (held) =>
        held.isBuiltIn &&
        held.skill.manifest.name === skill &&
        held.skill.contentHash !== contentHash,
    );
    if (!isTaken) return this.judge(signed);
    return failure('VERSION_REFUSED', { skill, version, reason: `${skill} comes with Skein` });
  }

  /** Why a host process must not get this skill now. */
  refusal(skill: SkillPackage): Failure | undefined {
    if (!isWhole(skill)) {
      const reason = 'its content does not have the hash that it says';
      return failure('PACKAGE_TAMPERED', { package: skill.manifest.name, reason });
    }
    const held = this.#held.get(skill.contentHash);
    if (held?.isBuiltIn) return undefined;
    const signed = held && signedOf(held);
    const isFolder = held === undefined || held.isAdded;
    if (isFolder && this.#trust.requireSigned !== true) return undefined;
    if (signed) {
      const judged = this.judge(signed);
      return judged.ok ? undefined : judged;
    }
    return failure('SIGNATURE_REFUSED', {
      package: `${skill.manifest.name}@${skill.manifest.version}`,
      why: 'unsigned',
      reason: 'nobody signed it, and this node runs signed skills alone',
    });
  }

  find(wanted: string): Result<SkillPackage> {
    return this.#catalog.find(wanted);
  }

  list(): readonly SkillPackage[] {
    return this.#catalog.list();
  }

  entries(): readonly RegistryEntry[] {
    return this.list().map((skill): RegistryEntry => {
      const { name, version, description } = skill.manifest;
      const held = this.#held.get(skill.contentHash);
      const signed = held && signedOf(held);
      const judged = signed && this.judge(signed);
      return {
        ...{ name, version, description, contentHash: skill.contentHash },
        origin: held?.isBuiltIn ? 'built-in' : held?.published ? 'published' : 'added',
        signer: judged?.ok ? judged.value.name : null,
        yanked: held?.published?.yanked ?? null,
        refused: this.refusal(skill)?.error.message ?? null,
      };
    });
  }

  /** The published package of this very version. */
  publishedVersion(
    name: string,
    version: string,
  ): { readonly signed: SignedPackage; readonly yanked: string | undefined } | undefined {
    const held = this.#published(name).find(({ skill }) => skill.manifest.version === version);
    const signed = held && signedOf(held);
    return signed && { signed, yanked: held.published?.yanked };
  }

  /** All published packages that are held. */
  published(): readonly { readonly signed: SignedPackage; readonly yanked: string | undefined }[] {
    return [...this.#held.values()].flatMap((held) => {
      const signed = signedOf(held);
      return signed ? [{ signed, yanked: held.published?.yanked }] : [];
    });
  }

  /** Short; the same for registries that hold the same skills. */
  digest(): string {
    const held = this.list().map(({ manifest, contentHash }) => `${manifest.name} ${contentHash}`);
    return hash('sha256', held.sort().join('\n'), 'hex').slice(0, DIGEST_LENGTH);
  }

  #keep(held: HeldSkill): Promise<Result<SkillPackage>> {
    const kept = this.#writes.then(() => this.#write(held));
    this.#writes = kept.catch(() => undefined);
    return kept;
  }

  /** On the disk first, then in the catalog. */
  async #write(held: HeldSkill): Promise<Result<SkillPackage>> {
    const conflict = this.#catalog.conflict(held.skill);
    if (conflict) return conflict;
    const whole = merged(this.#held.get(held.skill.contentHash), held);
    const saved = await this.#store.save(whole);
    return saved.ok ? this.#add(whole) : saved;
  }

  #add(held: HeldSkill): Result<SkillPackage> {
    const added = this.#catalog.add(held.skill);
    if (!added.ok) return added;
    const { contentHash } = held.skill;
    this.#held.set(contentHash, merged(this.#held.get(contentHash), held));
    return added;
  }

  #published(name: string): readonly HeldSkill[] {
    return [...this.#held.values()].filter(
      ({ skill, published }) => published && skill.manifest.name === name,
    );
  }

  #yanked({ contentHash }: SkillPackage): string | undefined {
    return this.#held.get(contentHash)?.published?.yanked;
  }
}

/** Packages as they lie in memory whose content has been compared with its hash. */
const whole = new WeakSet<SkillPackage>();

function isWhole(skill: SkillPackage): boolean {
  if (whole.has(skill)) return true;
  if (packageOf(skill.manifest, skill.source).contentHash !== skill.contentHash) return false;
  whole.add(skill);
  return true;
}
