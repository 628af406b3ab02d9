/**
 * The secret of the node's key in the data directory, `node.key`, readable by its owner alone, and how often the node has begun:
 * with a key that stays, its ID stays, and refs to actors of an earlier life have to be told from those of this one.
 */
import { hash as digest } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { failure, type Random, type Result, reasonOf, success } from '../contracts/index.ts';
import { writeFileDurably } from '../journal/index.ts';
import { newSeed } from '../transport/index.ts';

export interface NodeSecret {
  readonly seed: Uint8Array;
  /** Counts the lives of the node, from 1. */
  readonly life: number;
}

const FILE = 'node.key';
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
const RECORD = /^skein-node-key 1 ([0-9a-f]{64}) (\d{10}) [0-9a-f]{16}\n$/;

/** Begins the next life of the node. In memory it is the only one. Failure: NODE_KEY_UNUSABLE. */
export function openNodeKey(dataDir: string | 'memory', random: Random): Result<NodeSecret> {
  if (dataDir === 'memory') return success({ seed: newSeed(random), life: 1 });
  const file = join(dataDir, FILE);
  try {
    const before = read(file) ?? { seed: newSeed(random), life: 0 };
    if (typeof before === 'string') return failure('NODE_KEY_UNUSABLE', { file, reason: before });
    const secret = { seed: before.seed, life: before.life + 1 };
    writeFileDurably(file, recordOf(secret), OWNER_ONLY);
    return success(secret);
  } catch (thrown) {
    return failure('NODE_KEY_UNUSABLE', { file, reason: reasonOf(thrown) });
  }
}

/** Reads the key without beginning a life; undefined: there is none. Failure: NODE_KEY_UNUSABLE. */
export function inspectNodeKey(dataDir: string): Result<NodeSecret | undefined> {
  const file = join(dataDir, FILE);
  try {
    const found = read(file);
    if (typeof found === 'string') return failure('NODE_KEY_UNUSABLE', { file, reason: found });
    return success(found);
  } catch (thrown) {
    return failure('NODE_KEY_UNUSABLE', { file, reason: reasonOf(thrown) });
  }
}

function read(file: string): NodeSecret | string | undefined {
  const found = fs.statSync(file, { throwIfNoEntry: false });
  if (!found) return undefined;
  if ((found.mode & OTHERS) !== 0) {
    return `others may read or write it: its mode is ${(found.mode & 0o777).toString(8)}`;
  }
  const text = fs.readFileSync(file, 'latin1');
  const [, seed, life] = RECORD.exec(text) ?? [];
  if (seed === undefined || life === undefined) return 'it is damaged';
  const secret = { seed: Buffer.from(seed, 'hex'), life: Number(life) };
  return recordOf(secret) === text ? secret : 'it is damaged';
}

function recordOf({ seed, life }: NodeSecret): string {
  const facts = `1 ${Buffer.from(seed).toString('hex')} ${String(life).padStart(10, '0')}`;
  return `skein-node-key ${facts} ${digest('sha256', facts).slice(0, 16)}\n`;
}
