import { describe, expect, it } from 'vitest';
import type { MemberReport } from '../../../src/cluster/index.ts';
import type { NodeId } from '../../../src/contracts/index.ts';
import { startTraces, type TraceSources } from '../../../src/runtime/node-traces.ts';
import type { SpanRecord } from '../../../src/telemetry/index.ts';
import { settled, testCluster } from '../../../src/testing.ts';

const NAMES = ['n-1', 'n-2', 'n-3', 'n-4'];

/** A span of a node that asked an actor of another. */
const span = (node: string, of: string): SpanRecord => ({
  traceId: 'c',
  spanId: `${node}>${of}`,
  parentSpanId: null,
  name: 'ask it',
  startMs: Number(node.slice(2)),
  endMs: 9,
  thread: 'main',
  attributes: { 'skein.actor': `skein://${of}/main/root/it` },
  error: null,
});

function traceWorld(spans: Readonly<Record<string, readonly SpanRecord[]>>) {
  const cluster = testCluster({ nodes: NAMES });
  const looked: string[] = [];
  const members = () => NAMES.map((node) => ({ node: node as NodeId }) as MemberReport);
  const traces = new Map(
    NAMES.map((name) => {
      const own = async () => {
        looked.push(name);
        return spans[name] ?? [];
      };
      return [name, startTraces({ system: cluster.node(name).system, members, own })];
    }),
  );
  const trace = async (node: string, from?: TraceSources) => {
    const asked = traces.get(node)?.('c', from) as Promise<readonly SpanRecord[]>;
    return (await settled(cluster, asked, { withinMs: 5_000 })).map(
      ({ spanId, thread }) => `${thread} ${spanId}`,
    );
  };
  return { trace, looked };
}

describe('a trace over nodes', () => {
  const spans = {
    'n-1': [span('n-1', 'n-2')],
    'n-2': [span('n-2', 'n-3')],
    'n-3': [span('n-3', 'n-3')],
  };
  const whole = ['main n-1>n-2', 'n-2/main n-2>n-3', 'n-3/main n-3>n-3'];

  it('is asked of every node by whoever looks for it', async () => {
    const { trace, looked } = traceWorld(spans);
    expect(await trace('n-1')).toEqual(whole);
    expect(looked.sort()).toEqual(NAMES);
  });

  it('at the end of a run is asked of those nodes alone that it went to, and of those that they asked', async () => {
    const { trace, looked } = traceWorld(spans);
    expect(await trace('n-1', 'asked')).toEqual(whole);
    expect(looked).toEqual(['n-1', 'n-2', 'n-3']);
  });
});
