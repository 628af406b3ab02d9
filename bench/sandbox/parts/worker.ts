/** A bare worker thread that adds: no isolation but the thread's. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { INPUT } from './skein.ts';

const BODY = `
const { parentPort } = require('node:worker_threads');
const handler = async (input) => ({ sum: input.a + input.b });
parentPort.on('message', async (input) => {
  if (input.spin) { parentPort.postMessage(0); for (;;); }
  parentPort.postMessage(await handler(input));
});`;

export interface BareWorker {
  readonly call: () => Promise<void>;
  /** Settles when the worker is in an endless loop. */
  readonly spin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export function bareWorker(): BareWorker {
  const worker = new Worker(BODY, { eval: true });
  const ask = async (message: object): Promise<void> => {
    worker.postMessage(message);
    await once(worker, 'message');
  };
  return {
    call: () => ask(INPUT),
    spin: () => ask({ spin: true }),
    end: async () => {
      await worker.terminate();
    },
  };
}
