/** `skein skills publish | ls | yank`: what the registry of a node, or of its cluster, is told and says. */
import { resolve } from 'node:path';
import { valid } from 'semver';
import { ControlClient } from '../../api/index.ts';
import { failure, type Result, success } from '../../contracts/index.ts';
import { realPorts } from '../../host/index.ts';
import { openRegistry, type RegistryReport } from '../../runtime/index.ts';
import { encodePackage, type RegistryEntry, readPackageFile } from '../../skills/index.ts';
import { printable } from '../../telemetry/index.ts';
import { askNode } from '../ask-node.ts';
import {
  bold,
  dim,
  type GlobalOptions,
  green,
  printJson,
  printLine,
  red,
  reportError,
} from '../output.ts';
import { signersOf } from './signing.ts';

interface Published {
  readonly name: string;
  readonly version: string;
  readonly contentHash: string;
}

export async function publishCommand(
  path: string,
  options: GlobalOptions & { readonly allowOlder?: boolean },
): Promise<number> {
  const read = await readPackageFile(resolve(path));
  if (!read.ok) return reportError(read.error, options.json);
  const text = Buffer.from(encodePackage(read.value)).toString();
  const { allowOlder = false } = options;
  const request = { path: '/v1/packages', body: { package: text, allowOlder } };
  const answer = await askNode<Published>(options.data, request, async (node) => {
    const published = await node.publish(text, { allowOlder });
    if (!published.ok) return published;
    const { manifest, contentHash } = published.value;
    return success({ name: manifest.name, version: manifest.version, contentHash });
  });
  if (!answer.ok) return reportError(answer.error, options.json);
  const { name, version, contentHash } = answer.value;
  if (options.json) printJson(answer.value);
  else printLine(`${green('published')} ${name}@${version}, content ${contentHash.slice(0, 12)}`);
  return 0;
}

export async function yankCommand(
  named: string,
  options: GlobalOptions & { readonly undo?: boolean; readonly reason?: string },
): Promise<number> {
  const at = named.lastIndexOf('@');
  const [name, version] = [named.slice(0, at), named.slice(at + 1)];
  if (at < 1 || valid(version) === null) {
    const expected = 'NAME@VERSION, the version in full';
    const { error } = failure('ARGUMENT_INVALID', { argument: 'skill', found: named, expected });
    return reportError(error, options.json);
  }
  const reason = options.undo ? null : (options.reason ?? 'no reason was given');
  const request = { path: '/v1/yanks', body: { name, version, reason } };
  const answer = await askNode<unknown>(options.data, request, (node) =>
    node.yank(name, version, reason ?? undefined),
  );
  if (!answer.ok) return reportError(answer.error, options.json);
  if (options.json) printJson({ name, version, yanked: reason });
  else if (reason === null) printLine(`${green('offered again')} ${named}`);
  else printLine(`${green('yanked')} ${named}: ranges pass over it, its exact version still runs`);
  return 0;
}

export async function listSkillsCommand(options: GlobalOptions): Promise<number> {
  const report = await registryReport(options);
  if (!report.ok) return reportError(report.error, options.json);
  const { entries, isFollowing, signersProblem } = report.value;
  if (options.json) {
    printJson(entries);
    return 0;
  }
  for (const entry of entries) {
    printLine(
      `${bold(`${entry.name}@${entry.version}`.padEnd(24))} ${printable(entry.description)}`,
    );
    for (const note of notesOf(entry)) printLine(`  ${note}`);
  }
  if (isFollowing === false)
    printLine(red('the registry of the cluster is away; this is what the node holds'));
  if (signersProblem !== null) printLine(red(`the trusted signers: ${signersProblem}`));
  return 0;
}

export function notesOf(entry: RegistryEntry): readonly string[] {
  const { origin, signer, yanked, refused } = entry;
  return [
    ...(signer === null ? [] : [dim(`signed by ${printable(signer)}`)]),
    ...(origin === 'added' ? [dim('added by its folder')] : []),
    ...(yanked === null ? [] : [`yanked: ${printable(yanked)}`]),
    ...(refused === null ? [] : [red(`does not run: ${printable(refused)}`)]),
  ];
}

/** Of the running node or group, or of the data directory where none runs. */
export async function registryReport(options: GlobalOptions): Promise<Result<RegistryReport>> {
  const remote = await new ControlClient(options.data).get<RegistryReport>('/v1/registry');
  if (remote.ok || remote.error.code !== 'NODE_UNREACHABLE') return remote;
  const signers = await signersOf(options);
  if (!signers.ok) return signers;
  const { wallMs } = realPorts.clock;
  const trust = { signers: () => signers.value, wallMs };
  const registry = await openRegistry({ dataDir: options.data }, trust);
  if (!registry.ok) return registry;
  return success({ entries: registry.value.entries(), isFollowing: null, signersProblem: null });
}
