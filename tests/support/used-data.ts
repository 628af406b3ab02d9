/** A data directory as a real node leaves it that was in a cluster, ran a skill, registered one and kept state. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SkillPackage } from '../../src/contracts/index.ts';
import { realPorts } from '../../src/host/index.ts';
import { type SkeinNode, startNode, writeOperatorReport } from '../../src/runtime/index.ts';
import { packageOf } from '../../src/skills/index.ts';
import { dialNats } from '../../src/transport/index.ts';
import { valueIn } from '../conformance/journal-suite.ts';
import { openTestState } from './jetstream.ts';
import { recordingLog } from './systems.ts';
import { until } from './until.ts';

const own: SkillPackage = packageOf(
  { name: 'own', version: '1.0.0', description: 'x', input: true, output: true },
  'export default () => 1',
);

export async function tempFolder(): Promise<{
  readonly path: string;
  readonly remove: () => Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), 'skein-data-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export const beginNode = async (dataDir: string): Promise<SkeinNode> =>
  valueIn(await startNode({ dataDir, threads: 1, warmHosts: 1, cluster: { name: 'used' } }));

/** Does a little of everything that leaves something on the disk. */
export async function use(node: SkeinNode, dataDir: string): Promise<void> {
  valueIn(await node.register(own));
  const outcome = await node.execute({
    target: { kind: 'skill', skill: 'hello' },
    input: { name: 'world' },
  });
  if (!outcome.ok) throw new Error(outcome.error.message);
  const { cluster } = await node.status();
  const access = { url: cluster?.nats ?? '', credsFile: cluster?.natsCredsFile ?? '' };
  const nats = valueIn(await dialNats({ ...access, name: 'use', log: recordingLog().log }));
  const state = await openTestState(nats, 'used', { cluster: 'used' });
  for (let each = 0; each < 20; each++) valueIn(await state.create(`key.${each}`, each));
  let isCaughtUp = false;
  const stop = valueIn(
    state.watch('', ({ kind }) => {
      isCaughtUp ||= kind === 'caught-up';
    }),
  );
  await until('the watch has seen all', () => isCaughtUp);
  const startedAtMs = realPorts.clock.wallMs();
  const report = { command: 'up', startedAtMs, elapsedMs: 1, phases: [], facts: null } as const;
  valueIn(await writeOperatorReport(dataDir, { ...report, phases: [], outcome: 'done' }));
  stop();
  await nats.close();
}
