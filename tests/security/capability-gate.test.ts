/**
 * No grant, no effect: for every capability that a manifest can ask for, a call has an effect only when the manifest asks
 * and whoever runs it grants. The list of capabilities comes from the schema: a new one without a row here fails.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineVirtualActor } from '../../src/cluster/index.ts';
import {
  type Capabilities,
  type CapabilityGrants,
  grantsFrom,
  type Json,
  type StructuredOutcome,
} from '../../src/contracts/index.ts';
import { CapabilitySchema } from '../../src/contracts/skill.ts';
import { type SkeinNode, startNode } from '../../src/runtime/index.ts';
import { handlerOf } from '../support/sandbox.ts';
import { skein } from '../support/skein-command.ts';

type Capability = keyof Required<Capabilities>;

interface Gate {
  /** What the body of the skill does with it. */
  readonly use: string;
  readonly asked: Capabilities;
  readonly notAsked: Capabilities;
  readonly granted: () => CapabilityGrants;
  readonly notGranted: CapabilityGrants;
  /** When neither side says anything. */
  readonly bare: 'denied' | 'allowed';
  /** What the world has seen so far, with what the last call is known to have done. */
  readonly effects: (outcome: StructuredOutcome, skill: string) => Promise<number>;
}

const folder = mkdtempSync(join(tmpdir(), 'skein-gate-'));
const server = createServer((_request, response) => {
  requests++;
  // What a model answers, which is as good as anything for the others.
  response.end(JSON.stringify({ choices: [{ message: { content: 'hello' } }] }));
});
let tally = 0;
const tallyActor = defineVirtualActor({
  kind: 'tally',
  initial: () => ({ sum: 0 }),
  receive: {
    add: (state: { sum: number }, by: number) => {
      tally += by;
      state.sum += by;
      return state.sum;
    },
  },
});
let requests = 0;
const rows: string[] = [];
let node: SkeinNode;
const origin = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;

const GATES: Readonly<Record<Capability, Gate>> = {
  http: {
    use: 'await ctx.http.request({ url: input.url });',
    asked: { http: { hosts: ['*'] } },
    notAsked: {},
    granted: () => ({ http: { hosts: [origin()], methods: ['GET'], privateAddresses: true } }),
    notGranted: {},
    bare: 'denied',
    effects: async () => requests,
  },
  kv: {
    use: "await ctx.kv.set('seen', true);",
    asked: { kv: true },
    notAsked: {},
    granted: () => ({ kv: true }),
    notGranted: {},
    bare: 'denied',
    effects: async (_outcome, skill) => {
      const held = await node.query({ kind: 'memories', skill });
      if (!held.ok) throw new Error(held.error.message);
      return held.value.length;
    },
  },
  fs: {
    use: "await ctx.fs.write('seen', 'x'); if ((await ctx.fs.read('seen')) !== 'x') throw new Error('no file');",
    asked: { fs: 'write' },
    notAsked: {},
    granted: () => ({ fs: 'write' }),
    notGranted: {},
    bare: 'denied',
    effects: async ({ ok }) => (ok ? 1 : 0),
  },
  secret: {
    use: "if ((await ctx.secret.get('gate')) !== 'the value of the gate') throw new Error('no secret');",
    asked: { secret: { names: ['gate'], reveal: true } },
    notAsked: {},
    granted: () => ({ secret: { names: ['gate'], reveal: true } }),
    notGranted: {},
    bare: 'denied',
    effects: async ({ ok }) => (ok ? 1 : 0),
  },
  actor: {
    use: "if ((await ctx.actor.ask('tally', 'gate', 'add', 1)) < 1) throw new Error('no actor');",
    asked: { actor: { kinds: ['tally'] } },
    notAsked: {},
    granted: () => ({ actor: { kinds: ['tally'] } }),
    notGranted: {},
    bare: 'denied',
    effects: async () => tally,
  },
  notify: {
    use: "await ctx.notify.send({ channel: 'ops', subject: 'gate', text: 'open' });",
    asked: { notify: { channels: ['ops'] } },
    notAsked: {},
    granted: () => ({ notify: { channels: ['ops'] } }),
    notGranted: {},
    bare: 'denied',
    effects: async () => requests,
  },
  llm: {
    use: "if ((await ctx.llm.complete({ model: 'small', messages: [{ role: 'user', content: 'hi' }] })).text !== 'hello') throw new Error('no model');",
    asked: { llm: { models: ['small'] } },
    notAsked: {},
    granted: () => ({ llm: { models: ['small'] } }),
    notGranted: {},
    bare: 'denied',
    effects: async () => requests,
  },
  random: {
    use: "if ((await ctx.random.bytes(8)).length !== 12) throw new Error('no entropy');",
    asked: { random: true },
    notAsked: {},
    granted: () => ({ random: true }),
    notGranted: {},
    bare: 'denied',
    effects: async ({ ok }) => (ok ? 1 : 0),
  },
  clock: {
    use: "if (!((await ctx.clock.now()) > 1.7e12)) throw new Error('no clock');",
    asked: { clock: true },
    notAsked: {},
    granted: () => ({ clock: true }),
    notGranted: {},
    bare: 'denied',
    effects: async ({ ok }) => (ok ? 1 : 0),
  },
  /** Both sides let a skill log unless they say no. */
  log: {
    use: "ctx.log.error('a line of the gate');",
    asked: { log: true },
    notAsked: { log: false },
    granted: () => ({ log: true }),
    notGranted: { log: false },
    bare: 'allowed',
    effects: async ({ usage }) => usage.logBytes,
  },
};
const gates = Object.entries(GATES) as [Capability, Gate][];

const ASKING = ['asked', 'not_asked', 'bare', 'ceiling'] as const;
const skillName = (capability: Capability, asking: (typeof ASKING)[number]) =>
  `gate_${capability}_${asking}`;

/** A skill package for each capability and each way to ask: no two tests share a key-value space. */
function skillFolders(): readonly string[] {
  return gates.flatMap(([capability, { use, asked, notAsked }]) =>
    ASKING.map((asking) => {
      const name = skillName(capability, asking);
      const path = join(folder, name);
      const facts = { name, version: '1.0.0', description: 'A gate.', input: true, output: true };
      const resources = { cpuMs: 10_000, wallMs: 60_000 };
      const silent = asking === 'bare' ? {} : { capabilities: notAsked };
      const asks = asking === 'asked' || asking === 'ceiling';
      mkdirSync(path);
      writeFileSync(join(path, 'index.js'), handlerOf(`${use} return 'done';`));
      writeFileSync(
        join(path, 'skill.json'),
        JSON.stringify({ ...facts, resources, ...(asks ? { capabilities: asked } : silent) }),
      );
      return path;
    }),
  );
}

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const secretsFile = join(folder, 'secrets.json');
  writeFileSync(secretsFile, '{"gate":{"value":"the value of the gate"}}', { mode: 0o600 });
  const started = await startNode({
    dataDir: 'memory',
    effects: {
      secretsFile,
      notify: { ops: { url: `http://${origin()}/notes`, privateAddresses: true } },
      llm: { small: { url: `http://${origin()}/v1/chat/completions`, privateAddresses: true } },
    },
    threads: 1,
    log: { level: 'silent', format: 'json' },
    skillFolders: skillFolders(),
  });
  if (!started.ok) throw new Error(started.error.message);
  node = started.value;
  const registered = await node.virtual.register(tallyActor);
  if (!registered.ok) throw new Error(registered.error.message);
});
afterAll(async () => {
  process.stdout.write(
    `${['capability   asked  granted  what became of it', ...rows.sort()].join('\n')}\n`,
  );
  await node?.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function use(
  gate: Gate,
  skill: string,
  terms: { readonly grants?: CapabilityGrants; readonly profile?: object },
) {
  const input: Json = { url: `http://${origin()}/` };
  const before = { usage: { logBytes: 0 } } as StructuredOutcome;
  const effectsBefore = await gate.effects(before, skill);
  const request = { target: { kind: 'skill', skill }, input, ...terms } as const;
  const outcome = await node.execute(request as Parameters<SkeinNode['execute']>[0]);
  return { outcome, hadEffect: (await gate.effects(outcome, skill)) > effectsBefore };
}

function expectDenied(capability: Capability, seen: Awaited<ReturnType<typeof use>>): void {
  expect(seen.outcome).toMatchObject({
    ok: false,
    error: { code: 'CAPABILITY_DENIED', retryable: false, details: { capability } },
  });
  expect(seen.hadEffect).toBe(false);
}

function expectAllowed(seen: Awaited<ReturnType<typeof use>>): void {
  expect(seen.outcome).toMatchObject({ ok: true, value: 'done' });
  expect(seen.hadEffect).toBe(true);
}

it('has a row here for every capability that a manifest can ask for', () => {
  expect(Object.keys(GATES).sort()).toEqual(Object.keys(CapabilitySchema.properties).sort());
});

describe.each(gates)('%s', (capability, gate) => {
  it.each([
    { asked: false, granted: false },
    { asked: false, granted: true },
    { asked: true, granted: false },
    { asked: true, granted: true },
  ])('asked for: $asked, granted: $granted', async ({ asked, granted }) => {
    const grants = granted ? gate.granted() : gate.notGranted;
    const seen = await use(gate, skillName(capability, asked ? 'asked' : 'not_asked'), { grants });
    if (asked && granted) expectAllowed(seen);
    else expectDenied(capability, seen);
    const became = seen.outcome.ok ? 'allowed' : seen.outcome.error.code;
    const facts = [
      capability.padEnd(12),
      String(asked).padEnd(6),
      String(granted).padEnd(8),
      became,
    ];
    rows.push(facts.join(' '));
  });

  it(`is ${gate.bare} when neither side says anything`, async () => {
    const seen = await use(gate, skillName(capability, 'bare'), {});
    if (gate.bare === 'denied') expectDenied(capability, seen);
    else expectAllowed(seen);
  });

  it('is denied by a ceiling that withholds it, whatever is asked for and granted', async () => {
    const profile = { name: 'strict', grants: gate.notGranted };
    const terms = { grants: gate.granted(), profile };
    expectDenied(capability, await use(gate, skillName(capability, 'ceiling'), terms));
  });
});

it('a line that was denied is not in the log of the node; one that was granted is', async () => {
  const run = (asking: 'asked' | 'not_asked') =>
    skein(['run', join(folder, skillName('log', asking)), '--json'], join(folder, 'data'));
  const denied = await run('not_asked');
  expect(JSON.parse(denied.stdout)).toMatchObject({ error: { code: 'CAPABILITY_DENIED' } });
  expect(denied.stderr).not.toContain('a line of the gate');
  const granted = await run('asked');
  expect(JSON.parse(granted.stdout)).toMatchObject({ ok: true });
  expect(granted.stderr).toContain('a line of the gate');
});

it('a plan that names no grants gives logging alone', () => {
  expect(grantsFrom(undefined)).toEqual({ log: true, kv: false });
});
