/** What Piscina runs on a worker thread: beats the heart, then hands over to the thread's main module until that is done. */
import type { MessagePort } from 'node:worker_threads';
import type { FramePort, Ports, Streams } from '../contracts/index.ts';
import { realClock } from './clock.ts';
import { framePort } from './frame-port.ts';
import { realRandom } from './random.ts';
import { ringPort } from './ring-port.ts';
import { realStreams } from './streams.ts';
import { realTimers } from './timers.ts';

export interface ThreadTask {
  readonly name: string;
  readonly main: string;
  readonly boot: unknown;
  readonly control: MessagePort;
  readonly beats: Int32Array;
}

export interface ThreadStart {
  readonly boot: unknown;
  readonly ports: Ports;
  readonly streams: Streams;
  readonly control: FramePort;
  /** Called with each peer thread that this one is connected to. */
  readonly onPeer: (receive: (peer: string, port: FramePort) => void) => void;
}

/** The default export of a thread's main module. The thread ends when the promise settles. */
export type ThreadMain = (start: ThreadStart) => Promise<void>;

const HEARTBEAT_MS = 250;

export default async function runThread(task: ThreadTask): Promise<void> {
  const heart = setInterval(() => Atomics.add(task.beats, 0, 1), HEARTBEAT_MS);
  heart.unref();
  const control = framePort(task.control);
  const module = (await import(task.main)) as { readonly default: ThreadMain };
  try {
    await module.default({
      boot: task.boot,
      ports: { clock: realClock, timers: realTimers, random: realRandom },
      streams: realStreams,
      control: control.port,
      onPeer: (receive) => control.onPeer(({ peer, end }) => receive(peer, ringPort(end))),
    });
  } finally {
    clearInterval(heart);
  }
}
