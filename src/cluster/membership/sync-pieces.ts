/** All that is known, in pieces that fit into a packet. What is claimed of a member stands behind what it says of itself. */
import { LIMITS } from '../../contracts/index.ts';
import type { Statement } from './statement.ts';

export const STATEMENTS_A_SYNC = 200;
const PIECE_BYTES = LIMITS.packetBytes / 2;

/** `all`: of each member what belongs together, which is never torn. */
export function syncPieces(all: readonly (readonly Statement[])[]): readonly Statement[][] {
  const pieces: Statement[][] = [];
  let piece: Statement[] = [];
  let pieceBytes = 0;
  for (const said of all) {
    const sizeBytes = said.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
    const isFull =
      piece.length + said.length > STATEMENTS_A_SYNC || pieceBytes + sizeBytes > PIECE_BYTES;
    if (isFull && piece.length > 0) {
      pieces.push(piece);
      piece = [];
      pieceBytes = 0;
    }
    piece.push(...said);
    pieceBytes += sizeBytes;
  }
  pieces.push(piece);
  return pieces;
}
