/** The other side of `jail-race.ts`: `node swap-folder.ts ROOT OUTSIDE COUNT`. */
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const [root = '', outside = '', count = '0'] = process.argv.slice(2);
const swap = join(root, 'swap');
const away = join(root, 'away');
const link = join(root, 'link');
const file = join(root, 'file');
const kept = join(root, 'kept');
for (let round = 0; round < Number(count); round++) {
  symlinkSync(outside, link);
  renameSync(swap, away);
  renameSync(link, swap);
  // Both states last for a while of changing length, so that each step of a walk meets either.
  spin(round % 97);
  renameSync(file, kept);
  symlinkSync(join(outside, 'secret.txt'), file);
  unlinkSync(swap);
  renameSync(away, swap);
  spin((round * 7) % 101);
  renameSync(kept, file);
}

function spin(turns: number): void {
  for (let turn = 0; turn < turns * 1_000; turn++) Math.imul(turn, turn);
}
