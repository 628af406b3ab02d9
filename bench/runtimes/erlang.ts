/** Erlang with one scheduler: the same benchmarks in `erlang.escript`, timed inside Erlang. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RateOptions } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';

const SCRIPT = fileURLToPath(new URL('./erlang.escript', import.meta.url));
const LIMIT_MS = 25_000;

export async function erlang(metric: string, options: RateOptions): Promise<Measured> {
  const { step = 1, scale = 1, nMax = 1e8 } = options;
  const { error, status, stdout, stderr } = spawnSync(
    'escript',
    [SCRIPT, metric.replaceAll(/[ ,-]+/g, '_'), String(step), String(nMax)],
    { encoding: 'utf8', timeout: LIMIT_MS, killSignal: 'SIGKILL' },
  );
  if (error) throw error;
  if (status !== 0) throw new Error(stderr || stdout);
  const { value, n } = JSON.parse(stdout) as Measured;
  return { value: value / scale, n };
}
