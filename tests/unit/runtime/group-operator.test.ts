import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/host/index.ts';
import { GroupOperator, type RunningGroup } from '../../../src/runtime/index.ts';
import type { RolloutStep } from '../../../src/supervisor/index.ts';
import { settingsOf, simulatedGroup } from '../../support/simulated-group.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-operator-'));
const file = join(folder, 'cluster.yaml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NODES = [
  { ...settingsOf('workers-1'), group: 'workers' },
  { ...settingsOf('workers-2'), group: 'workers' },
  { ...settingsOf('edge-1'), group: 'edge' },
];
const yaml = (zone: string, count = 2): string => `cluster: shop
groups:
  - { name: workers, count: ${count}, labels: { zone: ${zone} } }
  - { name: edge, count: 1, labels: { zone: ${zone} } }
`;

async function operated() {
  const world = simulatedGroup([], { nodes: NODES });
  await world.settled(world.group.ready());
  const { clock, timers } = world.time;
  const group: RunningGroup = {
    supervisor: world.group,
    cluster: 'shop',
    nats: 'nats://127.0.0.1:4222',
    dataDir: '/data',
    ports: { clock, timers, random: seededRandom('operator') },
    settingsOf: (wanted) => ({ ...wanted, dataDir: `/data/${wanted.name}` }),
    stop: () => world.group.stop(),
  };
  const operator = new GroupOperator(group, '0.1.0');
  const steps: RolloutStep[] = [];
  /** Files are read in real time, nodes live in virtual time. */
  const redeploy = async (request: { readonly group?: string; readonly file?: string }) => {
    let over: Awaited<ReturnType<GroupOperator['redeploy']>> | undefined;
    const wanted = { timeoutMs: 5_000, ...request };
    void operator
      .redeploy(wanted, (step) => steps.push(step))
      .then((result) => {
        over = result;
      });
    while (!over) {
      await new Promise(setImmediate);
      await world.time.advance(10);
    }
    return over;
  };
  const labels = () => world.group.nodes().map((node) => node.labels.zone);
  return { ...world, operator, redeploy, steps, labels };
}

describe('the operator of a group', () => {
  it('gives the nodes that run the settings of a file, one after the other', async () => {
    const { redeploy, labels, operator } = await operated();
    writeFileSync(file, yaml('b'));
    const names = NODES.map(({ name }) => name);
    expect(await redeploy({ file })).toMatchObject({ ok: true, value: { replaced: names } });
    expect(labels()).toEqual(['b', 'b', 'b']);
    expect(operator.status()).toMatchObject({ cluster: 'shop', isRedeploying: false });
  });

  it('replaces the nodes of one group alone', async () => {
    const { redeploy, labels } = await operated();
    writeFileSync(file, yaml('c'));
    expect(await redeploy({ file, group: 'edge' })).toMatchObject({
      value: { replaced: ['edge-1'] },
    });
    expect(labels()).toEqual([undefined, undefined, 'c']);
    expect(await redeploy({ group: 'workers' })).toMatchObject({
      value: { replaced: ['workers-1', 'workers-2'] },
    });
  });

  it.each([
    ['that names other nodes', yaml('b', 3), {}, 'CONFIG_INVALID'],
    ['that is wrong', yaml('"a b"'), {}, 'CONFIG_INVALID'],
    ['with a group that there is not', yaml('b'), { group: 'no' }, 'ARGUMENT_INVALID'],
  ])('touches no node for a file %s', async (_what, text, more, code) => {
    const { redeploy, steps, states } = await operated();
    const before = states();
    writeFileSync(file, text);
    expect(await redeploy({ file, ...more })).toMatchObject({ ok: false, error: { code } });
    expect({ steps, states: states() }).toEqual({ steps: [], states: before });
  });

  it('lets one redeploy be under way, and no drain beside it', async () => {
    const { operator, settled } = await operated();
    const nothing = () => undefined;
    const first = operator.redeploy({ timeoutMs: 5_000 }, nothing);
    expect(operator.status().isRedeploying).toBe(true);
    const busy = { error: { code: 'OVERLOADED', retryable: true } };
    expect(await operator.redeploy({ timeoutMs: 5_000 }, nothing)).toMatchObject(busy);
    expect(await operator.drain('edge-1', 1_000)).toMatchObject(busy);
    expect(operator.resume('edge-1')).toMatchObject(busy);
    expect(await settled(first)).toMatchObject({ ok: true });
    expect(await settled(operator.drain('edge-1', 1_000))).toMatchObject({ ok: true });
  });
});
