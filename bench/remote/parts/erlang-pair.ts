/** Erlang's distribution between two nodes with one scheduler each, timed inside Erlang (`remote.erl`). */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('./erlang-remote.escript', import.meta.url));
const LIMIT_MS = 25_000;

/** What the script found, as it printed it. The port mapper that Erlang starts is ended again, unless it ran before. */
export function erlangPair<T>(what: 'tell' | 'ask' | 'alone', number: number): T {
  const ranBefore = spawnSync('epmd', ['-names']).status === 0;
  try {
    const { error, status, stdout, stderr } = spawnSync('escript', [SCRIPT, what, String(number)], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
      // The port mapper, like the nodes, listens on the loopback interface alone.
      env: { ...process.env, ERL_EPMD_ADDRESS: '127.0.0.1' },
    });
    if (error) throw error;
    if (status !== 0) throw new Error(stderr || stdout);
    return JSON.parse(stdout) as T;
  } finally {
    if (!ranBefore) spawnSync('epmd', ['-kill']);
  }
}
