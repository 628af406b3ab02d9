/** The reading side of the ring check: every frame must come whole, once and in order. Tells its count when asked, and at the end. */
import { workerData } from 'node:worker_threads';
import { type RingEnd, ringPort } from '../../src/host/ring-port.ts';
import { frameSize } from './ring-frames.ts';

const { end, frames } = workerData as { readonly end: RingEnd; readonly frames: number };
const port = ringPort(end);
let next = 0;
let violations = 0;
port.onFrame((frame) => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const isWhole =
    frame.byteLength === frameSize(next) &&
    view.getFloat64(0) === next &&
    view.getFloat64(frame.byteLength - 8) === next;
  if (!isWhole) violations++;
  next++;
  if (next !== frames) return;
  const report = new Uint8Array(16);
  new DataView(report.buffer).setFloat64(0, next);
  new DataView(report.buffer).setFloat64(8, violations);
  port.post(report);
});
