/** Keys for nodes whose names are chosen, as in simulations and tests: each follows from the name, and is the only one it has. */
import { createHash } from 'node:crypto';
import type { NodeId } from '../contracts/index.ts';
import type { Identity } from './known-keys.ts';
import { type NodeKey, nodeKeyOf } from './node-key.ts';

const KEYS_MAX = 2_000;
const made = new Map<string, NodeKey>();

export function simulatedKey(name: string): NodeKey {
  const known = made.get(name);
  if (known) return known;
  const key = nodeKeyOf(createHash('sha256').update(`skein simulated node ${name}`).digest());
  if (made.size >= KEYS_MAX) made.clear();
  made.set(name, key);
  return key;
}

export const simulatedIdentity = (name: NodeId): Identity => ({
  key: { ...simulatedKey(name), id: name },
  book: {
    accepts: (node, publicKey) => Buffer.compare(simulatedKey(node).publicKey, publicKey) === 0,
    proved: () => undefined,
  },
});
