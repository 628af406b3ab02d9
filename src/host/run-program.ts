/** Runs a program to its end and gives what it printed: for tools of an author's machine. No shell; bounded in time and output. */
import { spawn } from 'node:child_process';
import { reasonOf } from '../contracts/index.ts';

export interface ProgramRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly timeoutMs: number;
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends it, and all that it started, at once. */
  readonly signal?: AbortSignal;
}

export interface ProgramEnd {
  /** Null: it did not start, or was ended. */
  readonly exitCode: number | null;
  /** Of stdout; at most 1 MiB. */
  readonly output: string;
  readonly fault?: string;
}

const OUTPUT_BYTES_MAX = 1024 * 1024;

/** Never rejects. */
export function runProgram({
  file,
  args,
  cwd,
  timeoutMs,
  env = {},
  signal,
}: ProgramRun): Promise<ProgramEnd> {
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>();
  // A group of its own: what it started in turn is ended with it.
  const child = spawn(file, [...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
    // Set inside a run of tests, and would make tests that are started think that they are part of it.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
  });
  let output = '';
  let fault: string | undefined;
  const kill = (reason: string): void => {
    fault ??= reason;
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  };
  const stop = (): void => kill('it was stopped');
  const timer = setTimeout(() => kill(`it took over ${timeoutMs} ms`), timeoutMs);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop);
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    if (output.length + text.length > OUTPUT_BYTES_MAX) kill('it prints too much');
    else output += text;
  });
  const end = (exitCode: number | null): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    resolve({ exitCode: fault ? null : exitCode, output, ...(fault ? { fault } : {}) });
  };
  child.once('error', (thrown) => {
    fault ??= reasonOf(thrown);
    end(null);
  });
  child.once('close', end);
  return promise;
}
