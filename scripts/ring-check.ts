/**
 * `npm run soak:ring`: ten million frames (`--frames`) through one ring between two threads. The writer pauses now and then, so
 * that the reader falls asleep and has to be woken; the counters go round 2^32 on the way. Prints one JSON object: frames,
 * bytes, how often the counters went round, pauses, and violations (a frame torn, lost, repeated or out of order, or a wake-up
 * that never came); exit 1 for any.
 */
import { parseArgs } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { frameSize } from '../bench/soak/ring-frames.ts';
import { ringEnds, ringPort } from '../src/host/ring-port.ts';

const { values } = parseArgs({ options: { frames: { type: 'string', default: '1e7' } } });
const frames = Number(values.frames);
const BURST = 2_000;
const PAUSE_EVERY = 20;
const LOST_MS = 30_000;
const BACKLOG_BYTES_MAX = 4 * 2 ** 20;

const { port1, port2 } = new MessageChannel();
const [here, there] = ringEnds(port1, port2);
const worker = new Worker(new URL('../bench/soak/ring-worker.ts', import.meta.url), {
  workerData: { end: there, frames },
  transferList: [port2],
});
const port = ringPort(here);
const reported = new Promise<{ received: number; violations: number }>((resolve) => {
  port.onFrame((frame) => {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    resolve({ received: view.getFloat64(0), violations: view.getFloat64(8) });
  });
});

const memory = Buffer.alloc(2_048);
let bytes = 0;
let pauses = 0;
for (let sent = 0, burst = 1; sent < frames; burst++) {
  for (let each = 0; each < BURST && sent < frames; each++, sent++) {
    const size = frameSize(sent);
    memory.writeDoubleBE(sent, 0);
    memory.writeDoubleBE(sent, size - 8);
    port.post(memory.subarray(0, size));
    bytes += size;
  }
  const isPause = burst % PAUSE_EVERY === 0;
  if (isPause) pauses++;
  await new Promise((resolve) => (isPause ? setTimeout(resolve, 1) : setImmediate(resolve)));
  while (port.backlogBytes() > BACKLOG_BYTES_MAX)
    await new Promise((resolve) => setImmediate(resolve));
  if (burst % 500 === 0) process.stderr.write(`${(sent / 1e6).toFixed(1)} M frames\n`);
}
const lost = new Promise<undefined>((resolve) => setTimeout(resolve, LOST_MS, undefined));
const report = await Promise.race([reported, lost]);
const violations = report === undefined ? 1 : report.violations;
const wraps = Math.floor(bytes / 2 ** 32);
process.stdout.write(`${JSON.stringify({ frames, bytes, wraps, pauses, violations })}\n`);
await worker.terminate();
process.exit(violations === 0 ? 0 : 1);
