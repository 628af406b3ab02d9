/** The real random source: the operating system's. Forks are the same source, since nothing has to be repeated. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../contracts/index.ts';

export const realRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (count) => new Uint8Array(randomBytes(count)),
  fork: () => realRandom,
};
