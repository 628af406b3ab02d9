/** How commands speak: answers on stdout, everything else on stderr, one exit code for each kind of end. */
import { ERROR_TABLE, type SkeinError } from '../contracts/index.ts';
import { printable } from '../telemetry/index.ts';

export interface GlobalOptions {
  readonly json: boolean;
  readonly data: string;
}

/** The same data, with escapes for the characters that JSON leaves bare and a terminal obeys. */
export const printJson = (value: unknown): void => {
  process.stdout.write(`${(JSON.stringify(value) ?? 'null').replace(BARE, printable)}\n`);
};
const BARE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** What a skill gave: to a terminal as any line, to a file or a program as it is. */
export const printValue = (text: string): void =>
  process.stdout.isTTY ? printLine(text) : void process.stdout.write(`${text}\n`);
/** Of what skills, packages and other nodes wrote in it nothing reaches the terminal as a command, but the colours that `paint` gives. */
export const printLine = (text = ''): void => {
  process.stdout.write(`${terminalText(text)}\n`);
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: the one sequence that is let through
const KEPT = /(\u001b\[\d{1,2}m|[\n\t])/;
export const terminalText = (text: string): string =>
  text
    .split(KEPT)
    .map((part, at) => (at % 2 === 0 ? printable(part) : part))
    .join('');

const NOBODY_READS: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/** Who reads may leave first, as in `skein doctor | head -3`: the command goes on to its end, and what it started is put away. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!NOBODY_READS.has(error.code)) throw error;
    });
}

/** Says what went wrong and what to do. @returns the exit code. */
export function reportError(error: SkeinError, json: boolean): number {
  const { advice, exitCode } = ERROR_TABLE[error.code];
  if (json) printJson({ ok: false, error });
  else process.stderr.write(`error ${error.code}: ${printable(error.message)}\n  ${advice}\n`);
  return exitCode;
}

const isColourful = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code: number) => (text: string) =>
  isColourful ? `\u001b[${code}m${text}\u001b[0m` : text;
export const green = paint(32);
export const red = paint(31);
export const dim = paint(2);
export const bold = paint(1);

export const milliseconds = (ms: number): string =>
  ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
