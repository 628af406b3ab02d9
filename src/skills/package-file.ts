/**
 * The package file, `<name>-<version>.skein.json`: one DSSE envelope around the canonical JSON (RFC 8785) of manifest, bundled module,
 * bill of materials and content hash. No archive, so no paths. The same package has the same bytes wherever it is written.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import Type, { type Static } from 'typebox';
import {
  checker,
  failure,
  LIMITS,
  ManifestSchema,
  type Mismatch,
  type Result,
  reasonOf,
  type SkillPackage,
  success,
  unsoundJson,
} from '../contracts/index.ts';
import {
  EnvelopeSchema,
  PAYLOAD_TYPE,
  type PackageSignature,
  signatureBy,
} from './signing/dsse.ts';
import type { SignerKey } from './signing/signer-key.ts';
import { packageOf, readBounded } from './skill-package.ts';

const SbomSchema = Type.Object(
  {
    bomFormat: Type.Literal('CycloneDX'),
    specVersion: Type.Literal('1.6'),
    components: Type.Array(Type.Object({})),
  },
  { description: 'CycloneDX 1.6' },
);

/** What a registry keeps of a package beside manifest and source. */
export const PublicationSchema = Type.Object(
  {
    sbom: SbomSchema,
    signatures: EnvelopeSchema.properties.signatures,
    yanked: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);

const PayloadSchema = Type.Object(
  {
    manifest: ManifestSchema,
    source: Type.String({ minLength: 1, maxLength: LIMITS.skillSourceBytes }),
    sbom: SbomSchema,
    contentHash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
);

/** A bill of materials: what was bundled into the module. */
export type Sbom = Static<typeof SbomSchema>;

/** A package with what proves where it comes from. Never changed in place. */
export interface SignedPackage {
  readonly skill: SkillPackage;
  readonly sbom: Sbom;
  /** Empty: nobody signed it yet. */
  readonly signatures: readonly PackageSignature[];
}

const checkEnvelope = checker(EnvelopeSchema);
const checkPayload = checker(PayloadSchema);

export const packageFileName = ({ skill }: Pick<SignedPackage, 'skill'>): string =>
  `${skill.manifest.name}-${skill.manifest.version}.skein.json`;

/** The bytes that are signed. */
export function payloadOf({ skill, sbom }: SignedPackage): Uint8Array {
  const { manifest, source, contentHash } = skill;
  return Buffer.from(canonicalize({ manifest, source, sbom, contentHash }) ?? '');
}

export function encodePackage(signed: SignedPackage): Uint8Array {
  const payload = Buffer.from(payloadOf(signed)).toString('base64');
  const { signatures } = signed;
  return Buffer.from(`${canonicalize({ payload, payloadType: PAYLOAD_TYPE, signatures })}\n`);
}

/** SHA-256, hex, of the file: content and signatures. */
export const fileHashOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Adds a signature; one by the same key goes. */
export function signPackage(signed: SignedPackage, key: SignerKey): SignedPackage {
  const added = signatureBy(key, payloadOf(signed));
  const others = signed.signatures.filter(({ keyid }) => keyid !== added.keyid);
  return { ...signed, signatures: [...others, added] };
}

/** Failures: FILE_UNREADABLE, PACKAGE_INVALID, PACKAGE_TAMPERED. */
export async function readPackageFile(file: string): Promise<Result<SignedPackage>> {
  const text = await readBounded(file, LIMITS.packageBytes);
  return text.ok ? parsePackage(text.value, file) : text;
}

/** Who signed it is not looked at: see `judgeSignatures`. Failures: PACKAGE_INVALID, PACKAGE_TAMPERED. */
export function parsePackage(text: string, file: string): Result<SignedPackage> {
  const invalid = (mismatch: Mismatch) => failure('PACKAGE_INVALID', { file, ...mismatch });
  if (text.length > LIMITS.packageBytes) {
    const expected = `at most ${LIMITS.packageBytes}`;
    return invalid({ pointer: '/', found: `${text.length} characters`, expected });
  }
  const envelope = readJson(text);
  if (!envelope.ok) return invalid({ pointer: '/', found: envelope.reason, expected: 'JSON' });
  const opened = checkEnvelope(envelope.value);
  if (!opened.ok) return invalid(opened.mismatch);
  const { payload, signatures } = opened.value;
  if (new Set(signatures.map(({ keyid }) => keyid)).size < signatures.length)
    return invalid({ pointer: '/signatures', found: 'two of one key', expected: 'one of each' });
  const bytes = Buffer.from(payload, 'base64');
  if (bytes.toString('base64') !== payload)
    return invalid({ pointer: '/payload', found: 'other characters', expected: 'base64' });
  const content = readCanonical(bytes);
  if ('pointer' in content) return invalid(content);
  const unsound = unsoundJson(content.value);
  if (unsound) return invalid({ ...unsound, pointer: `/payload${unsound.pointer}` });
  const checked = checkPayload(content.value);
  if (!checked.ok) {
    const pointer = `/payload${checked.mismatch.pointer === '/' ? '' : checked.mismatch.pointer}`;
    return invalid({ ...checked.mismatch, pointer });
  }
  const { manifest, source, sbom, contentHash } = checked.value;
  const skill = packageOf(manifest, source);
  if (skill.contentHash === contentHash) return success({ skill, sbom, signatures });
  const reason = `its content has the hash ${skill.contentHash.slice(0, 12)}, and it says ${contentHash.slice(0, 12)}`;
  return failure('PACKAGE_TAMPERED', { package: file, reason });
}

type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

function readJson(text: string): ReadJson {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (thrown) {
    return { ok: false, reason: reasonOf(thrown) };
  }
}

/** One content has one text: no other order, no key twice, no bytes that are no UTF-8. */
function readCanonical(bytes: Uint8Array): { readonly value: unknown } | Mismatch {
  const expected = 'canonical JSON (RFC 8785)';
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (canonicalize(value) === text) return { value };
    return { pointer: '/payload', found: 'JSON that is written in another way', expected };
  } catch (thrown) {
    return { pointer: '/payload', found: reasonOf(thrown), expected };
  }
}
