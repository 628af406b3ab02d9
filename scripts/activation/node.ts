/**
 * A node process that hosts counters: `node node.ts DATA_DIR CLUSTER NATS_URL TURNS_FILE`. Each turn goes into the file as a line
 * of key, token and the machine's monotonic time, taken before the lease was asked: at that time it was held for sure.
 */
import { openSync, writeSync } from 'node:fs';
import type { VirtualContext } from '../../src/index.ts';
import { startNode } from '../../src/index.ts';
import { counterOf } from './counter.ts';

const [, , dataDir = '', name = '', natsUrl = '', turnsFile = ''] = process.argv;
const file = openSync(turnsFile, 'a');

function noteTurn({ key, token, isHeld }: VirtualContext): void {
  const atNs = process.hrtime.bigint();
  if (isHeld()) writeSync(file, `${key} ${token.revision} ${token.nonce} ${atNs}\n`);
}

const node = await startNode({
  dataDir,
  threads: 1,
  warmHosts: 0,
  log: { level: 'error', format: 'plain' },
  cluster: { name, natsUrl },
});
if (!node.ok) throw new Error(node.error.message);
const { id, virtual } = node.value;
const registered = await virtual.register(counterOf(id, noteTurn));
if (!registered.ok) throw new Error(registered.error.message);
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: id });
