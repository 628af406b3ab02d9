import { afterAll, expect, it } from 'vitest';
import { dataDir, skein } from '../support/skein-command.ts';

const data = dataDir();
afterAll(() => data.remove());

it('shows three processes, a node killed in the middle of a step, a run that completes, and an effect that happened once', async () => {
  const { code, stdout } = await skein(['demo', '--nodes', '3', '--once', '--json'], data.path);
  expect(code).toBe(0);
  const shown = JSON.parse(stdout);
  expect(shown).toMatchObject({
    ok: true,
    value: { symbol: 'BTC', receipt: 1 },
    effects: { requests: 2, booked: 1 },
  });
  const { killed, nodesInTrace, spans } = shown;
  // Earlier steps of the plan may have gone to the same node and back.
  expect(spans).toContainEqual(
    expect.objectContaining({
      name: `delegate http_call to ${killed.node}`,
      error: expect.stringMatching(/dead|over/),
    }),
  );
  expect(nodesInTrace.length).toBeGreaterThanOrEqual(1);
  expect(nodesInTrace.every((node: string) => /^n-[a-z2-7]{8}$/.test(node))).toBe(true);
});
