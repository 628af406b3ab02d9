import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader } from '../../../src/sandbox/frame-codec.ts';

const readAll = (chunks: readonly Uint8Array[], maxBytes = 1_000_000) => {
  const texts: string[] = [];
  const reader = new FrameReader({
    maxBytes: () => maxBytes,
    onFrame: (body) => void texts.push(Buffer.from(body).toString()),
  });
  const accepted = chunks.every((chunk) => reader.push(chunk));
  return { texts, accepted };
};

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (texts, cuts) => {
          const stream = Buffer.concat(texts.map(encodeFrame));
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < stream.length; ) {
            const length = cuts.next().value ?? 1;
            chunks.push(stream.subarray(at, at + length));
            at += length;
          }
          const expected = texts.map((text) => Buffer.from(text).toString());
          expect(readAll(chunks)).toEqual({ texts: expected, accepted: true });
        },
      ),
    );
  });

  test('over the limit are refused at their header, before their bytes arrive', () => {
    const frame = encodeFrame('x'.repeat(101));
    expect(readAll([frame.subarray(0, 4)], 100)).toEqual({ texts: [], accepted: false });
    expect(readAll([encodeFrame('x'.repeat(100))], 100).accepted).toBe(true);
  });

  test('of arbitrary bytes never throw and never pass the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        for (const text of readAll(chunks, 20).texts) expect(text.length).toBeLessThanOrEqual(20);
      }),
    );
  });
});
