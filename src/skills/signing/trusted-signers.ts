/**
 * Whose signatures an operator believes, and for what: `trusted-signers.yaml`. One good signature is enough. A key counts now, not
 * when it signed: what a revoked or expired key signed runs no longer, until another key has signed it too.
 */
import Type, { type Static } from 'typebox';
import {
  checker,
  type ErrorDetails,
  failure,
  LIMITS,
  type Mismatch,
  type Result,
  readDocument,
  success,
} from '../../contracts/index.ts';
import { parseKeyText } from '../../transport/index.ts';
import { payloadOf, type SignedPackage } from '../package-file.ts';
import { isSignatureOf, keyIdOf, type PackageSignature } from './dsse.ts';

const closed = { additionalProperties: false } as const;
const time = (description: string) =>
  Type.Optional(Type.String({ minLength: 4, maxLength: 40, description }));

export const TrustedSignersSchema = Type.Object(
  {
    signers: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 100, description: 'For people.' }),
          publicKey: Type.String({ description: 'As `skein skills keygen` prints it.' }),
          skills: Type.Optional(
            Type.Array(Type.String({ pattern: '^[a-z0-9_*-]{1,64}$' }), {
              minItems: 1,
              maxItems: 100,
              description: 'Names it may sign; `*` stands for any characters. Default: all.',
            }),
          ),
          notBefore: time('RFC 3339 time or date from which the key counts.'),
          notAfter: time('RFC 3339 time or date until which the key counts.'),
          revoked: Type.Optional(Type.Boolean({ description: 'The key is believed no more.' })),
        },
        closed,
      ),
      { maxItems: LIMITS.trustedSigners },
    ),
  },
  { ...closed, $id: 'https://skein.dev/schemas/trusted-signers.json', title: 'Trusted signers' },
);

type Written = Static<typeof TrustedSignersSchema>['signers'][number];

export interface TrustedSigner {
  readonly name: string;
  readonly keyid: string;
  readonly publicKey: Uint8Array;
  readonly skills: readonly RegExp[] | undefined;
  /** Unix epoch. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly isRevoked: boolean;
}

const check = checker(TrustedSignersSchema);

/** Failure: CONFIG_INVALID with line and pointer. */
export function readTrustedSigners(text: string, file: string): Result<readonly TrustedSigner[]> {
  const read = readDocument(text, check);
  if (!read.ok) return failure('CONFIG_INVALID', { file, ...read.error });
  const signers: TrustedSigner[] = [];
  for (const [at, written] of read.value.signers.entries()) {
    const signer = signerOf(written);
    if ('pointer' in signer) {
      const pointer = `/signers/${at}${signer.pointer}`;
      return failure('CONFIG_INVALID', { file, ...signer, pointer });
    }
    signers.push(signer);
  }
  return success(signers);
}

function signerOf(written: Written): TrustedSigner | Mismatch {
  const { name, publicKey: text, skills, notBefore, notAfter, revoked = false } = written;
  const publicKey = parseKeyText(text);
  if (!publicKey) {
    const expected = 'a public key, 43 characters of base64url';
    return { pointer: '/publicKey', found: text.slice(0, 80), expected };
  }
  const times = { notBefore: Number.NEGATIVE_INFINITY, notAfter: Number.POSITIVE_INFINITY };
  for (const [field, said] of Object.entries({ notBefore, notAfter })) {
    if (said === undefined) continue;
    const ms = Date.parse(said);
    const expected = 'a time such as 2027-01-31 or 2027-01-31T12:00:00Z';
    if (Number.isNaN(ms)) return { pointer: `/${field}`, found: said, expected };
    times[field as keyof typeof times] = ms;
  }
  return {
    name,
    publicKey,
    keyid: keyIdOf(publicKey),
    skills: skills?.map(patternOf),
    notBeforeMs: times.notBefore,
    notAfterMs: times.notAfter,
    isRevoked: revoked,
  };
}

const patternOf = (glob: string): RegExp => new RegExp(`^${glob.replaceAll('*', '.*')}$`);

type Refusal = Pick<ErrorDetails['SIGNATURE_REFUSED'], 'why' | 'reason'>;

/** Who vouches for the package now. Failure: SIGNATURE_REFUSED, with the reason for each of its signatures. */
export function judgeSignatures(
  signed: SignedPackage,
  signers: readonly TrustedSigner[],
  nowMs: number,
): Result<TrustedSigner> {
  const { manifest } = signed.skill;
  const refusals: Refusal[] = [];
  let made: Uint8Array | undefined;
  const payload = (): Uint8Array => {
    made ??= payloadOf(signed);
    return made;
  };
  for (const signature of signed.signatures) {
    const judged = judgeOne(signature, signed, signers, nowMs, payload);
    if ('keyid' in judged) return success(judged);
    refusals.push(judged);
  }
  const why = refusals.find((each) => each.why !== 'unknown-key')?.why ?? refusals[0]?.why;
  const reason = refusals.map((each) => each.reason).join('; ') || 'nobody signed it';
  return failure('SIGNATURE_REFUSED', {
    package: `${manifest.name}@${manifest.version}`,
    why: why ?? 'unsigned',
    reason,
  });
}

function judgeOne(
  signature: PackageSignature,
  signed: SignedPackage,
  signers: readonly TrustedSigner[],
  nowMs: number,
  payload: () => Uint8Array,
): TrustedSigner | Refusal {
  const own = signers.filter(({ keyid }) => keyid === signature.keyid);
  const [first, ...others] = own;
  const key = signature.keyid.slice(0, 12);
  if (!first) {
    const among = signers.length === 0 ? 'nobody is trusted here' : 'it is not trusted here';
    return { why: 'unknown-key', reason: `it is signed by key ${key}, and ${among}` };
  }
  // One key may have several entries, for other skills or times. Where one of them revokes it, it is revoked.
  const revoked = own.find(({ isRevoked }) => isRevoked);
  const entries = revoked ? [revoked] : [first, ...others];
  const judged = entries.map((signer) => judgeEntry(signer, signature, signed, nowMs, payload));
  return judged.find((each) => 'keyid' in each) ?? (judged[0] as Refusal);
}

function judgeEntry(
  signer: TrustedSigner,
  signature: PackageSignature,
  signed: SignedPackage,
  nowMs: number,
  payload: () => Uint8Array,
): TrustedSigner | Refusal {
  const { name } = signer;
  const key = signature.keyid.slice(0, 12);
  if (signer.isRevoked) return { why: 'revoked', reason: `the key ${key} of ${name} is revoked` };
  if (nowMs < signer.notBeforeMs)
    return { why: 'too-early', reason: `the key ${key} of ${name} does not count yet` };
  if (nowMs > signer.notAfterMs)
    return { why: 'expired', reason: `the key ${key} of ${name} counts no longer` };
  const { name: skill } = signed.skill.manifest;
  if (signer.skills && !signer.skills.some((pattern) => pattern.test(skill)))
    return { why: 'other-skills', reason: `${name} may not sign skills named ${skill}` };
  if (!isGood(signature, signer, signed, payload))
    return { why: 'wrong', reason: `the signature of ${name} does not fit its content` };
  return signer;
}

/** A signature is checked once for each package as it lies in memory: packages are never changed in place. */
const verdicts = new WeakMap<SignedPackage, Map<string, boolean>>();

function isGood(
  signature: PackageSignature,
  signer: TrustedSigner,
  signed: SignedPackage,
  payload: () => Uint8Array,
): boolean {
  const known = verdicts.get(signed) ?? new Map<string, boolean>();
  verdicts.set(signed, known);
  const name = `${signature.keyid} ${signature.sig}`;
  const verdict = known.get(name) ?? isSignatureOf(signature, signer.publicKey, payload());
  known.set(name, verdict);
  return verdict;
}
