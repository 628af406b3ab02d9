/**
 * Skills that nodes do for each other in a simulated cluster, one for each way of changing the world outside; and the ledger out
 * there, which does one thing a key, or for those who say so everything that it is told.
 */
import type { Json, NodeId, Random, SkillManifest } from '../contracts/index.ts';
import type { HttpClient, SimulatedLife, SimulatedTime } from '../host/index.ts';
import type { SimulatedSkill } from '../sandbox/index.ts';
import { memoryPackageStore, packageOf, SkillRegistry } from '../skills/index.ts';
import type { Fact } from './checker.ts';
import type { Effects } from './delegation-facts.ts';

export interface FarInput {
  readonly task: string;
  /** What has to come back. */
  readonly value: number;
  readonly workMs: number;
}

export type FarSkill = 'far-sum' | 'far-book' | 'far-pay' | 'far-keep';
export const FAR_SKILLS: readonly FarSkill[] = ['far-sum', 'far-book', 'far-pay', 'far-keep'];

const HOST = 'ledger.test';
const HTTP = { hosts: [HOST], methods: ['POST'] } as const;
const ASK_MS = 400;
export const FAR_WALL_MS = 5_000;
export const FAR_GRANTS = { http: HTTP, kv: true } as const;

/** On the ledger. */
export const EFFECTS: Readonly<Record<FarSkill, Effects>> = {
  'far-sum': 'none',
  'far-book': 'idempotent',
  'far-pay': 'once',
  'far-keep': 'none',
};

const sourceOf = (name: string): string => `simulated skill ${name}`;
const PACKAGES = new Map(FAR_SKILLS.map((name) => [name, packageNamed(name)]));

function packageNamed(name: FarSkill) {
  const manifest: SkillManifest = {
    name,
    version: '1.0.0',
    description: `simulated: ${name}`,
    input: true,
    output: true,
    resources: { wallMs: FAR_WALL_MS, cpuMs: FAR_WALL_MS },
    capabilities: { http: { hosts: [HOST], methods: ['POST'] }, kv: true },
    effects: name === 'far-keep' ? 'idempotent' : EFFECTS[name],
  };
  return packageOf(manifest, sourceOf(name));
}

/** What stands where the sources would, for the sandbox hosts of one life of a node. */
export function farBodies(
  by: string,
  hear: (fact: Fact) => void,
): readonly (readonly [string, SimulatedSkill])[] {
  const begun = (input: Json): FarInput => {
    const given = input as unknown as FarInput;
    hear({ kind: 'task performed', task: given.task, by });
    return given;
  };
  /** In the middle of its work, so that a node may be lost before it and after it. */
  const booking =
    (account: 'keyed' | 'blind'): SimulatedSkill =>
    async (input, { work, call }) => {
      const { task, value, workMs } = begun(input);
      await work(1 + workMs / 2);
      await call('http.request', {
        url: `http://${HOST}/${account}`,
        method: 'POST',
        body: task,
        timeoutMs: ASK_MS,
      });
      await work(1 + workMs / 2);
      return value;
    };
  const bodies: Readonly<Record<FarSkill, SimulatedSkill>> = {
    'far-sum': async (input, { work }) => {
      const { value, workMs } = begun(input);
      await work(1 + workMs);
      return value - 1 + 1;
    },
    'far-book': booking('keyed'),
    'far-pay': booking('blind'),
    /** Tells what was kept before under this name, whichever node kept it. */
    'far-keep': async (input, { work, call }) => {
      const { task, value, workMs } = begun(input);
      const before = await call('kv.get', task);
      await work(1 + workMs);
      await call('kv.set', task, value);
      return before;
    },
  };
  return FAR_SKILLS.map((name) => [sourceOf(name), bodies[name]] as const);
}

const LACKING_SHARE = 0.25;

/** Every node holds the sum; of the others some nodes lack some, and somebody has each. */
export async function farRegistries(
  nodes: readonly NodeId[],
  { next }: Random,
): Promise<ReadonlyMap<NodeId, SkillRegistry>> {
  const registries = new Map<NodeId, SkillRegistry>();
  for (const node of nodes) {
    const opened = await SkillRegistry.open(memoryPackageStore());
    if (!opened.ok) throw new Error(opened.error.message);
    registries.set(node, opened.value);
  }
  for (const [name, skill] of PACKAGES) {
    const keeper = nodes[Math.floor(next() * nodes.length)];
    for (const [node, registry] of registries) {
      const isLacking = next() < LACKING_SHARE && node !== keeper && name !== 'far-sum';
      if (!isLacking) registry.hold(skill);
    }
  }
  return registries;
}

const REFUSED_SHARE = 0.05;
const LATE_SHARE = 0.1;
const WAY_MS = 20;

export interface LedgerOptions {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly hear: (fact: Fact) => void;
  readonly isTroubled: () => boolean;
}

/** It outlives every node. What it was asked to do it does, whether whoever asked still lives or not. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #keys = new Set<string>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Reaches it for one life; every other host by `others`. */
  client(life: SimulatedLife, others: HttpClient): HttpClient {
    const { time, random, isTroubled } = this.#options;
    const { timers } = time;
    return {
      resolve: others.resolve,
      send: (request) => {
        if (request.hostname !== HOST) return others.send(request);
        const { body: task = '', path, headers, timeoutMs } = request;
        const bytes = task.length;
        const fate = isTroubled() ? random.next() : 1;
        const { promise, resolve } =
          Promise.withResolvers<Awaited<ReturnType<typeof others.send>>>();
        if (fate < REFUSED_SHARE)
          return Promise.resolve({ kind: 'failed', reason: 'connection refused', bytes });
        timers.after(random.next() * WAY_MS, () => {
          this.#book(task, headers['idempotency-key'] ?? '', path === '/keyed');
          const isLate = fate < REFUSED_SHARE + LATE_SHARE;
          timers.after(isLate ? timeoutMs : random.next() * WAY_MS, () =>
            life.act(() =>
              resolve(
                isLate
                  ? { kind: 'timeout', bytes }
                  : { kind: 'answered', status: 200, headers: {}, body: '', bytes },
              ),
            ),
          );
        });
        return promise;
      },
    };
  }

  #book(task: string, key: string, isKeyed: boolean): void {
    const isRepeat = isKeyed && this.#keys.has(key);
    this.#keys.add(key);
    this.#options.hear({ kind: 'task effect', task, key, isRepeat });
  }
}
