import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/host/index.ts';
import { PACKET, PACKET_HEAD_BYTES, readPacket } from '../../src/transport/packet.ts';
import { frameWorld } from '../support/frame-world.ts';

const EACH = 2_500;

/** The same content in other bytes, where the body begins with a map of up to 15 keys; its signature or seal as it was. */
function encodedAnew(packet: Uint8Array): Uint8Array | undefined {
  const code = packet[PACKET_HEAD_BYTES] ?? 0;
  if (code < 0x80 || code > 0x8f) return undefined;
  const [head, rest] = [
    packet.subarray(0, PACKET_HEAD_BYTES),
    packet.subarray(PACKET_HEAD_BYTES + 1),
  ];
  return Buffer.concat([head, Buffer.from([0xde, 0, code & 0x0f]), rest]);
}

describe('of ten thousand messages', () => {
  it('that are forged, replayed, stale or encoded anew, none is taken', async () => {
    const { seen, inject, advance, works, refused, taken } = await frameWorld('not accepted');
    for (let each = 0; each < 20; each++) expect(await works()).toBe(true);
    const valid = [...seen];
    const random = seededRandom('not accepted');
    const some = (from: typeof valid) =>
      from[Math.floor(random.next() * from.length)] as (typeof valid)[number];
    const anew = valid.flatMap(({ subject, packet }) => {
      const other = encodedAnew(packet);
      return other ? [{ subject, packet: other }] : [];
    });
    const kinds = new Set(anew.map(({ packet }) => readPacket(packet)?.kind));
    expect([...kinds].sort()).toEqual([PACKET.hello, PACKET.data]);
    const bad: Readonly<Record<string, () => (typeof valid)[number]>> = {
      forged: () => {
        const { subject, packet } = some(valid);
        const copy = new Uint8Array(packet);
        const at = Math.floor(random.next() * copy.byteLength);
        copy[at] = (copy[at] as number) ^ (1 << Math.floor(random.next() * 8));
        return { subject, packet: copy };
      },
      replayed: () => some(valid),
      // A session, or a number of one, that is over or has never been.
      stale: () => {
        const { subject, packet } = some(valid);
        const copy = new Uint8Array(packet);
        const view = new DataView(copy.buffer);
        view.setFloat64(random.next() < 0.5 ? 8 : 16, Math.floor(random.next() * 2 ** 48), true);
        return { subject, packet: copy };
      },
      anew: () => some(anew),
    };
    const before = [refused(), taken()] as const;
    for (const [what, make] of Object.entries(bad)) {
      for (let each = 0; each < EACH; each++) {
        const { subject, packet } = make();
        inject(subject, packet);
        if (each % 50 === 0) await advance(20);
      }
      await advance(100);
      expect([what, taken() - before[1]]).toEqual([what, 0]);
    }
    expect(refused() - before[0]).toBe(4 * EACH);
    expect(await works()).toBe(true);
  });

  it.each([-25_000, 0, 25_000])(
    'that are good, none is refused when clocks are %i ms apart',
    async (skewMs) => {
      const { works, refused } = await frameWorld('skew', skewMs);
      for (let each = 0; each < 200; each++) expect([each, await works()]).toEqual([each, true]);
      expect(refused()).toBe(0);
    },
  );
});
