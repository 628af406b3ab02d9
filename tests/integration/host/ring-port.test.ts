import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { type RingEnd, ringEnds, ringPort } from '../../../src/host/ring-port.ts';
import { until } from '../../support/until.ts';

const MIB = 1024 * 1024;

function twoPorts() {
  const { port1, port2 } = new MessageChannel();
  const [here, there] = ringEnds(port1, port2);
  return { here: ringPort(here), there: ringPort(there) };
}

describe('a ring port', () => {
  it('keeps the order of small and large frames, and of those that find the ring full', async () => {
    const { here, there } = twoPorts();
    const got: [number, number][] = [];
    const sizes = Array.from({ length: 400 }, (_, i) =>
      i % 9 === 0 ? 600_000 : (i * 7_919) % 60_000,
    );
    // One memory for all, as a link has it. The port takes copies: what happens to the bytes later is nobody's concern.
    const memory = Buffer.alloc(1_000_000);
    for (const [index, size] of sizes.entries()) {
      const frame = memory.subarray(0, 4 + size);
      frame.writeUInt32BE(index);
      here.post(frame);
      frame.fill(0xff);
    }
    expect(here.backlogBytes()).toBeGreaterThan(MIB);
    there.onFrame((frame) =>
      got.push([new DataView(frame.buffer, frame.byteOffset).getUint32(0), frame.byteLength - 4]),
    );
    await until('all frames have come', () => got.length === sizes.length);
    expect(got).toEqual(sizes.map((size, index) => [index, size]));
    expect(here.backlogBytes()).toBe(0);
    here.close();
  });

  it('answers both ways, and tells the other side of its end after what was posted', async () => {
    const { here, there } = twoPorts();
    const events: string[] = [];
    here.onFrame((frame) => events.push(`here ${frame[0]}`));
    there.onFrame((frame) => {
      events.push(`there ${frame[0]}`);
      there.post(Uint8Array.of((frame[0] ?? 0) + 1));
    });
    there.onClose(() => events.push('there closed'));
    here.post(Uint8Array.of(1));
    await until('the answer has come', () => events.includes('here 2'));
    here.post(Uint8Array.of(5));
    here.close();
    await until('the end is known', () => events.includes('there closed'));
    expect(events).toEqual(['there 1', 'here 2', 'there 5', 'there closed']);
    here.post(Uint8Array.of(9));
  });

  it('has every whole frame, none torn, when the other side is killed in the middle of writing', async () => {
    for (let round = 0; round < 5; round++) {
      const { port1, port2 } = new MessageChannel();
      const [here, there] = ringEnds(port1, port2);
      const port = ringPort(here);
      let frames = 0;
      let closed = false;
      port.onFrame((frame) => {
        const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
        expect(view.getUint32(0)).toBe(frames++);
        expect(view.getUint32(frame.byteLength - 4)).toBe(view.getUint32(0));
      });
      port.onClose(() => {
        closed = true;
      });
      const worker = startWriter(there);
      await until('frames come', () => frames > 1_000 * round);
      await worker.terminate();
      await until('the end is known', () => closed);
    }
  });
});

/** Writes numbered frames of many sizes, as fast as there is room, until it is ended. */
function startWriter(end: RingEnd): Worker {
  const ringModule = new URL('../../../src/host/ring-port.ts', import.meta.url).href;
  const source = `
    const { workerData: end } = require('node:worker_threads');
    import(${JSON.stringify(ringModule)}).then(({ ringPort }) => {
      const port = ringPort(end);
      let number = 0;
      const write = () => {
        for (let i = 0; i < 50 && port.backlogBytes() < 100000; i++) {
          const frame = new Uint8Array(8 + (number * 97) % 3000);
          const view = new DataView(frame.buffer);
          view.setUint32(0, number);
          view.setUint32(frame.byteLength - 4, number++);
          port.post(frame);
        }
        setImmediate(write);
      };
      write();
    });`;
  return new Worker(source, { eval: true, workerData: end, transferList: [end.port] });
}
