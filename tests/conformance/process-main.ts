/** What runs in the child processes of the suite, real and simulated, each by its name. */

/** A child process as it sees itself. */
export interface Child {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: () => string;
  readonly onData: (receive: (bytes: Uint8Array) => void) => void;
  /** `flushed` is called when the bytes are on their way. */
  readonly write: (bytes: Uint8Array, flushed?: () => void) => void;
  readonly writeStderr: (text: string, flushed?: () => void) => void;
  readonly exit: (exitCode: number) => void;
}

const text = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export const PROCESS_MAINS: Readonly<Record<string, (child: Child) => void>> = {
  /** Sends back what comes, for ever. */
  echo: ({ onData, write }) => onData((bytes) => write(bytes)),
  /** Says who it is. */
  report: ({ args, env, cwd, write }) => write(text({ args, env, cwd: cwd() })),
  /** Ends with the first byte that comes as its exit code. */
  exitWith: ({ onData, exit }) => onData(([exitCode = 0]) => exit(exitCode)),
  /** Writes a million bytes and ends. */
  shout: ({ write, exit }) => write(new Uint8Array(1_000_000).fill(7), () => exit(3)),
  /** Complains in two pieces and ends. */
  complain: ({ writeStderr, exit }) =>
    writeStderr('it ', () => writeStderr('is broken\n', () => exit(1))),
  /** Says that it is there, and never reads. */
  deaf: ({ write }) => write(Uint8Array.of(1)),
  /** Says that it is there, and does nothing else for ever. */
  spin: ({ write }) =>
    write(Uint8Array.of(1), () => {
      for (;;);
    }),
};
