/**
 * `halt --local` without the node: the order goes straight into the folder of orders. A node that does not run begins under it; the
 * threads of one that hangs see it within 250 ms, and its main thread when it can.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { failure, type Result, success } from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import { isInUse } from '../journal/index.ts';
import {
  type Confirmation,
  type HaltAnswer,
  type HaltWish,
  inspectNodeKey,
} from '../runtime/index.ts';
import {
  HaltFolder,
  type HaltRecord,
  NOTHING_STOPPED,
  signOrder,
  signReceipt,
} from '../sandbox/index.ts';
import { type NodeKey, nodeKeyOf } from '../transport/index.ts';

const HANGS =
  'it runs and does not answer: its threads read the order within 250 ms, but nothing says so; end its process to be sure';

/** For every node below a group's data directory. Failures: FILE_UNREADABLE, NODE_KEY_UNUSABLE, NODE_UNREACHABLE when none ever ran. */
export async function orderWithoutNode(
  dataDir: string,
  wish: HaltWish & { readonly id: string },
): Promise<Result<HaltAnswer>> {
  const confirmations: Confirmation[] = [];
  let record: HaltRecord | undefined;
  for (const each of nodeDirsIn(dataDir)) {
    const secret = inspectNodeKey(each);
    if (!secret.ok) return secret;
    if (!secret.value) continue;
    const key = nodeKeyOf(secret.value.seed);
    const order = signOrder({ ...wish, atMs: Math.floor(realPorts.clock.wallMs()) }, key);
    record = { id: wish.id, order, release: null };
    const kept = new HaltFolder(each).keep(record);
    if (!kept.ok) return kept;
    const isRunning = await isInUse(join(each, 'journal.db'));
    confirmations.push(isRunning ? silent(key) : confirmed(wish.id, key));
  }
  if (record) return success({ record, confirmations });
  return failure('NODE_UNREACHABLE', { endpoint: dataDir, reason: 'no node has ever run there' });
}

/** A node's own data directory, or those of the nodes of a group. */
function nodeDirsIn(dataDir: string): readonly string[] {
  const nodes = join(dataDir, 'nodes');
  if (!existsSync(nodes)) return [dataDir];
  return [dataDir, ...readdirSync(nodes).map((name) => join(nodes, name))];
}

const silent = ({ id: node }: NodeKey): Confirmation => ({
  ...{ node, receipt: null, elapsedMs: null },
  reason: HANGS,
});

/** Nobody has the journal open, so nothing of the node runs: that can be said in its name. */
function confirmed(order: string, key: NodeKey): Confirmation {
  const facts = { order, act: 'halt', atMs: Math.floor(realPorts.clock.wallMs()) } as const;
  const receipt = signReceipt({ ...facts, elapsedMs: 0, stopped: NOTHING_STOPPED }, key);
  return { node: key.id, receipt, elapsedMs: 0, reason: null };
}
