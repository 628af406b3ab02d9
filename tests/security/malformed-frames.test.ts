import { describe, expect, it } from 'vitest';
import { decodeGossip, encodeGossip } from '../../src/cluster/membership/gossip-codec.ts';
import { seededRandom } from '../../src/host/index.ts';
import { mutated } from '../support/frame-mutations.ts';
import { frameWorld, WAYS } from '../support/frame-world.ts';

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');
const times = (unit: string, count: number): string => unit.repeat(count);

/** One or more of each class; `npm run cases -- FILE` runs a file of them. */
const FRAMES: Readonly<Record<string, Uint8Array>> = {
  'no bytes': hex(''),
  'a code that is never used': hex('c1'),
  'a map without content': hex('81'),
  'a text of 2 GiB in six bytes': hex('db7fffffff61'),
  'a list of 65,535 items in three bytes': hex('dcffff'),
  'a map of 4 billion keys in five bytes': hex('dfffffffff'),
  'a huge list in a list': hex('9fddfffffffe'),
  '100,000 nested lists': hex(`${times('91', 100_000)}c0`),
  '30,000 nested maps': hex(`${times('81a161', 30_000)}c0`),
  'a million nils': hex(`dd000f4240${times('c0', 1_000_000)}`),
  '60,000 numbers as keys': Buffer.concat([
    hex('deea60'),
    ...Array.from({ length: 60_000 }, (_, at) => {
      const entry = Buffer.alloc(6, 0xc0);
      entry[0] = 0xce;
      entry.writeUInt32BE((at * 65_536) % 2 ** 32, 1);
      return entry;
    }),
  ]),
  '__proto__ as a key': hex('81a95f5f70726f746f5f5f81a8706f6c6c7574656401'),
  'constructor as a key': hex('81ab636f6e7374727563746f7281a970726f746f7479706580'),
  'a number as a key': hex('810102'),
  'a NUL in a key': hex('81a2610001'),
  'a broken sequence of UTF-8': hex('81a161a2c328'),
  'a number beyond 2^53': hex('81a6616d6f756e74cfffffffffffffffff'),
  infinity: hex('81a6616d6f756e74cb7ff0000000000000'),
  'minus one': hex('81a6616d6f756e74ff'),
  'a second encoding of one': hex('81a161cd0001'),
  'a second encoding of a map': hex('de0001a16101'),
  'an extension': hex('d47f00'),
  'a time stamp far outside': hex('c70cffffffffff7fffffffffffffff'),
  'a structure that refers to itself': hex('92d6690000000193d67000000001'),
  'a second frame behind the first': hex('8080'),
  'compressed data': hex('1f8b0800000000000003'),
  'a mark of byte order': hex('efbbbf80'),
  text: hex('a161'),
};

describe('a malformed frame', () => {
  it.each(WAYS)('is refused with one step of a counter, and no more: %s', async (way) => {
    const { send, works } = await frameWorld(`malformed ${way}`);
    expect(await works()).toBe(true);
    for (const [what, bytes] of Object.entries(FRAMES)) {
      // A session carries no frame without bytes: there is no packet of it.
      if (way === 'as a frame of a session' && bytes.byteLength === 0) continue;
      const { refused, reasons, answers, changes } = await send(way, bytes);
      expect([what, refused, reasons.length, answers, changes]).toEqual([what, 1, 1, 0, 0]);
      if (!(await works())) expect(what).toBe('followed by a good one that is taken');
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('is refused by the decoder alone, with a reason', () => {
    for (const [what, bytes] of Object.entries(FRAMES)) {
      const read = decodeGossip(bytes);
      expect([what, read.ok ? 'taken' : read.error.code]).toEqual([what, 'FRAME_INVALID']);
    }
    expect(decodeGossip(encodeGossip({ kind: 'hello', digest: null, said: [] })).ok).toBe(true);
  });

  it('is refused, or harmless, in whatever way valid packets are changed', async () => {
    const { seen, inject, advance, works, refused, logLines } = await frameWorld('mutations');
    const random = seededRandom('mutations');
    expect(await works()).toBe(true);
    const valid = [...seen];
    expect(valid.length).toBeGreaterThan(4);
    const some = () => valid[Math.floor(random.next() * valid.length)] as (typeof valid)[number];
    const before = refused();
    const startLines = logLines();
    for (let at = 0; at < 5_000; at++) {
      inject(some().subject, mutated(some().packet, some().packet, random));
      if (at % 100 === 0) await advance(100);
    }
    await advance(3_000);
    expect(refused() - before).toBe(5_000);
    // One line a second for each of the two that refuse.
    expect(logLines() - startLines).toBeLessThanOrEqual(2 * 9);
    expect(await works()).toBe(true);
  });
});
