/** Valid packets made invalid: bits flipped, cut, spliced with another, lengths edited. By a seed. */
import type { Random } from '../../src/contracts/index.ts';

const below = (random: Random, bound: number): number => Math.floor(random.next() * bound);

export function mutated(packet: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const size = Math.max(1, packet.byteLength);
  switch (below(random, 5)) {
    case 0: {
      const copy = new Uint8Array(packet);
      for (let flips = 1 + below(random, 4); flips > 0; flips--) {
        const at = below(random, size);
        copy[at] = (copy[at] ?? 0) ^ (1 << below(random, 8));
      }
      return copy;
    }
    case 1:
      return packet.slice(0, below(random, size));
    case 2:
      return Buffer.concat([
        packet.subarray(0, below(random, size)),
        other.subarray(below(random, Math.max(1, other.byteLength))),
      ]);
    case 3: {
      // What looks like a length or a head of msgpack becomes another, a large one as often as not.
      const copy = new Uint8Array(packet);
      const at = below(random, size);
      const codes = [0xc6, 0xdb, 0xdd, 0xdf, 0xdc, 0xde, 0xc1, 0xc7, 0xd4, 0xff, 0x9f, 0x8f, 0x00];
      copy[at] = codes[below(random, codes.length)] as number;
      for (let next = at + 1; next < at + 5 && next < size && random.next() < 0.6; next++)
        copy[next] = random.next() < 0.5 ? 0xff : below(random, 256);
      return copy;
    }
    default: {
      const at = below(random, size);
      const noise = random.bytes(1 + below(random, 64));
      return Buffer.concat([packet.subarray(0, at), noise, packet.subarray(at)]);
    }
  }
}
