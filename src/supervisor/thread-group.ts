/**
 * The worker threads of a node and the mesh of links between them. It starts and ends threads and tells everyone of a loss;
 * whether a lost thread is started again is the decision of a supervisor (`thread-keeper.ts`).
 */
import {
  describeThreadExit,
  MAIN_THREAD,
  type NodeId,
  type Ports,
  type ThreadExit,
  type ThreadHandle,
  type ThreadName,
  type Threads,
} from '../contracts/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import type { LogLevel, SpanRecord } from '../telemetry/index.ts';
import { WIRE_VERSION } from '../transport/index.ts';
import type { ClusterOptions } from './join-cluster.ts';
import {
  type FromThread,
  onControl,
  postControl,
  type ThreadBoot,
  type ThreadReport,
} from './thread-control.ts';

export interface ThreadGroupOptions {
  readonly node: NodeId;
  readonly threads: Threads;
  readonly ports: Ports;
  readonly log: { readonly level: LogLevel; readonly format: 'json' | 'plain' };
  readonly heapMiB: number;
  /** What a thread's epochs count from; default 0. */
  readonly firstEpoch?: number;
  /** The threads join this cluster, each by a connection of its own. */
  readonly cluster?: ClusterOptions;
  readonly onSpans: (spans: readonly SpanRecord[]) => void;
}

interface Running {
  readonly handle: ThreadHandle;
  /** Questions to the thread that wait for its answer, by their number. */
  readonly questions: Map<number, (report?: ThreadReport) => void>;
}

/** How long a thread may take to hand over spans or counts before they are shown without its own. */
const ANSWER_MS = 500;

export class ThreadGroup {
  readonly #options: ThreadGroupOptions;
  readonly #running = new Map<ThreadName, Running>();
  readonly #epochs = new Map<ThreadName, number>();
  #system: ActorSystem | undefined;
  #asked = 0;

  constructor(options: ThreadGroupOptions) {
    this.#options = options;
  }

  /** The main thread's system, which every worker is linked to. Set once, before the first `start`. */
  attach(system: ActorSystem): void {
    this.#system = system;
  }

  get names(): readonly ThreadName[] {
    return [...this.#running.keys()];
  }

  /** Which life of the thread this is, from 1. */
  epochOf(name: ThreadName): number {
    return this.#epochs.get(name) ?? 0;
  }

  heartbeats(name: ThreadName): number {
    return this.#running.get(name)?.handle.heartbeats() ?? 0;
  }

  /** Starts a thread and links it to all others. Rejects when it ends before it is ready. `onExit` fires once after that. */
  async start(name: ThreadName, onExit: (exit: ThreadExit) => void): Promise<void> {
    const { node, threads, log, heapMiB, firstEpoch = 0, cluster = null } = this.#options;
    const life = this.epochOf(name) + 1;
    this.#epochs.set(name, life);
    const epoch = firstEpoch + life;
    const boot: ThreadBoot = { node, thread: name, epoch, wireVersion: WIRE_VERSION, log, cluster };
    const handle = threads.start({ name, boot, heapMiB });
    const running: Running = { handle, questions: new Map() };
    const ready = new Promise<void>((resolve) => {
      onControl<FromThread>(handle.control, (message) => this.#receive(running, message, resolve));
    });
    this.#running.set(name, running);
    this.#linkAll(name, handle);
    let isReady = false;
    const failedStart = handle.exited.then((exit) => {
      this.#lost(name, running, exit);
      if (isReady) return onExit(exit);
      throw new Error(`the thread ${describeThreadExit(exit)} before it was ready`);
    });
    await Promise.race([ready, failedStart]);
    isReady = true;
  }

  /** Lets the thread drain for `drainMs`, then ends it in any case. */
  async stop(name: ThreadName, drainMs: number): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    postControl(running.handle.control, { kind: 'shut-down', drainMs });
    const end = this.#options.ports.timers.after(drainMs * 2 + ANSWER_MS, () =>
      running.handle.terminate({ kind: 'stopped' }),
    );
    await running.handle.exited;
    end.cancel();
  }

  terminate(name: ThreadName, reason: ThreadExit): void {
    this.#running.get(name)?.handle.terminate(reason);
  }

  /** Settles when every thread has handed over the spans it had when this was called. */
  async flushSpans(): Promise<void> {
    await this.#askAll('flush-spans');
  }

  /** What each thread has counted since its start, and its links; a thread that does not answer in time is missing. */
  async reports(): Promise<ReadonlyMap<ThreadName, ThreadReport>> {
    const answers = await this.#askAll('report');
    return new Map([...answers].filter((each): each is [ThreadName, ThreadReport] => !!each[1]));
  }

  async #askAll(
    kind: 'flush-spans' | 'report',
  ): Promise<ReadonlyMap<ThreadName, ThreadReport | undefined>> {
    const id = ++this.#asked;
    const answers = new Map<ThreadName, ThreadReport | undefined>();
    const waits = [...this.#running].map(([name, { handle, questions }]) => {
      const { promise, resolve } = Promise.withResolvers<ThreadReport | undefined>();
      questions.set(id, resolve);
      postControl(handle.control, { kind, id });
      void handle.exited.then(() => resolve(undefined));
      return promise.then((report) => {
        questions.delete(id);
        answers.set(name, report);
      });
    });
    const { promise: isLate, resolve: late } = Promise.withResolvers<void>();
    const timer = this.#options.ports.timers.after(ANSWER_MS, late);
    await Promise.race([Promise.all(waits), isLate]);
    timer.cancel();
    return answers;
  }

  async close(): Promise<void> {
    await this.#options.threads.close();
  }

  #receive(running: Running, message: FromThread, ready: () => void): void {
    switch (message.kind) {
      case 'ready':
        return ready();
      case 'spans':
        return this.#options.onSpans(message.spans);
      case 'spans-flushed':
        return running.questions.get(message.id)?.();
      case 'report':
        return running.questions.get(message.id)?.(message.report);
    }
  }

  #linkAll(name: ThreadName, handle: ThreadHandle): void {
    const { threads } = this.#options;
    const [mainEnd, workerEnd] = threads.channel();
    handle.connect(MAIN_THREAD, workerEnd);
    this.#system?.remote.connect(name, threads.open(mainEnd));
    for (const [peer, { handle: other }] of this.#running) {
      if (peer === name) continue;
      const [here, there] = threads.channel();
      handle.connect(peer, here);
      other.connect(name, there);
    }
  }

  #lost(name: ThreadName, running: Running, exit: ThreadExit): void {
    if (this.#running.get(name) !== running) return;
    this.#running.delete(name);
    const reason = { kind: 'thread', thread: name, exit } as const;
    const text = describeThreadExit(exit);
    this.#system?.threadLost(name, reason, text);
    for (const { handle } of this.#running.values()) {
      postControl(handle.control, { kind: 'thread-lost', thread: name, reason, text });
    }
  }
}
