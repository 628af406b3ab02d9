/** A whole node: stores, threads, sandboxes, skills and the actors between them, started in order and ended in reverse. */
import { cpus } from 'node:os';
import {
  contractOf,
  kvActor,
  type SandboxStatus,
  skillPoolActor,
  verifierActor,
} from '../actors/index.ts';
import {
  firstEpochOf,
  invariant,
  LIMITS,
  NO_USAGE,
  newCorrelationId,
  newRunId,
  type Result,
  success,
  type ThreadName,
} from '../contracts/index.ts';
import { realPorts, realThreads } from '../host/index.ts';
import { ActorSystem } from '../kernel/index.ts';
import { loadSkillPackage } from '../skills/index.ts';
import { startThreads, supervisor, THREAD_MAIN_URL, ThreadGroup } from '../supervisor/index.ts';
import {
  createLog,
  type Metrics,
  type SpanRecord,
  SpanStore,
  startMetrics,
  startTracing,
} from '../telemetry/index.ts';
import { nodeKeyOf, withoutPassword } from '../transport/index.ts';
import { executeRun } from './execute.ts';
import { NodeHalts } from './halt/node-halts.ts';
import { NodeActors } from './node-actors.ts';
import { NodeCluster } from './node-cluster.ts';
import { openNodeEffects } from './node-effects.ts';
import { type NodeSecret, openNodeKey } from './node-key-file.ts';
import { countRuns, measureSpans, observeNode } from './node-metrics.ts';
import type { NodeOptions } from './node-options.ts';
import { NodeSkills } from './node-skills.ts';
import { reportOf, threadCounts, threadsLinked } from './node-threads.ts';
import { type NodeVirtual, openNodeVirtual } from './node-virtual.ts';
import { type Cluster, openCluster } from './open-cluster.ts';
import { openNodePolicy } from './policy/node-policy.ts';
import { answerQuery } from './query.ts';
import { judgeReadiness } from './readiness.ts';
import { loadOf, RunGate } from './run-gate.ts';
import { keeperSpec, keeperStatus } from './sandbox-keepers.ts';
import type { SkeinNode } from './skein-node.ts';
import { openStores, type Stores } from './stores.ts';

const DRAIN_MS = 1_000;

export async function startNode(options: NodeOptions): Promise<Result<SkeinNode>> {
  const startedMs = realPorts.clock.monotonicMs();
  const phase = (name: string) =>
    options.onPhase?.({ name, elapsedMs: realPorts.clock.monotonicMs() - startedMs });
  const stores = await openStores(options.dataDir, realPorts, options.recoverJournal ?? false);
  if (!stores.ok) return stores;
  phase('journal');
  const secret = openNodeKey(options.dataDir, realPorts.random);
  if (!secret.ok) {
    await closeStores(stores.value);
    return secret;
  }
  const skills = await NodeSkills.open(options, realPorts, nodeKeyOf(secret.value.seed).id);
  if (!skills.ok) {
    await closeStores(stores.value);
    return skills;
  }
  phase('skills');
  const metrics = options.metrics ? await startMetrics(options.metrics) : success(undefined);
  if (!metrics.ok) {
    await skills.value.close();
    await closeStores(stores.value);
    return metrics;
  }
  const cluster = options.cluster ? await openCluster(options, secret.value) : success(undefined);
  if (!cluster.ok) {
    await metrics.value?.close();
    await skills.value.close();
    await closeStores(stores.value);
    return cluster;
  }
  if (cluster.value) phase(`NATS at ${withoutPassword(cluster.value.options.natsUrl)}`);
  const node = assemble(
    options,
    stores.value,
    {
      secret: secret.value,
      skills: skills.value,
      metrics: metrics.value,
      cluster: cluster.value,
    },
    startedMs,
  );
  const ready = await node.ready(phase);
  if (ready.ok) return success(node.node);
  await node.node.close();
  return ready;
}

async function closeStores({ journal, keyValue }: Stores): Promise<void> {
  await journal.close();
  await keyValue.close();
}

interface Opened {
  readonly secret: NodeSecret;
  readonly skills: NodeSkills;
  readonly metrics: Metrics | undefined;
  readonly cluster: Cluster | undefined;
}

function assemble(
  options: NodeOptions,
  stores: Stores,
  { secret, skills, metrics, cluster }: Opened,
  startedMs: number,
) {
  const {
    threads = 2,
    log: logging = { level: 'warn', format: 'plain' },
    warmHosts = 1,
    slotsPerThread = 4,
  } = options;
  const heapMiB = options.threadHeapMiB ?? LIMITS.threadHeapMiB;
  const { clock, timers, random } = realPorts;
  const key = nodeKeyOf(secret.seed);
  const { id } = key;
  const { registry } = skills;
  const firstEpoch = firstEpochOf(secret.life);
  const log = createLog({ ...logging, clock, bindings: { node: id, thread: 'main' } });
  const spans = new SpanStore();
  const measure = metrics && measureSpans(metrics.meter);
  const onSpans = (batch: readonly SpanRecord[]): void => {
    spans.add(batch);
    measure?.(batch);
  };
  const tracing = startTracing({ thread: 'main', random, timers, onSpans });
  const system = new ActorSystem({ node: id, epoch: firstEpoch, ports: realPorts, log });
  const group = new ThreadGroup({
    node: id,
    firstEpoch,
    ports: realPorts,
    log: logging,
    heapMiB,
    onSpans,
    ...(cluster ? { cluster: cluster.options } : {}),
    threads: realThreads({ main: THREAD_MAIN_URL, heapMiB, maxThreads: threads + 1 }),
  });
  const names = Array.from({ length: threads }, (_, i) => `t${i + 1}` as ThreadName);
  const threadSupervisor = startThreads(system, { group, names, drainMs: DRAIN_MS });
  const halts = new NodeHalts({
    ...{ system, ports: realPorts, key, options, journal: stores.journal, threads: names },
    cluster: cluster?.options,
  });
  const kv = system.spawn(kvActor, stores.keyValue, { name: 'kv' });
  const effects = openNodeEffects({
    ...{ system, options, metrics, actors: () => actors, halted: halts.judge },
  });
  const hosts = { warmHosts, ...(options.sandbox ? { sandbox: options.sandbox } : {}) };
  const rules = openNodePolicy(system, options, stores.journal, metrics?.meter);
  const judges = { refusal: skills.refusal, ...rules.poolArgs, halted: halts.judge };
  const poolArgs = { kv, ...effects.poolArgs, ...hosts, slotsPerThread, ...judges };
  const pool = system.spawn(skillPoolActor, poolArgs, { name: 'skills' });
  const { policy } = options;
  const ownTrace = async (correlationId: string): Promise<readonly SpanRecord[]> => {
    tracing.flush();
    await group.flushSpans();
    return spans.trace(correlationId);
  };
  const gate: RunGate = new RunGate({
    node: id,
    clock,
    timers,
    onWork: () => describe(),
  });
  const place: NodeCluster | undefined =
    cluster &&
    new NodeCluster(cluster, {
      system,
      group,
      pool,
      kv,
      registry,
      policy,
      logging,
      labels: options.cluster?.labels ?? {},
      capacity: threads * slotsPerThread,
      activeRuns: () => gate.active,
      trace: ownTrace,
      onChange: () => virtual?.actors.reconsider(),
    });
  const describe = () =>
    place?.describe(gate.work === 'ready' && !halts.whole() ? 'ready' : 'draining');
  if (place) gate.onDrain(place.delegation.idle);
  gate.onDrain(async () => virtual?.actors.yieldAll());
  const workers = place?.delegation.delegator ?? pool;
  const verifier = system.spawn(verifierActor, { pool: workers }, { name: 'verifier' });
  const keeperArgs = { ...hosts, ...halts.keeperArgs };
  const keepers = system.spawn(
    supervisor,
    { children: names.map((thread) => keeperSpec(thread, keeperArgs)) },
    { name: 'sandboxes' },
  );
  const parts = {
    system,
    registry,
    journal: stores.journal,
    pool: workers,
    verifier,
    approvals: rules.refs.approvals,
    effects: effects.poolArgs.effects,
    policy,
    hasPolicyFile: () => rules.hasFile,
    ...halts.runArgs,
    ...(place ? { findElsewhere: place.delegation.find } : {}),
  };
  const counter = metrics && countRuns(metrics.meter);
  if (metrics) {
    observeNode(metrics.meter, {
      threads: () => threadCounts(system, group),
      activeRuns: () => gate.active,
      isReady: () => readinessNow().isReady,
      haltOrders: () => halts.status().standing.length,
      members: () => place?.members() ?? [],
      delegation: async () => (await place?.delegation.status()) ?? null,
      refused: async () => (await place?.status())?.refused ?? {},
      residentBytes: () => process.memoryUsage.rss(),
    });
  }
  let closing: Promise<void> | undefined;
  let virtual: NodeVirtual | undefined;
  let actors: NodeActors | undefined;

  const sandboxes = async (): Promise<readonly Result<SandboxStatus>[]> =>
    Promise.all(names.map((thread) => keeperStatus(system, keepers, thread)));

  const readinessNow = () =>
    judgeReadiness({
      work: gate.work,
      threads: { wanted: names.length, linked: system.remote.threads.length },
      isConnected: place?.isConnected() ?? null,
      haltedBy: halts.status().haltedBy ?? undefined,
    });

  const node: SkeinNode = {
    id,
    system,
    threads: group,
    get virtual() {
      invariant(virtual, 'a node is given out when it is ready');
      return virtual.actors;
    },
    get actors() {
      invariant(actors, 'a node is given out when it is ready');
      return actors;
    },
    recovered: stores.recovered,
    metricsUrl: metrics?.url,
    execute: async (request, onEvent = () => undefined) => {
      const error = gate.enter();
      if (error) {
        const ids = { runId: newRunId(random), correlationId: newCorrelationId(random) };
        return { ok: false, error, ...ids, attempts: 0, usage: NO_USAGE, elapsedMs: 0 };
      }
      try {
        const outcome = await executeRun(request, parts, (event) => {
          counter?.event(event);
          onEvent(event);
        });
        counter?.outcome(outcome);
        return outcome;
      } finally {
        gate.leave();
      }
    },
    describe: async (skill) =>
      skill.includes('/') ? loadSkillPackage(skill) : registry.find(skill),
    register: async (skill) => {
      const registered = await registry.register(skill);
      const hosted = registered.ok ? await actors?.host(skill.manifest.name) : undefined;
      return hosted?.ok === false ? hosted : registered;
    },
    publish: (text, publishing) => skills.publish(text, publishing),
    yank: (name, version, reason) => skills.yank(name, version, reason),
    registry: () => skills.report(),
    resourceContract: async (skill, { grants, profile } = {}) => {
      const found = await node.describe(skill);
      if (!found.ok) return found;
      const ceilings = [policy, profile].filter((ceiling) => ceiling !== undefined);
      const left = rules.hasFile ? 'to-policy' : {};
      return contractOf(found.value.manifest, { grants: grants ?? left, ceilings });
    },
    query: (query) => answerQuery(query, { ...stores, policy, rules, node }),
    skills: () => registry.list(),
    trace: place?.trace ?? ownTrace,
    status: async () => ({
      node: id,
      pid: process.pid,
      uptimeMs: clock.monotonicMs() - startedMs,
      durability: options.dataDir === 'memory' ? 'memory' : 'fsynced',
      threads: group.names.map((name) => ({ name, life: group.epochOf(name) })),
      sandboxes: (await sandboxes()).flatMap((each) => (each.ok ? [each.value] : [])),
      skills: registry.list().length,
      actors: system.actorCount,
      activeRuns: gate.active,
      work: gate.work,
      readiness: readinessNow(),
      halts: halts.status(),
      deadLetters: system.deadLetters.total,
      supervision: await reportOf(system, threadSupervisor),
      processors: cpus().length,
      cluster: (await place?.status()) ?? null,
      policy: rules.status,
    }),
    deadLetters: () => system.deadLetters.list(),
    facts: () => ({
      work: gate.work,
      activeRuns: gate.active,
      load: loadOf(gate.active),
      threads: group.names.length,
      members: place?.members().map((member) => member.node) ?? [],
    }),
    drain: ({ timeoutMs }) => gate.drain(timeoutMs),
    onDrain: (handOver) => gate.onDrain(handOver),
    resume: () => gate.resume(),
    halts,
    approvals: rules.approvals,
    ended: system.terminated,
    close: () => {
      closing ??= (async () => {
        rules.close();
        await virtual?.close();
        await halts.close();
        await system.shutdown({ drainMs: DRAIN_MS * 2 });
        await skills.close();
        await place?.leave();
        await metrics?.close();
        await group.close();
        await effects.close();
        await cluster?.close();
        tracing.stop();
        await closeStores(stores);
      })();
      return closing;
    },
  };
  const onWhole = (): void => {
    describe();
    virtual?.actors.reconsider();
  };
  const ready = async (phase: (name: string) => void): Promise<Result<void>> => {
    const linked = await threadsLinked(system, names);
    if (!linked.ok) return linked;
    const prepared = await effects.prepare();
    if (!prepared.ok) return prepared;
    phase(`threads ${names.join(', ')}`);
    await rules.begin();
    const joined = await place?.join();
    if (joined?.ok === false) return joined;
    const opened = openNodeVirtual({
      ...{ system, ports: realPorts, cluster: cluster?.options, settings: options.virtual ?? {} },
      members: () => place?.members() ?? [],
      halted: halts.whole,
      dataDir: options.dataDir,
    });
    if (!opened.ok) return opened;
    virtual = opened.value;
    const halted = { pool, keepers, place, ...effects.poolArgs, onWhole };
    await halts.open({ ...halted, virtual: virtual.actors });
    if (place) {
      // A member once the orders of the cluster are read, so that nobody gives it work before.
      describe();
      place.enter();
      phase(`cluster ${place.name}`);
      if (cluster) skills.follow(cluster.options, id, options.virtual?.replicas);
    }
    actors = new NodeActors({
      ...{ system, registry, pool, log, virtual: virtual.actors },
      terms: () => ({
        grants: options.actorGrants ?? (rules.hasFile ? 'to-policy' : { log: true }),
        ceilings: policy ? [policy] : [],
      }),
    });
    skills.onTaken(() => actors?.host() ?? Promise.resolve(success(undefined)));
    const hosted = await actors.host();
    if (!hosted.ok) return hosted;
    for (const status of await sandboxes()) {
      if (!status.ok) return status;
    }
    phase('sandbox hosts');
    return success(undefined);
  };
  return { node, ready };
}
