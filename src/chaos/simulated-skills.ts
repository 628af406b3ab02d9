/** The skills of a simulated cluster, each a way of behaving; and the bank that one of them pays at, which can be slow or absent. */
import type { Json, SkillManifest, SkillPackage } from '../contracts/index.ts';
import type { HttpClient } from '../host/index.ts';
import type { SimulatedSkill } from '../sandbox/index.ts';
import { memoryPackageStore, packageOf, SkillRegistry } from '../skills/index.ts';

const WALL_MS = 800;
const HOST = 'bank.test';
const ADDRESS = '1.1.1.1';

interface Sum {
  readonly left: number;
  readonly right: number;
}

const bodies: Readonly<Record<string, SimulatedSkill>> = {
  sum: async (input, { work }) => {
    await work(2);
    const { left, right } = input as unknown as Sum;
    return left + right;
  },
  /** Its answer depends on chance, and is the same when it is done again. */
  draw: async (_input, { random }) => [random(), random()],
  count: async (input, { call }) => {
    const found = (await call('kv.get', input)) as number | null;
    await call('kv.set', input, (found ?? 0) + 1);
    return (found ?? 0) + 1;
  },
  pay: async (input, { call }) => {
    const reply = await call('http.request', {
      url: `http://${HOST}/pay`,
      method: 'POST',
      body: JSON.stringify(input),
      timeoutMs: 400,
    });
    return (reply as { readonly status: number }).status;
  },
  tire: async (_input, { work }) => {
    await work(1e9);
    return null;
  },
  wait: () => new Promise<Json>(() => undefined),
  fault: async (_input, { random, abort }) => (random() < 0.5 ? abort() : null),
};

export type SimulatedSkillName = 'sum' | 'draw' | 'count' | 'pay' | 'tire' | 'wait' | 'fault';

const manifests: Readonly<Record<SimulatedSkillName, Partial<SkillManifest>>> = {
  sum: {},
  draw: {},
  count: { capabilities: { kv: true }, effects: 'idempotent' },
  pay: { capabilities: { http: { hosts: [HOST], methods: ['POST'] } }, effects: 'once' },
  tire: {},
  wait: {},
  fault: {},
};

export const GRANTS = { http: { hosts: [HOST], methods: ['POST'] }, kv: true, log: true } as const;

function packageNamed(name: SimulatedSkillName): SkillPackage {
  const manifest: SkillManifest = {
    name,
    version: '1.0.0',
    description: `simulated: ${name}`,
    input: true,
    output: true,
    resources: { wallMs: WALL_MS },
    ...manifests[name],
  };
  return packageOf(manifest, sourceOf(name));
}

const sourceOf = (name: string): string => `simulated skill ${name}`;

/** For the simulated host, by what stands where the source would. */
export const SIMULATED_SKILLS: ReadonlyMap<string, SimulatedSkill> = new Map(
  Object.entries(bodies).map(([name, body]) => [sourceOf(name), body]),
);

const PACKAGES = (Object.keys(manifests) as SimulatedSkillName[]).map(packageNamed);

export async function simulatedRegistry(): Promise<SkillRegistry> {
  const registry = await SkillRegistry.open(memoryPackageStore());
  if (!registry.ok) throw new Error(registry.error.message);
  for (const skill of PACKAGES) registry.value.hold(skill);
  return registry.value;
}

export interface Bank {
  readonly uniform: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Hears of each payment that was made. */
  readonly paid: (payment: string) => void;
}

/** Pays, and then now and then does not say so in time. */
export function bankClient({ uniform, sleep, paid }: Bank): HttpClient {
  return {
    resolve: async () => [ADDRESS],
    send: async ({ body = '', timeoutMs }) => {
      const bytes = body.length;
      const fate = uniform();
      if (fate < 0.1) return { kind: 'failed', reason: 'connection refused', bytes };
      await sleep(1 + uniform() * 20);
      paid(String(JSON.parse(body)));
      if (fate < 0.2) {
        await sleep(timeoutMs);
        return { kind: 'timeout', bytes };
      }
      return { kind: 'answered', status: 200, headers: {}, body: '', bytes };
    },
  };
}
