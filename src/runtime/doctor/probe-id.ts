/** A node ID for asking others, which no node has: an ID of a node is 8 characters long. */
import type { NodeId, Random } from '../../contracts/index.ts';

export const probeId = (random: Random): NodeId =>
  `n-doctor${Buffer.from(random.bytes(6)).toString('hex')}` as NodeId;
