/** Runs one of the mains as a real child process: `node process-child.ts <name> [argument ...]`. */
import { Socket } from 'node:net';
import { PROCESS_MAINS } from './process-main.ts';

const [, , name = '', ...args] = process.argv;
const pipe = new Socket({ fd: 3, readable: true, writable: true });
pipe.on('error', () => process.exit(9));
// A pipe that nobody listens to would let the process end.
const stayAlive = setInterval(() => undefined, 60_000);

PROCESS_MAINS[name]?.({
  args,
  env: process.env,
  cwd: () => process.cwd(),
  onData: (receive) => {
    pipe.on('data', receive);
  },
  write: (bytes, flushed) => void pipe.write(bytes, () => flushed?.()),
  writeStderr: (text, flushed) => void process.stderr.write(text, () => flushed?.()),
  exit: (exitCode) => {
    clearInterval(stayAlive);
    process.exit(exitCode);
  },
});
