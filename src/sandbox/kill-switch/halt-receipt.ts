/** A node's word that it has carried out an order: what it stopped, and when; signed, so that whoever relays it cannot make it up. */
import Type from 'typebox';
import { checker } from '../../contracts/index.ts';
import type { NodeKey } from '../../transport/index.ts';
import { judgeSignature } from './halt-order.ts';
import { type Signed, signatureOf } from './signature.ts';

export interface Stopped {
  readonly runs: number;
  /** In flight, given up. */
  readonly hostCalls: number;
  /** Host processes that were killed. */
  readonly sandboxHosts: number;
  /** Of skills, and virtual ones. */
  readonly actors: number;
}

export const NOTHING_STOPPED: Stopped = { runs: 0, hostCalls: 0, sandboxHosts: 0, actors: 0 };

export const addStopped = (a: Stopped, b: Stopped): Stopped => ({
  runs: a.runs + b.runs,
  hostCalls: a.hostCalls + b.hostCalls,
  sandboxHosts: a.sandboxHosts + b.sandboxHosts,
  actors: a.actors + b.actors,
});

export interface HaltReceipt {
  readonly order: string;
  readonly act: 'halt' | 'release';
  /** By the node's wall clock. */
  readonly atMs: number;
  /** From the order's arrival at the node to the end of what it stopped. */
  readonly elapsedMs: number;
  readonly stopped: Stopped;
  readonly signed: Signed;
}

const DOMAIN = 'skein halt receipt 1\0';
const count = Type.Integer({ minimum: 0 });
const closed = { additionalProperties: false } as const;
const checkReceipt = checker(
  Type.Object(
    {
      order: Type.String({ maxLength: 100 }),
      act: Type.Union([Type.Literal('halt'), Type.Literal('release')]),
      atMs: Type.Number(),
      elapsedMs: Type.Number(),
      stopped: Type.Object(
        { runs: count, hostCalls: count, sandboxHosts: count, actors: count },
        closed,
      ),
      signed: Type.Object(
        {
          node: Type.String({ maxLength: 64 }),
          key: Type.String({ maxLength: 43 }),
          signature: Type.String({ maxLength: 86 }),
        },
        closed,
      ),
    },
    closed,
  ),
);

export const signReceipt = (receipt: Omit<HaltReceipt, 'signed'>, key: NodeKey): HaltReceipt => ({
  ...receipt,
  signed: signatureOf(DOMAIN, receipt, key),
});

/** The receipt in `value`, when it is one of `node` for that act on that order; else the reason why not. */
export function readReceipt(
  value: unknown,
  { node, order, act }: { readonly node: string } & Pick<HaltReceipt, 'order' | 'act'>,
): HaltReceipt | string {
  const checked = checkReceipt(value);
  if (!checked.ok) return `${checked.mismatch.pointer}: found ${checked.mismatch.found}`;
  const receipt = checked.value as HaltReceipt;
  const { signed, ...rest } = receipt;
  if (receipt.order !== order || receipt.act !== act) return 'it is for another order';
  if (signed.node !== node) return `it is of ${signed.node}`;
  return judgeSignature(DOMAIN, rest, signed, () => true) ?? receipt;
}
