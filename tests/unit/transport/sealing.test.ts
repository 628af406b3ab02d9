import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newPacket, PACKET, PACKET_HEAD_BYTES, shortHead } from '../../../src/transport/packet.ts';
import { SEAL_BYTES, sealingOf } from '../../../src/transport/sealing.ts';

const [KEY, OTHER] = [1, 2].map((seed) => createSecretKey(Buffer.alloc(32, seed)));

function packetOf(body: Uint8Array): Uint8Array {
  const packet = newPacket(shortHead(PACKET.data, { from: 7, to: 9 }), body.byteLength);
  packet.set(body, PACKET_HEAD_BYTES);
  return packet;
}

describe.each([3, 4])('a packet sealed as version %i', (version) => {
  const { seal, unseal } = sealingOf(version);
  const body = fc.uint8Array({ maxLength: 2_000 });
  const number = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

  it('opens to what it was, with its number, and is longer by the seal', () => {
    fc.assert(
      fc.property(body, number, (bytes, count) => {
        const packet = packetOf(bytes);
        const sealed = seal(packet, KEY as never, count);
        expect(sealed.byteLength).toBe(packet.byteLength + SEAL_BYTES);
        const opened = unseal(sealed, KEY as never);
        expect(opened && Buffer.compare(opened.packet, packet)).toBe(0);
        expect(opened?.number).toBe(count);
      }),
    );
  });

  it('does not open with another key, cut, or with any bit changed', () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.nat(7), (bytes, at, bit) => {
        const sealed = seal(packetOf(bytes), KEY as never, 1);
        expect(unseal(sealed, OTHER as never)).toBeUndefined();
        expect(unseal(sealed.subarray(0, at % sealed.byteLength), KEY as never)).toBeUndefined();
        const changed = Buffer.from(sealed);
        const place = at % changed.byteLength;
        changed[place] = (changed[place] as number) ^ (1 << bit);
        expect(unseal(changed, KEY as never)).toBeUndefined();
      }),
    );
  });
});

it('shows the bus the head of a packet and nothing of what is in it, from version 4 on', () => {
  const body = Buffer.from('a message that is nobody else’s affair, whoever runs the server');
  const packet = packetOf(body);
  const { seal } = sealingOf(4);
  const sealed = seal(packet, KEY as never, 1);
  expect(sealed.subarray(0, PACKET_HEAD_BYTES)).toEqual(Buffer.from(packet.subarray(0, 48)));
  expect(Buffer.from(sealed).includes(body.subarray(0, 8))).toBe(false);
  expect(Buffer.from(sealingOf(3).seal(packet, KEY as never, 1)).includes(body)).toBe(true);
  expect(seal(packet, KEY as never, 2).subarray(48, -SEAL_BYTES)).not.toEqual(
    sealed.subarray(48, -SEAL_BYTES),
  );
});
