/** Ownership on a real nats-server: a key moves when its owner is gone, and when its owner gives it back. */
import { afterEach, expect, it } from 'vitest';
import { type FencingToken, Ownership } from '../../../src/cluster/index.ts';
import { realPorts } from '../../../src/host/index.ts';
import { valueIn } from '../../conformance/journal-suite.ts';
import { dialTest, openTestState } from '../../support/jetstream.ts';
import { startTestNats } from '../../support/nats.ts';
import { recordingLog } from '../../support/systems.ts';
import { until } from '../../support/until.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Activated {
  readonly node: string;
  readonly token: FencingToken;
  isStopped: boolean;
}

it('moves a singleton to another node when its owner is cut off or leaves, with a higher token', async () => {
  const server = await startTestNats();
  open.push(server.close);
  const activated: Activated[] = [];
  const weights = new Map([
    ['one', 1e6],
    ['two', 1],
    ['three', 1],
  ]);
  const start = async (node: string) => {
    const nats = await dialTest(server.url);
    const state = await openTestState(nats, 'ownership');
    const ownership = valueIn(
      Ownership.open({
        ...{ state, node, kind: 'singleton', ports: realPorts, log: recordingLog().log },
        terms: { ttlMs: 1_500, stopMs: 100, isStateForgetful: false },
        patienceMs: 300,
        candidates: () =>
          [...weights].map(([name, weight]) => ({ node: name, weight, labels: {} })),
        activate: async (_key, { token }) => {
          const activation: Activated = { node, token, isStopped: false };
          activated.push(activation);
          return async () => {
            activation.isStopped = true;
          };
        },
      }),
    );
    open.push(nats.close, ownership.close.bind(ownership));
    valueIn(ownership.claim('the one'));
    return { nats, ownership };
  };

  const one = await start('one');
  await until('one owns it', () => activated.length === 1);
  const two = await start('two');
  const three = await start('three');
  await one.nats.close();
  await until('one has stopped', () => activated[0]?.isStopped);
  await until('another owns it', () => activated.length === 2);
  const heir = activated[1] as Activated;
  weights.delete('one');
  await (heir.node === 'two' ? two : three).ownership.close();
  expect(heir.isStopped).toBe(true);
  await until('the last owns it', () => activated.length === 3);
  expect(new Set(activated.map(({ node }) => node))).toEqual(new Set(['one', 'two', 'three']));
  const tokens = activated.map(({ token }) => token.revision);
  expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
});
