/** A folder into a package: types written and checked, sources bundled, what is in it listed. Nothing of the skill is run. */
import { resolve } from 'node:path';
import { type Result, success } from '../contracts/index.ts';
import { findEntry, packageOf, readManifest, type SignedPackage } from '../skills/index.ts';
import { bundleSkill } from './bundle.ts';
import { sbomOf } from './sbom.ts';
import { declaredExports, writeSkillTypes } from './skill-types.ts';
import { checkTypes, type TypeCheck } from './type-check.ts';

export interface Packed {
  /** Without a signature. */
  readonly signed: SignedPackage;
  readonly types: TypeCheck;
  readonly notes: readonly string[];
}

/** Failures: FILE_UNREADABLE, FILE_UNWRITABLE, MANIFEST_INVALID, SKILL_BUILD_FAILED. */
export async function packSkill(path: string, signal?: AbortSignal): Promise<Result<Packed>> {
  const folder = resolve(path);
  const manifest = await readManifest(folder);
  if (!manifest.ok) return manifest;
  const entry = await findEntry(folder, manifest.value);
  if (!entry.ok) return entry;
  const written = await writeSkillTypes(folder, manifest.value);
  if (!written.ok) return written;
  const bundle = await bundleSkill(folder, entry.value, declaredExports(manifest.value));
  if (!bundle.ok) return bundle;
  const types = await checkTypes(folder, entry.value, manifest.value, signal);
  if (!types.ok) return types;
  const { source, inputs, notes } = bundle.value;
  const sbom = await sbomOf(folder, manifest.value, inputs);
  if (!sbom.ok) return sbom;
  const skill = packageOf(manifest.value, source);
  const signed = { skill, sbom: sbom.value, signatures: [] };
  return success({ signed, types: types.value, notes });
}
