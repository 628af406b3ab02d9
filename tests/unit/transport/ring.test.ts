import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RingReader, RingWriter, ringMemory } from '../../../src/transport/index.ts';

const CAPACITY = 4_096;
/** The counters wrap at 2^32 and change their sign at 2^31: start just before either. */
const STARTS = [0, 2 ** 31 - 40, -40, -(2 ** 31)];

const pair = (start: number, capacity = CAPACITY) => {
  const memory = ringMemory(capacity, start);
  return { writer: new RingWriter(memory), reader: new RingReader(memory), memory };
};
const frameOf = (number: number, size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, at) => (number * 31 + at) & 0xff);

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      size: fc.oneof(fc.nat(40), fc.nat(1_024)),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'elsewhere' as const }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('read' as const), count: fc.nat(4) }) },
);

describe('a ring', () => {
  it.each(STARTS)(
    'gives every frame that it took, whole and in order, counters from %i',
    (start) => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
          const { writer, reader } = pair(start);
          const expected: (Uint8Array | 'elsewhere')[] = [];
          let written = 0;
          for (const each of operations) {
            if (each.do === 'write') {
              const frame = frameOf(++written, each.size);
              if (writer.write(frame)) expected.push(frame);
            } else if (each.do === 'elsewhere') {
              if (writer.writeElsewhere()) expected.push('elsewhere');
            } else {
              for (let i = 0; i < each.count; i++) {
                const next = expected.shift();
                const found = reader.read();
                expect(found instanceof Uint8Array ? [...found] : found).toEqual(
                  next instanceof Uint8Array ? [...next] : next,
                );
              }
            }
          }
          for (const next of expected) {
            const found = reader.read();
            expect(found instanceof Uint8Array ? [...found] : found).toEqual(
              next instanceof Uint8Array ? [...next] : next,
            );
          }
          expect(reader.read()).toBeUndefined();
        }),
        { seed: 17, numRuns: 100 },
      );
    },
  );

  it('never holds more than its capacity, and takes again what is read', () => {
    const { writer, reader } = pair(0);
    let held = 0;
    while (writer.write(frameOf(held, 100))) held++;
    expect(held).toBe(Math.floor(CAPACITY / 112));
    expect(writer.writeElsewhere() && writer.write(new Uint8Array(0))).toBe(true);
    expect(reader.read()).toEqual(Buffer.from(frameOf(0, 100)));
    expect(writer.write(frameOf(1, 100))).toBe(true);
  });

  it('shows nothing of a frame whose writer ended before it was counted', () => {
    const { writer, reader, memory } = pair(0);
    writer.write(frameOf(1, 10));
    // What a writer that dies in the middle leaves: bytes past the tail.
    new Uint8Array(memory).fill(0xee, 512 + 24);
    expect(reader.read()).toEqual(Buffer.from(frameOf(1, 10)));
    expect(reader.read()).toBeUndefined();
  });

  it('goes on for a writer or a reader that takes over from an earlier one', () => {
    const { writer, reader, memory } = pair(-1);
    writer.write(frameOf(1, 10));
    new RingWriter(memory).write(frameOf(2, 10));
    expect(reader.read()).toEqual(Buffer.from(frameOf(1, 10)));
    expect(new RingReader(memory).read()).toEqual(Buffer.from(frameOf(2, 10)));
  });

  it('rings the bell once for a sleep, and never sleeps over a frame', () => {
    const { writer, reader } = pair(0);
    expect(writer.takeSleep()).toBe(false);
    expect(reader.sleep()).toBe(true);
    writer.write(frameOf(1, 8));
    expect([writer.takeSleep(), writer.takeSleep()]).toEqual([true, false]);
    expect(reader.sleep()).toBe(false);
    expect(writer.takeSleep()).toBe(false);
  });

  it('tells a writer that waits of room, once', () => {
    const { writer, reader } = pair(0);
    expect(reader.takeWait()).toBe(false);
    writer.wait();
    expect([reader.takeWait(), reader.takeWait()]).toEqual([true, false]);
  });
});
