/**
 * `node scripts/redeploy-load.ts --nodes 3 --in-flight 8`: starts a group of nodes, keeps so many runs in flight while `skein redeploy`
 * replaces them all, prints its timeline and how the runs went. Ends with 1 when any run failed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLoad } from '../tests/support/run-load.ts';
import { finished, startSkein } from '../tests/support/skein-command.ts';
import { until } from '../tests/support/until.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
    'in-flight': { type: 'string', default: '8' },
  },
});
const dataDir = mkdtempSync(join(tmpdir(), 'skein-redeploy-'));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const up = startSkein(['up', '--nodes', values.nodes, '--threads', values.threads], dataDir);
const ended = finished(up);
let said = '';
up.stdout?.on('data', (chunk) => {
  said += chunk;
});
await until('the group is ready', () => said.includes('Ctrl-C ends them all'), 120_000);
say(said.split('\n').find((line) => line.includes('are ready after')) ?? '');

const load = startLoad(dataDir, Number(values['in-flight']));
await until('the load runs', () => load.count() > 50, 60_000);
const before = load.count();
const redeploy = startSkein(['redeploy', '--timeout', '120s'], dataDir);
redeploy.stdout?.pipe(process.stdout);
const { code, stderr } = await finished(redeploy);
const during = load.count() - before;
const after = load.count();
await until('the load goes on', () => load.count() > after + 50, 60_000);
const { runs, repeats, failed, elapsedMs } = await load.stop();

const at = (share: number): string => {
  const ms = elapsedMs[Math.min(elapsedMs.length - 1, Math.floor(elapsedMs.length * share))] ?? 0;
  return `${ms.toFixed(0)} ms`;
};
say(`runs: ${runs}, of them ${during} during the redeploy; failed: ${failed.length}`);
say(`steps tried again because the machine was busy: ${repeats}`);
say(`a run took: median ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`);
for (const { code: error, message } of failed.slice(0, 10)) say(`  ${error}: ${message}`);
up.kill('SIGINT');
await ended;
rmSync(dataDir, { recursive: true, force: true });
if (code !== 0) say(stderr);
process.exit(code === 0 && failed.length === 0 ? 0 : 1);
