/** An author's signing key: ed25519, in a file that its owner alone can read. It is made once and never overwritten. */
import { hash as digest } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { failure, type Random, type Result, reasonOf, success } from '../../contracts/index.ts';
import { type NodeKey, newSeed, nodeKeyOf } from '../../transport/index.ts';

export type SignerKey = Pick<NodeKey, 'publicKey' | 'sign'>;

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
const RECORD = /^skein-signer-key 1 ([0-9a-f]{64}) [0-9a-f]{16}\n$/;

/** Failure: SIGNER_KEY_UNUSABLE, also for a file that is there already. */
export async function makeSignerKey(file: string, random: Random): Promise<Result<SignerKey>> {
  const seed = newSeed(random);
  try {
    const handle = await open(file, 'wx', OWNER_ONLY);
    try {
      await handle.writeFile(recordOf(seed));
      await handle.sync();
    } finally {
      await handle.close();
    }
    return success(nodeKeyOf(seed));
  } catch (thrown) {
    const isThere = (thrown as { readonly code?: string }).code === 'EEXIST';
    const reason = isThere ? 'it is there already, and a key is not overwritten' : reasonOf(thrown);
    return failure('SIGNER_KEY_UNUSABLE', { file, reason });
  }
}

/** Failure: SIGNER_KEY_UNUSABLE. */
export async function readSignerKey(file: string): Promise<Result<SignerKey>> {
  const unusable = (reason: string) => failure('SIGNER_KEY_UNUSABLE', { file, reason });
  try {
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0)
      return unusable(`others may read or write it: its mode is ${(mode & 0o777).toString(8)}`);
    const text = await readFile(file, 'latin1');
    const [, hex = ''] = RECORD.exec(text) ?? [];
    const seed = Buffer.from(hex, 'hex');
    return recordOf(seed) === text ? success(nodeKeyOf(seed)) : unusable('it is damaged');
  } catch (thrown) {
    return unusable(reasonOf(thrown));
  }
}

function recordOf(seed: Uint8Array): string {
  const facts = `1 ${Buffer.from(seed).toString('hex')}`;
  return `skein-signer-key ${facts} ${digest('sha256', facts).slice(0, 16)}\n`;
}
