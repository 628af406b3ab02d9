/**
 * What the kill switch is told: an order halts, a release of the same ID ends it for good. Each is signed by the node whose operator
 * gave it, over one canonical text with a domain of its own, so that it can be kept anywhere and passed on by anybody.
 */
import Type from 'typebox';
import { checker, type Json, type NodeId } from '../../contracts/index.ts';
import { isSignedBy, type NodeKey, nodeIdOf, parseKeyText } from '../../transport/index.ts';
import { canonicalJson } from '../canonical-json.ts';
import { signatureOf } from './signature.ts';

export type HaltScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'node' | 'skill' | 'tenant'; readonly name: string };

interface Said {
  /** `h-` and 16 hex characters. */
  readonly id: string;
  readonly reason: string;
  /** The person, as the operator's side names him. */
  readonly by: string;
  readonly atMs: number;
  /** Who signed; null where a node was told without running, by a file in its own data directory. */
  readonly signed: {
    readonly node: NodeId;
    readonly key: string;
    readonly signature: string;
  } | null;
}

export interface HaltOrder extends Said {
  readonly scope: HaltScope;
  /** `local` stays with the node that was told. */
  readonly reach: 'cluster' | 'local';
}

export type HaltRelease = Said;

/** Everything that is known under one ID. A release may arrive before its order. */
export interface HaltRecord {
  readonly id: string;
  readonly order: HaltOrder | null;
  readonly release: HaltRelease | null;
}

const ORDER_DOMAIN = 'skein halt order 1\0';
const RELEASE_DOMAIN = 'skein halt release 1\0';
/** The order that a node gives itself while it does not hear of those of its cluster; it ends by itself. */
export const LEASE = 'lease';
/** Begins the name of the order that stands for a file of orders that cannot be read. */
export const DAMAGED = 'damaged-';
/** Whether a node gave itself the order: it says nothing about others. */
export const isOwnOrder = (id: string): boolean => id === LEASE || id.startsWith(DAMAGED);

export const HALT_ID = /^h-[0-9a-f]{16}$/;
export const HALT_TEXT_MAX = 500;

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1, maxLength: HALT_TEXT_MAX });
const name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' });
export const HaltScopeSchema = Type.Union([
  Type.Object({ kind: Type.Literal('all') }, closed),
  Type.Object(
    {
      kind: Type.Union([Type.Literal('node'), Type.Literal('skill'), Type.Literal('tenant')]),
      name,
    },
    closed,
  ),
]);
const said = {
  id: Type.String({ pattern: HALT_ID.source }),
  reason: text,
  by: text,
  atMs: Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  signed: Type.Union([
    Type.Null(),
    Type.Object(
      {
        node: name,
        key: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
        signature: Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' }),
      },
      closed,
    ),
  ]),
};
const OrderSchema = Type.Object(
  {
    ...said,
    scope: HaltScopeSchema,
    reach: Type.Union([Type.Literal('cluster'), Type.Literal('local')]),
  },
  closed,
);
export const HaltRecordSchema = Type.Object(
  {
    id: said.id,
    order: Type.Union([Type.Null(), OrderSchema]),
    release: Type.Union([Type.Null(), Type.Object(said, closed)]),
  },
  closed,
);
const checkRecord = checker(HaltRecordSchema);

/** @returns what is wrong with it, as a sentence, when it is no record */
export function readHaltRecord(value: unknown): HaltRecord | string {
  const checked = checkRecord(value);
  if (!checked.ok) {
    const { pointer, found, expected } = checked.mismatch;
    return `${pointer}: found ${found}, expected ${expected}`;
  }
  const record = checked.value as HaltRecord;
  const isOne = [record.order, record.release].every((each) => !each || each.id === record.id);
  if (!isOne) return 'order and release have other IDs than their record';
  return record.order || record.release ? record : 'it holds neither an order nor a release';
}

export const signOrder = (order: Omit<HaltOrder, 'signed'>, key: NodeKey): HaltOrder => ({
  ...order,
  signed: signatureOf(ORDER_DOMAIN, order, key),
});

export const signRelease = (release: Omit<HaltRelease, 'signed'>, key: NodeKey): HaltRelease => ({
  ...release,
  signed: signatureOf(RELEASE_DOMAIN, release, key),
});

/**
 * Whether all in it may be believed from elsewhere: of reach `cluster`, signed, by a key that `trusts` takes and from which the
 * signer's ID follows. @returns the reason when it may not
 */
export function judgeRecord(
  { order, release }: HaltRecord,
  trusts: (key: string) => boolean,
): string | undefined {
  if (order && order.reach !== 'cluster') return 'it is for one node alone';
  return (
    (order && judgeSaid(ORDER_DOMAIN, order, trusts)) ??
    (release && judgeSaid(RELEASE_DOMAIN, release, trusts)) ??
    undefined
  );
}

function judgeSaid(
  domain: string,
  { signed, ...rest }: Said,
  trusts: (key: string) => boolean,
): string | undefined {
  if (!signed) return 'it is not signed';
  return judgeSignature(domain, rest, signed, trusts);
}

/** Of orders, releases and receipts. @returns why it is not to be believed */
export function judgeSignature(
  domain: string,
  what: object,
  { node, key, signature }: NonNullable<Said['signed']>,
  trusts: (key: string) => boolean,
): string | undefined {
  const publicKey = parseKeyText(key);
  if (!publicKey || nodeIdOf(publicKey) !== node) return `its key is not that of ${node}`;
  if (!trusts(key)) return `${node} is not trusted`;
  const bytes = Buffer.from(domain + canonicalJson(what as Json));
  const isTrue = isSignedBy(publicKey, bytes, Buffer.from(signature, 'base64url'));
  return isTrue ? undefined : `it is not signed by ${node}`;
}

export const describeScope = (scope: HaltScope): string =>
  scope.kind === 'all' ? 'everything' : `${scope.kind} ${scope.name}`;
