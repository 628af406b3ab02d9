/** One life of a node process, seen from its group: what it says, and how it is asked, then made, to end. */
import type { ProcessExit, ProcessHandle, SkeinError, Timers } from '../../contracts/index.ts';
import { type FromNode, lineOf, readFromNode, type ToNode } from './group-lines.ts';

/** Kept of what the process wrote to stderr last. */
const STDERR_BYTES = 4_096;

export interface NodeProcessParts {
  readonly handle: ProcessHandle;
  readonly timers: Timers;
  readonly onMessage: (message: FromNode) => void;
  readonly onStderr: (text: string) => void;
}

export class NodeProcess {
  /** Settles when the process is gone. */
  readonly gone: Promise<ProcessExit>;
  readonly #parts: NodeProcessParts;
  #stderr = '';
  #error: SkeinError | undefined;
  #isGone = false;

  constructor(parts: NodeProcessParts) {
    this.#parts = parts;
    const { handle, onMessage, onStderr } = parts;
    const read = readFromNode((message) => {
      if (message.kind === 'failed') this.#error = message.error;
      onMessage(message);
    });
    handle.onData((bytes) => {
      // Whoever speaks another language is no node of this group.
      if (!read(bytes)) handle.kill();
    });
    handle.onStderr((bytes) => {
      const text = Buffer.from(bytes).toString('utf8');
      this.#stderr = (this.#stderr + text).slice(-STDERR_BYTES);
      onStderr(text);
    });
    this.gone = new Promise((resolve) =>
      handle.onExit((exit) => {
        this.#isGone = true;
        resolve(exit);
      }),
    );
  }

  get pid(): number | undefined {
    return this.#isGone ? undefined : this.#parts.handle.pid;
  }

  /** @returns false when the process is gone. */
  say(message: ToNode): boolean {
    return this.#parts.handle.write(lineOf(message));
  }

  /** Why it could not start, as it said itself. */
  get error(): SkeinError | undefined {
    return this.#error;
  }

  /** The last that it wrote to stderr, for the reason of its end. */
  get lastWords(): string {
    return this.#stderr.trim().split('\n').at(-1)?.slice(0, 500) ?? '';
  }

  /** Asks it to end in order and, when it has not by then, kills it. */
  async stop(deadlineMs: number): Promise<ProcessExit> {
    const { handle, timers } = this.#parts;
    if (!this.say({ kind: 'stop' })) handle.kill();
    const deadline = timers.after(deadlineMs, () => handle.kill());
    const exit = await this.gone;
    deadline.cancel();
    return exit;
  }

  kill(): void {
    this.#parts.handle.kill();
  }
}
