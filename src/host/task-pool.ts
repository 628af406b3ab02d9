/** Tasks on worker threads of this machine, by Piscina: each is one call of the module's default export, and plain data both ways. */
import { Piscina } from 'piscina';

export interface TaskPool<I, O> {
  /** Rejects with what the task threw. */
  readonly run: (input: I) => Promise<O>;
  readonly close: () => Promise<void>;
}

export function taskPool<I, O>(moduleUrl: string, threads: number): TaskPool<I, O> {
  const pool = new Piscina({
    filename: moduleUrl,
    minThreads: threads,
    maxThreads: threads,
    atomics: 'disabled',
    recordTiming: false,
  });
  return {
    run: (input) => pool.run(input) as Promise<O>,
    close: () => pool.close(),
  };
}
