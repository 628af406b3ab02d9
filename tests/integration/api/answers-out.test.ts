import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startControlServer } from '../../../src/api/index.ts';
import type { SkeinNode } from '../../../src/runtime/index.ts';
import { until } from '../../support/until.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'skein-answers-'));
const spans = Promise.withResolvers<[]>();
let tracesAsked = 0;
let allOut: () => Promise<void> = async () => undefined;
/** What of a node the endpoint uses for a run: one that is over at once and whose spans take their time. */
const node = {
  onDrain: (handOver: () => Promise<void>) => {
    allOut = handOver;
  },
  execute: async () => ({ ok: true, value: 1, correlationId: 'c' }),
  trace: () => {
    tracesAsked++;
    return spans.promise;
  },
} as unknown as SkeinNode;
let server: { readonly path: string; readonly close: () => Promise<void> };

beforeAll(async () => {
  const started = await startControlServer(node, dataDir);
  if (!started.ok) throw new Error(started.error.message);
  server = started.value;
});
afterAll(async () => {
  await server.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** @returns what came so far, and whether it is all */
function run() {
  const got = { text: '', isWhole: false };
  const asked = request({ socketPath: server.path, method: 'POST', path: '/v1/runs' });
  asked.on('response', (response) => {
    response.on('data', (chunk) => {
      got.text += chunk;
    });
    response.on('end', () => {
      got.isWhole = response.complete;
    });
    response.on('error', () => undefined);
  });
  asked.on('error', () => undefined);
  asked.end(JSON.stringify({ target: { kind: 'skill', skill: 'hello' } }));
  return { got, asked };
}

it('is drained when the answer of a run that is over has gone out, its spans included, or nobody waits for it', async () => {
  let isDrained = false;
  const first = run();
  const left = run();
  await until('both runs are over', () => tracesAsked === 2);
  const drained = allOut().then(() => {
    isDrained = true;
  });
  left.asked.destroy();
  await new Promise((turn) => setImmediate(turn));
  expect(isDrained).toBe(false);
  spans.resolve([]);
  await drained;
  await server.close();
  await until('the answer is there', () => first.got.isWhole);
  expect(JSON.parse(first.got.text)).toEqual({
    outcome: { ok: true, value: 1, correlationId: 'c' },
    spans: [],
  });
});
