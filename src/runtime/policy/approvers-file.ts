/** Who may approve, and for how long an approval may wait: `approvers.yaml` beside the policy file. */
import { join } from 'node:path';
import Type from 'typebox';
import {
  checker,
  failure,
  LIMITS,
  type Result,
  readDocument,
  success,
} from '../../contracts/index.ts';
import type { ApprovalTerms, Approver } from '../../sandbox/index.ts';
import { readBounded } from '../../skills/index.ts';
import { parseKeyText } from '../../transport/index.ts';
import { fileStamp } from './policy-file.ts';

export const APPROVERS_FILE = 'approvers.yaml';
const EXPIRES_AFTER_MS = 15 * 60_000;
const closed = { additionalProperties: false } as const;

export const ApproversSchema = Type.Object(
  {
    approvers: Type.Array(
      Type.Object(
        {
          name: Type.String({
            pattern: '^[a-z0-9][a-z0-9._@-]{0,63}$',
            description: 'One person; two keys of one name are one person.',
          }),
          publicKey: Type.String({ description: 'As `skein skills keygen` prints it.' }),
        },
        closed,
      ),
      { maxItems: 100 },
    ),
    expiresAfterMs: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 86_400_000, description: 'Default: 15 minutes.' }),
    ),
    release: Type.Optional(
      Type.Object(
        { high: Type.Boolean({ description: 'Lets what is of high risk happen at all.' }) },
        closed,
      ),
    ),
  },
  { ...closed, $id: 'https://skein.dev/schemas/approvers.json', title: 'Approvers' },
);
const check = checker(ApproversSchema);

const NOBODY: ApprovalTerms = {
  approvers: [],
  allowsHigh: false,
  expiresAfterMs: EXPIRES_AFTER_MS,
};

/** Reads the file when it has changed. Without one nobody can approve. Failures: FILE_UNREADABLE, CONFIG_INVALID. */
export function approvalTerms(folder: string | undefined): () => Promise<Result<ApprovalTerms>> {
  if (folder === undefined) return async () => success(NOBODY);
  const file = join(folder, APPROVERS_FILE);
  let known: { readonly stamp: string; readonly terms: Result<ApprovalTerms> } | undefined;
  return async () => {
    const stamp = await fileStamp(file);
    if (stamp === undefined) return success(NOBODY);
    if (known?.stamp !== stamp) known = { stamp, terms: await readApprovers(file) };
    return known.terms;
  };
}

export async function readApprovers(file: string): Promise<Result<ApprovalTerms>> {
  const text = await readBounded(file, LIMITS.manifestBytes);
  if (!text.ok) return text;
  const read = readDocument(text.value, check);
  if (!read.ok) return failure('CONFIG_INVALID', { file, ...read.error });
  const { expiresAfterMs = EXPIRES_AFTER_MS, release } = read.value;
  const approvers: Approver[] = [];
  for (const [at, { name, publicKey: keyText }] of read.value.approvers.entries()) {
    const publicKey = parseKeyText(keyText);
    const other = approvers.find((each) => each.keyText === keyText && each.name !== name);
    const expected = other
      ? `a key of ${name} alone: ${other.name} has it too`
      : 'a public key, 43 characters of base64url';
    if (!publicKey || other) {
      const pointer = `/approvers/${at}/publicKey`;
      return failure('CONFIG_INVALID', { file, pointer, found: keyText.slice(0, 80), expected });
    }
    approvers.push({ name, publicKey, keyText });
  }
  return success({ approvers, expiresAfterMs, allowsHigh: release?.high === true });
}
