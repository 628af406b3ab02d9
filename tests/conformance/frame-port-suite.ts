/**
 * What every body of the `FramePort` port promises. A body is given as a function that opens the two ends of a channel. Whether a
 * side that closes still gets what was on its way is left to the body.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FramePort } from '../../src/contracts/index.ts';
import type { Passing } from './passing.ts';

export interface FramePortWorld {
  readonly ends: readonly [FramePort, FramePort];
  readonly passing: Passing;
}

export interface FramePortBody {
  readonly name: string;
  readonly open: () => FramePortWorld;
}

const LARGE_BYTES = 3 * 1024 * 1024;

export function framePortSuite({ name, open }: FramePortBody): void {
  describe(`frame port: ${name}`, () => {
    let world: FramePortWorld;
    let here: FramePort;
    let there: FramePort;
    beforeEach(() => {
      world = open();
      [here, there] = world.ends;
    });
    afterEach(() => {
      here.close();
      there.close();
    });

    const gather = (port: FramePort): Uint8Array[] => {
      const frames: Uint8Array[] = [];
      port.onFrame((frame) => frames.push(frame));
      return frames;
    };
    const ids = (frames: readonly Uint8Array[]) => frames.map(([id]) => id);
    const arrived = (frames: readonly unknown[], count: number) =>
      world.passing.until(`${count} are there`, () => frames.length >= count);
    const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

    test('carries frames in order, both ways at once', async () => {
      const [atHere, atThere] = [gather(here), gather(there)];
      for (const id of upTo(200)) {
        here.post(Uint8Array.of(id));
        there.post(Uint8Array.of(id));
      }
      await arrived(atHere, 200);
      await arrived(atThere, 200);
      expect([ids(atHere), ids(atThere)]).toEqual([upTo(200), upTo(200)]);
    });

    test('carries frames whole and unchanged, from none to millions of bytes, in order', async () => {
      const frames = gather(there);
      const sizes = [0, 1, 7, 8, 9, 4_096, LARGE_BYTES, 3, 65_536, LARGE_BYTES + 1, 0, 5];
      const sent = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
      for (const frame of sent) here.post(frame);
      await arrived(frames, sizes.length);
      expect(frames.map(({ byteLength }) => byteLength)).toEqual(sizes);
      for (const [at, frame] of frames.entries())
        expect(Buffer.compare(frame, sent[at] ?? NOTHING)).toBe(0);
    });

    test('takes a copy at once: the sender may write over its bytes', async () => {
      const frames = gather(there);
      const memory = Buffer.alloc(256);
      for (const id of upTo(100)) {
        memory.fill(id);
        here.post(memory.subarray(16, 16 + 1 + (id % 64)));
        memory.fill(0xff);
      }
      await arrived(frames, 100);
      expect(frames.map((frame) => [...frame])).toEqual(
        upTo(100).map((id) => new Array(1 + (id % 64)).fill(id)),
      );
    });

    test('gives the receiver bytes of its own, which later frames leave alone', async () => {
      const frames = gather(there);
      const large = new Uint8Array(300_000).fill(1);
      here.post(large);
      await arrived(frames, 1);
      for (let id = 2; id < 12; id++) here.post(new Uint8Array(300_000).fill(id));
      await arrived(frames, 11);
      expect(frames.map((frame) => new Set(frame).size)).toEqual(new Array(11).fill(1));
      frames[0]?.fill(9);
      expect(large[0]).toBe(1);
    });

    test('calls nobody within a call of post', async () => {
      const frames = gather(there);
      here.post(Uint8Array.of(1));
      expect(frames).toEqual([]);
      await arrived(frames, 1);
    });

    test('may be posted to from within a receiver', async () => {
      const answers = gather(here);
      there.onFrame(([id = 0]) => {
        there.post(Uint8Array.of(id + 1));
        there.post(Uint8Array.of(id + 2));
      });
      here.post(Uint8Array.of(10));
      here.post(Uint8Array.of(20));
      await arrived(answers, 4);
      expect(ids(answers)).toEqual([11, 12, 21, 22]);
    });

    test('keeps what comes before anybody receives', async () => {
      for (const id of upTo(20)) here.post(Uint8Array.of(id));
      await world.passing.pass(5);
      const frames = gather(there);
      here.post(Uint8Array.of(20));
      await arrived(frames, 21);
      expect(ids(frames)).toEqual(upTo(21));
    });

    test('has no backlog when everything has arrived', async () => {
      const frames = gather(there);
      expect(here.backlogBytes()).toBe(0);
      for (let each = 0; each < 5; each++) here.post(new Uint8Array(LARGE_BYTES));
      expect(here.backlogBytes()).toBeGreaterThanOrEqual(0);
      await arrived(frames, 5);
      await world.passing.until('the backlog is gone', () => here.backlogBytes() === 0);
      expect(there.backlogBytes()).toBe(0);
    });

    describe('close', () => {
      const ends: string[] = [];
      const listen = () => {
        ends.length = 0;
        here.onClose((reason) => ends.push(`here: ${typeof reason}`));
        there.onClose((reason) => ends.push(`there: ${typeof reason}`));
      };
      const told = (side: string) => ends.filter((end) => end.startsWith(side)).length;

      test('is told to the other side once, with a reason, in a later turn', async () => {
        gather(there);
        listen();
        here.close();
        expect(told('there')).toBe(0);
        await world.passing.until('it is told', () => told('there') > 0);
        await world.passing.pass(10);
        expect(ends.filter((end) => end.startsWith('there'))).toEqual(['there: string']);
      });

      test('is told to the side that closes too, once', async () => {
        gather(here);
        gather(there);
        listen();
        here.close();
        expect(ends).toEqual([]);
        await world.passing.until('both are told', () => ends.length >= 2);
        await world.passing.pass(10);
        expect([...ends].sort()).toEqual(['here: string', 'there: string']);
      });

      test('of both sides at once is told at most once to each', async () => {
        gather(here);
        gather(there);
        listen();
        here.close();
        there.close();
        here.close();
        await world.passing.pass(20);
        expect(told('here')).toBeLessThanOrEqual(1);
        expect(told('there')).toBeLessThanOrEqual(1);
      });

      test('comes after what was posted before it', async () => {
        const events: string[] = [];
        there.onFrame(([id]) => events.push(`frame ${id}`));
        there.onClose(() => events.push('closed'));
        here.post(Uint8Array.of(1));
        here.post(Uint8Array.of(2));
        here.close();
        await arrived(events, 3);
        expect(events).toEqual(['frame 1', 'frame 2', 'closed']);
      });

      test('ends it: whatever is posted then is lost, and nothing throws', async () => {
        const [atHere, atThere] = [gather(here), gather(there)];
        listen();
        here.close();
        here.post(Uint8Array.of(1));
        here.post(new Uint8Array(LARGE_BYTES));
        await world.passing.until('it is told', () => told('there') > 0);
        there.post(Uint8Array.of(2));
        there.post(new Uint8Array(LARGE_BYTES));
        there.close();
        here.close();
        await world.passing.pass(10);
        expect([ids(atHere), ids(atThere)]).toEqual([[], []]);
      });
    });
  });
}

const NOTHING = Buffer.from('nothing was sent');
