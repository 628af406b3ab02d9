/** The baseline of the thread benchmarks: two bare workers and a channel between them, one postMessage a message. */
import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';

export interface Work {
  readonly kind: 'send' | 'many' | 'alone' | 'pace';
  readonly n: number;
  readonly lanes?: number;
}

/** @returns a function that lets the first worker do the work towards the second and gives what it reports. */
export async function startWorkers(): Promise<(work: Work) => Promise<unknown>> {
  const { port1, port2 } = new MessageChannel();
  const url = new URL('./post-message-worker.ts', import.meta.url);
  const [near, far] = [port1, port2].map(
    (port) => new Worker(url, { workerData: { port }, transferList: [port] }),
  ) as [Worker, Worker];
  await Promise.all([once(near, 'message'), once(far, 'message')]);
  return async (work) => {
    near.postMessage(work);
    const [report] = (await once(near, 'message')) as [unknown];
    return report;
  };
}
