/** `skein skills keygen | sign | inspect`: an author's key, what it signs, and what is in a package file. */
import { join, resolve } from 'node:path';
import { failure, LIMITS, type Result, reasonOf, success } from '../../contracts/index.ts';
import { realPorts } from '../../host/index.ts';
import { writeFileDurably } from '../../journal/index.ts';
import {
  encodePackage,
  judgeSignatures,
  keyIdOf,
  makeSignerKey,
  type PackageSignature,
  readBounded,
  readPackageFile,
  readSignerKey,
  readTrustedSigners,
  type SignedPackage,
  signPackage,
  type TrustedSigner,
} from '../../skills/index.ts';
import { printable } from '../../telemetry/index.ts';
import { keyText } from '../../transport/index.ts';
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

export async function keygenCommand(path: string, options: GlobalOptions): Promise<number> {
  const file = resolve(path);
  const key = await makeSignerKey(file, realPorts.random);
  if (!key.ok) return reportError(key.error, options.json);
  const publicKey = keyText(key.value.publicKey);
  const keyid = keyIdOf(key.value.publicKey);
  if (options.json) printJson({ file, publicKey, keyid });
  else {
    printLine(`${green('made')} ${file}; keep it to yourself`);
    printLine('for trusted-signers.yaml of whoever is to run what it signs:');
    printLine(`signers:\n  - name: you\n    publicKey: ${publicKey}`);
  }
  return 0;
}

export async function signCommand(
  path: string,
  options: GlobalOptions & { readonly key: string },
): Promise<number> {
  const file = resolve(path);
  const key = await readSignerKey(resolve(options.key));
  if (!key.ok) return reportError(key.error, options.json);
  const signed = await readPackageFile(file);
  if (!signed.ok) return reportError(signed.error, options.json);
  const both = signPackage(signed.value, key.value);
  const written = writePackage(file, both);
  if (!written.ok) return reportError(written.error, options.json);
  const { name, version } = both.skill.manifest;
  const keyid = keyIdOf(key.value.publicKey);
  if (options.json) printJson({ file, name, version, keyid });
  else printLine(`${green('signed')} ${name}@${version} with key ${keyid.slice(0, 12)}`);
  return 0;
}

/** The file appears whole, or stays as it was. Failure: FILE_UNWRITABLE. */
export function writePackage(file: string, signed: SignedPackage): Result<void> {
  try {
    writeFileDurably(file, Buffer.from(encodePackage(signed)).toString());
    return success(undefined);
  } catch (thrown) {
    return failure('FILE_UNWRITABLE', { file, reason: reasonOf(thrown) });
  }
}

export interface SignersOption {
  readonly signers?: string;
}

/** The signers that an operator's file names; without a file there are none. */
export async function signersOf({
  data,
  signers,
}: GlobalOptions & SignersOption): Promise<Result<readonly TrustedSigner[]>> {
  const file = resolve(signers ?? join(data, 'trusted-signers.yaml'));
  const text = await readBounded(file, LIMITS.manifestBytes);
  if (text.ok) return readTrustedSigners(text.value, file);
  return signers === undefined ? success([]) : text;
}

export async function inspectPackageCommand(
  path: string,
  options: GlobalOptions & SignersOption,
): Promise<number> {
  const file = resolve(path);
  const read = await readPackageFile(file);
  if (!read.ok) return reportError(read.error, options.json);
  const signers = await signersOf(options);
  if (!signers.ok) return reportError(signers.error, options.json);
  const signed = read.value;
  const judged = judgeSignatures(signed, signers.value, realPorts.clock.wallMs());
  const { manifest, contentHash, source } = signed.skill;
  if (options.json) {
    const { signatures, sbom } = signed;
    const trust = judged.ok
      ? { isTrusted: true, signer: judged.value.name }
      : { isTrusted: false, reason: judged.error.message };
    printJson({
      manifest,
      contentHash,
      sourceBytes: Buffer.byteLength(source),
      signatures,
      sbom,
      trust,
    });
    return 0;
  }
  printLine(`${bold(`${manifest.name}@${manifest.version}`)}  ${printable(manifest.description)}`);
  printLine(dim(`content ${contentHash}`));
  const asks = Object.keys(manifest.capabilities ?? {}).join(', ') || 'nothing';
  printLine(`  source ${Buffer.byteLength(source)} bytes; asks for ${asks}`);
  printLine('  signatures');
  for (const signature of signed.signatures)
    printLine(`    ${signatureLine(signature, signers.value)}`);
  printLine(`  ${judged.ok ? green(`trusted: ${judged.value.name}`) : red(judged.error.message)}`);
  printLine('  made of');
  for (const component of signed.sbom.components) printLine(`    ${componentLine(component)}`);
  return 0;
}

function signatureLine({ keyid }: PackageSignature, signers: readonly TrustedSigner[]): string {
  const name = signers.find((signer) => signer.keyid === keyid)?.name ?? 'somebody unknown here';
  return `key ${keyid.slice(0, 12)} of ${name}`;
}

function componentLine(component: object): string {
  const { type, name, version } = component as Readonly<Record<string, unknown>>;
  const said = (part: unknown): string =>
    printable(typeof part === 'string' ? part : (JSON.stringify(part) ?? '')).slice(0, 200);
  return `${said(type)} ${said(name)}${version === undefined ? '' : `@${said(version)}`}`;
}
