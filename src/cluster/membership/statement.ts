/**
 * What is said of members, as it is signed and travels. What a member says of itself is signed by it; that it is suspected or dead
 * is a claim of whoever signs that. Others pass statements on as they got them, so nobody speaks in another's name: the
 * bytes of a statement are its body, in msgpack, and the signature over a domain tag, the cluster and that body.
 */
import Type from 'typebox';
import {
  checker,
  failure,
  type NodeId,
  type Result,
  reasonOf,
  success,
} from '../../contracts/index.ts';
import {
  decodeForeign,
  encodeForeign,
  type Identity,
  isSignedBy,
  nodeIdOf,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
} from '../../transport/index.ts';
import type { MemberFacts, MemberReport } from './member.ts';

export interface SelfStatement {
  readonly kind: 'self';
  readonly node: NodeId;
  readonly status: 'alive' | 'left';
  readonly incarnation: number;
  readonly facts: MemberFacts;
  /** Of the node. Whether its ID follows is asked when the statement is judged. */
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface Claim {
  readonly kind: 'claim';
  readonly node: NodeId;
  readonly status: 'suspect' | 'dead';
  /** Of the member, that it told last: nobody can claim anything of one that it has not told. */
  readonly incarnation: number;
  /** Whose claim it is: independent voices shorten a suspicion. */
  readonly by: NodeId;
  readonly bytes: Uint8Array;
}

export type Statement = SelfStatement | Claim;

export const reportOf = ({ node, status, incarnation, facts }: SelfStatement): MemberReport => ({
  node,
  status,
  incarnation,
  by: node,
  facts,
});

/** Speaks for one node, and judges whether others have said what is said to be theirs. */
export interface Voice {
  readonly self: (said: Pick<SelfStatement, 'status' | 'incarnation' | 'facts'>) => SelfStatement;
  readonly claim: (what: Pick<Claim, 'node' | 'status' | 'incarnation'>) => Claim;
  /** Whether it is the key of a node that is not taken here: one that is on no list. */
  readonly isStranger: (node: NodeId, key: Uint8Array) => boolean;
  /** `key`: of the node that is said to have signed it. */
  readonly isAuthentic: (statement: Statement, key: Uint8Array) => boolean;
}

const DOMAIN = 'skein member 1\0';
const LABELS_MAX = 32;
/** Labels are the most of it. */
export const STATEMENT_BYTES_MAX = 6 * 1024;

const closed = { additionalProperties: false } as const;
export const nodeSchema = Type.String({ pattern: '^n-[a-z0-9]{1,64}$' });
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER - 1 });
const version = Type.Integer({ minimum: 0, maximum: 65_535 });
const oneOf = (...names: string[]) => Type.Unsafe<string>({ enum: names });

const checkFacts = checker(
  Type.Object(
    {
      labels: Type.Record(
        Type.String({ pattern: '^[A-Za-z0-9._/-]{1,64}$' }),
        Type.String({ maxLength: 64 }),
        { maxProperties: LABELS_MAX },
      ),
      load: Type.Number({ minimum: 0, maximum: 1e6 }),
      wire: Type.Array(version, { minItems: 2, maxItems: 2 }),
      state: oneOf('ready', 'draining'),
      skills: Type.String({ pattern: '^[0-9a-f]{0,16}$' }),
    },
    closed,
  ),
);
const common = { node: nodeSchema, incarnation: count };
const checkSelf = checker(Type.Object({ ...common, status: oneOf('alive', 'left') }, closed));
const checkClaim = checker(
  Type.Object({ ...common, status: oneOf('suspect', 'dead'), by: nodeSchema }, closed),
);

export function voiceOf(self: NodeId, { key, book }: Identity, cluster: string): Voice {
  const prefix = Buffer.from(`${DOMAIN}${cluster}\0`);
  const signed = (body: Uint8Array): Uint8Array =>
    Buffer.concat([body, key.sign(Buffer.concat([prefix, body]))]);
  return {
    self: ({ status, incarnation, facts }) => {
      const said = { node: self, status, incarnation, facts, key: key.publicKey };
      return { kind: 'self', ...said, bytes: signed(encodeForeign(said)) };
    },
    claim: ({ node, status, incarnation }) => {
      const said = { node, status, incarnation, by: self };
      return { kind: 'claim', ...said, bytes: signed(encodeForeign(said)) };
    },
    isStranger: (node, publicKey) => nodeIdOf(publicKey) === node && !book.accepts(node, publicKey),
    isAuthentic: (statement, publicKey) => {
      const author = statement.kind === 'self' ? statement.node : statement.by;
      if (!book.accepts(author, publicKey)) return false;
      const end = statement.bytes.byteLength - SIGNATURE_BYTES;
      const [body, signature] = [statement.bytes.subarray(0, end), statement.bytes.subarray(end)];
      if (!isSignedBy(publicKey, Buffer.concat([prefix, body]), signature)) return false;
      book.proved(author, publicKey);
      return true;
    },
  };
}

/** What it says, whoever wrote it: the signature is not looked at. Failure: FRAME_INVALID. */
export function readStatement(bytes: unknown): Result<Statement> {
  const refuse = (reason: string) => failure('FRAME_INVALID', { reason: `statement: ${reason}` });
  if (!(bytes instanceof Uint8Array)) return refuse('no bytes');
  const size = bytes.byteLength;
  if (size > STATEMENT_BYTES_MAX || size <= SIGNATURE_BYTES) return refuse(`${size} bytes`);
  try {
    const said = decodeForeign(bytes, 0, size - SIGNATURE_BYTES);
    if (typeof said !== 'object' || said === null || Array.isArray(said)) return refuse('no map');
    if ('by' in said) {
      const checked = checkClaim(said);
      if (!checked.ok) return refuse(`${checked.mismatch.pointer}: ${checked.mismatch.expected}`);
      return success({ kind: 'claim', ...checked.value, bytes } as Claim);
    }
    const { key, facts, ...rest } = said as Record<string, unknown>;
    if (!(key instanceof Uint8Array) || key.byteLength !== PUBLIC_KEY_BYTES)
      return refuse('no key');
    for (const checked of [checkSelf(rest), checkFacts(facts)]) {
      if (!checked.ok) return refuse(`${checked.mismatch.pointer}: ${checked.mismatch.expected}`);
    }
    return success({ kind: 'self', ...rest, facts, key, bytes } as unknown as SelfStatement);
  } catch (thrown) {
    return refuse(reasonOf(thrown));
  }
}
