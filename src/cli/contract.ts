/** `skein skills add` and `skein skills contract`: a skill into the registry, and what a call of one is held to. */
import { resolve } from 'node:path';
import type { CallContract } from '../actors/index.ts';
import type { Ceiling, Result, SkillPackage } from '../contracts/index.ts';
import { readCeiling } from '../runtime/index.ts';
import { loadSkillPackage } from '../skills/index.ts';
import { askNode } from './ask-node.ts';
import { bold, type GlobalOptions, green, printJson, printLine, reportError } from './output.ts';

export async function addSkillCommand(path: string, options: GlobalOptions): Promise<number> {
  const folder = resolve(path);
  const request = { path: '/v1/skills', body: { folder } };
  const added: Result<SkillPackage> = await askNode(options.data, request, async (node) => {
    const skill = await loadSkillPackage(folder);
    return skill.ok ? node.register(skill.value) : skill;
  });
  if (!added.ok) return reportError(added.error, options.json);
  const { manifest, contentHash } = added.value;
  if (options.json) printJson({ name: manifest.name, version: manifest.version, contentHash });
  else
    printLine(
      `${green('added')} ${manifest.name}@${manifest.version}, content ${contentHash.slice(0, 12)}`,
    );
  return 0;
}

export async function contractCommand(
  skill: string,
  options: GlobalOptions & { readonly profile?: string },
): Promise<number> {
  const profile = await profileOf(options.profile);
  if (!profile.ok) return reportError(profile.error, options.json);
  const terms = profile.value ? { profile: profile.value } : {};
  const wanted = skill.includes('/') ? resolve(skill) : skill;
  const request = { path: '/v1/contracts', body: { skill: wanted, ...terms } };
  const contract: Result<CallContract> = await askNode(options.data, request, (node) =>
    node.resourceContract(wanted, terms),
  );
  if (!contract.ok) return reportError(contract.error, options.json);
  if (options.json) printJson(contract.value);
  else {
    const { resources, grants } = contract.value;
    printLine(bold(`a call of ${skill} is held to`));
    for (const [name, value] of Object.entries(resources))
      printLine(`  ${name.padEnd(20)} ${value}`);
    printLine(`  ${'grants'.padEnd(20)} ${JSON.stringify(grants)}`);
  }
  return 0;
}

export async function profileOf(file: string | undefined): Promise<Result<Ceiling | undefined>> {
  return file === undefined ? { ok: true, value: undefined } : readCeiling(file);
}
