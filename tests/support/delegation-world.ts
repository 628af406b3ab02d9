/** Nodes that do calls for each other: real pools, skill actors and delegates on virtual time, with hosts that are simulated. */
import {
  type DelegateArgs,
  delegateActor,
  delegatorActor,
  httpClientOf,
  type Invocation,
  kvActor,
  SKILL_ACTOR,
  sandboxOf,
  skillActor,
  skillPoolActor,
} from '../../src/actors/index.ts';
import type { MemberReport } from '../../src/cluster/index.ts';
import {
  DEFAULT_RESOURCES,
  type NodeId,
  type SkillManifest,
  type SkillPackage,
  type StepPlace,
  type TenantId,
} from '../../src/contracts/index.ts';
import {
  type HttpClient,
  SimulatedLife,
  seededRandom,
  simulatedProcesses,
} from '../../src/host/index.ts';
import { memoryKeyValue } from '../../src/journal/index.ts';
import { type ActorRef, provideModule, type RefOf } from '../../src/kernel/index.ts';
import { type SimulatedSkill, simulatedHost } from '../../src/sandbox/index.ts';
import { memoryPackageStore, packageOf, SkillRegistry } from '../../src/skills/index.ts';
import { testCluster } from '../../src/testing.ts';

/** Loaded beforehand: virtual time does not wait for a file. */
provideModule(SKILL_ACTOR.url, { default: skillActor });

const WALL_MS = 5_000;

/** A skill that is held by the nodes named, or by all. */
export interface WorldSkill {
  readonly body: SimulatedSkill;
  readonly manifest?: Partial<SkillManifest>;
  readonly on?: readonly string[];
}

export interface WorldNode {
  readonly name: NodeId;
  readonly delegator: RefOf<typeof delegatorActor>;
  readonly delegate: RefOf<typeof delegateActor>;
  readonly kv: ActorRef;
  takesWork: boolean;
  /** Set: it answers with this skill, whichever it is asked for. */
  heldInstead?: string;
}

export async function delegationWorld(
  skills: Readonly<Record<string, WorldSkill>>,
  more: Partial<Pick<DelegateArgs, 'tasksMax'>> = {},
) {
  const cluster = testCluster({ nodes: ['n-1', 'n-2', 'n-3'] });
  const members = new Map<string, MemberReport>();
  const requests: { readonly node: string; readonly key: string | undefined }[] = [];
  const packages = new Map(
    Object.entries(skills).map(([name, { manifest = {} }]) => [name, packageNamed(name, manifest)]),
  );
  const bodies = new Map(
    Object.entries(skills).map(([name, { body }]) => [`source of ${name}`, body]),
  );

  const start = async (name: string): Promise<WorldNode> => {
    const node = cluster.node(name);
    const { system } = node;
    const registry = await registryOf(name);
    const life = new SimulatedLife();
    void sandboxOf(
      system,
      0,
      { level: 'process' },
      simulatedProcesses({
        time: cluster.time,
        random: seededRandom(name),
        owner: life,
        main: simulatedHost(bodies),
      }),
    );
    httpClientOf(system, clientOf(name));
    const kv = system.spawn(kvActor, memoryKeyValue(), { name: 'kv' });
    const pool = system.spawn(skillPoolActor, {
      ...{ kv, warmHosts: 0, slotsPerThread: 4 },
      policy: 'grants',
    });
    const world: Pick<WorldNode, 'takesWork' | 'heldInstead'> = { takesWork: true };
    const held = {
      list: () => registry.list(),
      find: (wanted: string) => registry.find(world.heldInstead ?? wanted),
    };
    const delegate = system.spawn(
      delegateActor,
      {
        pool,
        skills: held,
        ...more,
        policy: undefined,
        takesWork: () => world.takesWork,
        onActive: () => undefined,
      },
      { name: 'delegate' },
    );
    const seen = (): readonly MemberReport[] => [...members.values()];
    const args = { pool, kv, members: seen, capacity: 2 };
    const delegator = system.spawn(delegatorActor, args, { name: 'delegator' });
    const id = name as NodeId;
    members.set(name, {
      node: id,
      status: 'alive',
      incarnation: 1,
      by: id,
      facts: { labels: { name }, load: 0, wire: [1, 1], state: 'ready', skills: registry.digest() },
    });
    return Object.assign(world, { name: id, delegator, delegate, kv });
  };

  const registryOf = async (node: string): Promise<SkillRegistry> => {
    const registry = await SkillRegistry.open(memoryPackageStore());
    if (!registry.ok) throw new Error(registry.error.message);
    for (const [name, { on }] of Object.entries(skills)) {
      if (!on || on.includes(node)) registry.value.hold(packages.get(name) as SkillPackage);
    }
    return registry.value;
  };

  const clientOf = (node: string): HttpClient => ({
    resolve: async () => ['1.1.1.1'],
    send: async ({ headers }) => {
      requests.push({ node, key: headers['idempotency-key'] });
      return { kind: 'answered', status: 200, headers: {}, body: '', bytes: 0 };
    },
  });

  const invocation = (skill: string, more: Partial<Invocation> = {}): Invocation => ({
    skill: packages.get(skill) as SkillPackage,
    tenant: 'default' as TenantId,
    input: null,
    grants: { http: { hosts: ['bank.test'], methods: ['POST'] }, kv: true, log: true },
    resources: { ...DEFAULT_RESOURCES, wallMs: WALL_MS },
    seed: `${skill}/seed`,
    startWallMs: 0,
    attempt: 1,
    task: `run/${skill}/0`,
    ...more,
  });
  const nodes = await Promise.all(cluster.names.map(start));

  return {
    cluster,
    members,
    /** What skills asked of the network, and from where. */
    requests,
    node: (name: string): WorldNode => nodes.find((each) => each.name === name) as WorldNode,
    /** A node is declared dead by everybody else. */
    declareDead: (name: string): void => {
      members.delete(name);
      for (const node of nodes.filter((each) => each.name !== name)) {
        cluster.node(node.name).system.tell(node.delegator, 'memberGone', name as NodeId);
      }
    },
    invocation,
    call: (from: string, skill: string, more: Partial<Invocation> = {}) => {
      const { delegator } = nodes.find((each) => each.name === from) as WorldNode;
      const { system } = cluster.node(from);
      return system.ask(delegator, 'invoke', invocation(skill, more), { timeoutMs: 60_000 });
    },
  };
}

export const only = (name: string): StepPlace => ({ labels: { name } });

const packageNamed = (name: string, manifest: Partial<SkillManifest>): SkillPackage =>
  packageOf(
    {
      name,
      version: '1.0.0',
      description: `simulated: ${name}`,
      input: true,
      output: true,
      resources: { wallMs: WALL_MS },
      capabilities: { http: { hosts: ['bank.test'], methods: ['POST'] }, kv: true },
      ...manifest,
    },
    `source of ${name}`,
  );
