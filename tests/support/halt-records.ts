/** Orders, releases and records as nodes sign them, for the tests of the kill switch. */
import type { NodeId } from '../../src/contracts/index.ts';
import {
  type HaltOrder,
  type HaltRecord,
  type HaltScope,
  signOrder,
  signRelease,
} from '../../src/sandbox/index.ts';
import { type NodeKey, nodeKeyOf } from '../../src/transport/index.ts';

export const keyNumber = (number: number): NodeKey => nodeKeyOf(new Uint8Array(32).fill(number));
export const idNumber = (number: number): string => `h-${number.toString(16).padStart(16, '0')}`;
export const KEY = keyNumber(1);
export const SELF: NodeId = KEY.id;

export interface Wanted {
  readonly id?: string;
  readonly scope?: HaltScope;
  readonly reach?: HaltOrder['reach'];
  readonly atMs?: number;
  readonly key?: NodeKey;
  readonly by?: string;
}

export function orderOf(wanted: Wanted = {}): HaltOrder {
  const { id = idNumber(1), scope = { kind: 'all' }, reach = 'cluster', atMs = 1_000 } = wanted;
  const { key = KEY, by = 'alice' } = wanted;
  return signOrder({ id, scope, reach, reason: 'a test', by, atMs }, key);
}

export const recordOf = (wanted: Wanted = {}): HaltRecord => {
  const order = orderOf(wanted);
  return { id: order.id, order, release: null };
};

export function releasedOf(wanted: Wanted = {}): HaltRecord {
  const { id = idNumber(1), atMs = 2_000, key = KEY, by = 'alice' } = wanted;
  return { id, order: null, release: signRelease({ id, reason: 'over', by, atMs }, key) };
}
