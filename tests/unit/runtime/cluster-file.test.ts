import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parseLabels, readClusterFile } from '../../../src/runtime/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-cluster-'));
const file = join(folder, 'cluster.yaml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string) => {
  writeFileSync(file, text);
  return readClusterFile(file, '0.1.0');
};

const GOOD = `cluster: shop
nats: nats://127.0.0.1:4222
groups:
  - name: workers
    count: 2
    threads: 3
    labels: { zone: a }
    limits: { slotsPerThread: 8, policy: policy.yaml }
    version: ">=0.1 <0.2"
  - name: edge
    count: 1
`;

describe('cluster.yaml', () => {
  it('names the nodes of each group, with defaults filled in and files found beside it', async () => {
    writeFileSync(join(folder, 'policy.yaml'), 'name: tight\n');
    expect(await read(GOOD)).toEqual({
      ok: true,
      value: {
        cluster: 'shop',
        natsUrl: 'nats://127.0.0.1:4222',
        nodes: [
          ...['workers-1', 'workers-2'].map((name) => ({
            name,
            group: 'workers',
            threads: 3,
            labels: { zone: 'a' },
            limits: { slotsPerThread: 8, policy: join(folder, 'policy.yaml') },
          })),
          { name: 'edge-1', group: 'edge', threads: 2, labels: {}, limits: {} },
        ],
      },
    });
  });

  const group = (more: string): string => `cluster: shop\ngroups:\n  - name: a\n    ${more}\n`;
  it.each([
    ['no YAML', 'cluster: [', '/', 1],
    ['nothing', '', '/', undefined],
    ['an unknown field', `${GOOD}size: 3\n`, '/size', 12],
    ['no groups', 'cluster: shop\n', '/', 1],
    ['an empty list of groups', 'cluster: shop\ngroups: []\n', '/groups', 2],
    ['a cluster name with a dot', GOOD.replace('shop', 'shop.eu'), '/cluster', 1],
    ['a URL of another kind', GOOD.replace('nats://', 'http://'), '/nats', 2],
    ['a group name in capitals', GOOD.replace('edge', 'Edge'), '/groups/1/name', 10],
    ['two groups of one name', GOOD.replace('edge', 'workers'), '/groups/1/name', 10],
    ['no count', group('threads: 1'), '/groups/0', 3],
    ['a count of none', group('count: 0'), '/groups/0/count', 4],
    ['half a node', group('count: 1.5'), '/groups/0/count', 4],
    ['too many nodes in all', GOOD.replace('count: 1', 'count: 99'), '/groups/1/count', 11],
    ['too many threads', group('count: 1\n    threads: 17'), '/groups/0/threads', 5],
    ['a label of no text', group('count: 1\n    labels: { zone: 1 }'), '/groups/0/labels/zone', 5],
    ['a label with a space', group('count: 1\n    labels: { zone: "a b" }'), '/groups/0/labels', 5],
    ['an unknown limit', group('count: 1\n    limits: { ram: 1 }'), '/groups/0/limits/ram', 5],
    ['a version that is no range', group('count: 1\n    version: new'), '/groups/0/version', 5],
    ['a version that is not this', group('count: 1\n    version: ^2'), '/groups/0/version', 5],
  ])('with %s is refused at its place', async (_what, text, pointer, line) => {
    const refused = await read(text);
    expect(refused).toMatchObject({
      ok: false,
      error: { code: 'CONFIG_INVALID', details: { file, found: expect.any(String) } },
    });
    if (refused.ok || refused.error.code !== 'CONFIG_INVALID') return;
    const { details } = refused.error as { details: { pointer?: string; line?: number } };
    if (pointer !== '/') expect(details.pointer).toBe(pointer);
    if (line !== undefined) expect(details.line).toBe(line);
  });

  it('says which build there is and which it is written for', async () => {
    expect(await read(group('count: 1\n    version: ^2'))).toMatchObject({
      error: {
        message: `${file}, line 5, /groups/0/version: found this build, 0.1.0, expected a version in ^2`,
      },
    });
  });

  it('is refused for a policy that is none, at the place in the policy', async () => {
    writeFileSync(join(folder, 'policy.yaml'), 'name: tight\nskill: hello\n');
    expect(await read(GOOD)).toMatchObject({
      error: {
        code: 'CONFIG_INVALID',
        details: { file: join(folder, 'policy.yaml'), pointer: '/skill' },
      },
    });
  });

  it('finds the files of effects and secrets beside it, and is refused for effects that are none', async () => {
    const text =
      'cluster: shop\ngroups: [{ name: a, count: 1, limits: { effects: e.yaml, secrets: s.yaml } }]\n';
    const effects = join(folder, 'e.yaml');
    writeFileSync(effects, 'notify: { ops: { log: true } }\n');
    const limits = { effects, secrets: join(folder, 's.yaml') };
    expect(await read(text)).toMatchObject({ ok: true, value: { nodes: [{ limits }] } });
    writeFileSync(effects, 'notify: { ops: { log: maybe } }\n');
    expect(await read(text)).toMatchObject({
      error: { code: 'CONFIG_INVALID', details: { file: effects } },
    });
  });

  it('is right as the example has it', async () => {
    const example = fileURLToPath(
      new URL('../../../examples/groups/cluster.yaml', import.meta.url),
    );
    const plan = await readClusterFile(example, '0.1.0');
    expect(plan).toMatchObject({
      value: { nodes: [{ name: 'workers-1' }, { name: 'workers-2' }, { name: 'edge-1' }] },
    });
  });

  it('that cannot be read is said so', async () => {
    const missing = await readClusterFile(join(folder, 'no.yaml'), '0.1.0');
    expect(missing).toMatchObject({ error: { code: 'FILE_UNREADABLE' } });
  });
});

describe('labels', () => {
  it('are read from key=value texts', () => {
    const labels = parseLabels(['zone=a', 'rack=r/1', 'zone=b']);
    expect(labels).toEqual({ ok: true, value: { zone: 'b', rack: 'r/1' } });
    expect(parseLabels(['__proto__=x'])).toMatchObject({ ok: true });
  });

  it.each([
    [['zone']],
    [['=a']],
    [['zone=']],
    [['zone=a=b']],
    [['zo ne=a']],
    [[`zone=${'a'.repeat(65)}`]],
    [Array.from({ length: 33 }, (_, at) => `l${at}=a`)],
  ])('refuses %j', (texts) => {
    expect(parseLabels(texts)).toMatchObject({
      error: { code: 'ARGUMENT_INVALID', details: { argument: '--label' } },
    });
  });
});
