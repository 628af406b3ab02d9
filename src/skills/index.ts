/** Skill packages: how they are loaded, which of them a node holds, and the built-in ones. */
export { loadBuiltIns } from './built-ins.ts';
export { SkillCatalog } from './catalog.ts';
export type { HeldSkill } from './held-skill.ts';
export { nearest } from './nearest.ts';
export {
  encodePackage,
  fileHashOf,
  packageFileName,
  parsePackage,
  payloadOf,
  readPackageFile,
  type Sbom,
  type SignedPackage,
  signPackage,
} from './package-file.ts';
export { folderPackageStore, memoryPackageStore, type PackageStore } from './package-store.ts';
export { judgePublication, type PublishOptions } from './publication.ts';
export { type RegistryEntry, type RegistryTrust, SkillRegistry } from './registry.ts';
export { type RefusedVersion, RegistryReplica, type ReplicaOptions } from './replica.ts';
export {
  judgeSignatures,
  keyIdOf,
  makeSignerKey,
  PAYLOAD_TYPE,
  type PackageSignature,
  preAuthentication,
  readSignerKey,
  readTrustedSigners,
  type SignerKey,
  type TrustedSigner,
  TrustFile,
  type TrustFileOptions,
} from './signing/index.ts';
export {
  findEntry,
  loadSkillPackage,
  packageOf,
  readBounded,
  readManifest,
} from './skill-package.ts';
