/**
 * What a node tells Prometheus. Calls of skills are counted from the events of runs, so a metric and the journal never
 * disagree; the numbers of threads are read when a scrape asks. Labels are skills, error codes and thread names: all bounded.
 */
import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import type { RunEvent } from '../actors/index.ts';
import type { MemberReport } from '../cluster/index.ts';
import type { StructuredOutcome, Usage } from '../contracts/index.ts';
import type { SystemCounts } from '../kernel/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';
import type { RefusalCounts } from '../transport/index.ts';
import type { DelegationStatus } from './node-delegation.ts';

export interface NodeReadings {
  readonly threads: () => Promise<ReadonlyMap<string, SystemCounts>>;
  readonly activeRuns: () => number;
  readonly isReady: () => boolean;
  /** Halt orders that stand. */
  readonly haltOrders: () => number;
  readonly residentBytes: () => number;
  /** Empty for a node by itself. */
  readonly members: () => readonly MemberReport[];
  /** Null for a node by itself. */
  readonly delegation: () => Promise<DelegationStatus | null>;
  /** Of all threads, gossip too; empty for a node by itself. */
  readonly refused: () => Promise<RefusalCounts>;
}

const LATENCY_BOUNDS_S = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

export interface RunCounter {
  readonly event: (event: RunEvent) => void;
  readonly outcome: (outcome: StructuredOutcome) => void;
}

export function countRuns(meter: Meter): RunCounter {
  const counter = (name: string, description: string) => meter.createCounter(name, { description });
  const calls = counter('skein_calls_total', 'Calls of skills, each attempt one.');
  const errors = counter('skein_errors_total', 'Calls of skills that failed, by error code.');
  const cpu = counter('skein_cost_cpu_seconds_total', 'Processor time that skills used.');
  const egress = counter('skein_cost_egress_bytes_total', 'Bytes that skills got from outside.');
  const runs = counter('skein_runs_total', 'Runs that ended, by their outcome code or OK.');
  const latency = meter.createHistogram('skein_call_duration_seconds', {
    description: 'Elapsed time of one call of a skill in its sandbox.',
    advice: { explicitBucketBoundaries: LATENCY_BOUNDS_S },
  });
  const called = (skill: string, usage: Usage): void => {
    calls.add(1, { skill });
    latency.record(usage.wallMs / 1_000, { skill });
    cpu.add(usage.cpuMs / 1_000, { skill });
    egress.add(usage.egressBytes, { skill });
  };
  return {
    event: (event) => {
      if (event.type !== 'attempt.succeeded' && event.type !== 'attempt.failed') return;
      called(event.skill, event.usage);
      if (event.type === 'attempt.failed')
        errors.add(1, { skill: event.skill, code: event.error.code });
    },
    outcome: (outcome) => runs.add(1, { code: outcome.ok ? 'OK' : outcome.error.code }),
  };
}

/** Denials of the policy and of what was granted, by the code that the skill got. */
export function countDenials(meter: Meter): (count: number, code: string) => void {
  const denials = meter.createCounter('skein_policy_denials_total', {
    description: 'Runs and host calls that were denied, by error code.',
  });
  return (count, code) => denials.add(count, { code });
}

const HOP_BOUNDS_S = [
  0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05,
  0.25, 1,
];

/** How long messages are on their way, from the spans of those that are sampled: nothing is measured on the path itself. */
export function measureSpans(meter: Meter): (spans: readonly SpanRecord[]) => void {
  const histogram = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      advice: { explicitBucketBoundaries: HOP_BOUNDS_S },
    });
  const propagation = histogram(
    'skein_epoch_propagation_seconds',
    'From the send on one thread to the receipt on another, of sampled messages.',
  );
  const dispatch = histogram(
    'skein_dispatch_seconds',
    'From the mailbox to the start of the turn, of sampled messages.',
  );
  return (spans) => {
    for (const { name, startMs, endMs, thread } of spans) {
      const seconds = Math.max(0, endMs - startMs) / 1_000;
      if (name === 'mailbox wait') dispatch.record(seconds, { thread });
      else if (name.startsWith('thread hop ')) propagation.record(seconds, { thread });
    }
  };
}

export function observeNode(meter: Meter, readings: NodeReadings): void {
  const gauge = (name: string, description: string) =>
    meter.createObservableGauge(name, { description });
  const total = (name: string, description: string) =>
    meter.createObservableCounter(name, { description });
  const actors = gauge('skein_actors', 'Living actors.');
  const asks = gauge('skein_pending_asks', 'Asks that wait for an answer.');
  const active = gauge('skein_active_runs', 'Runs that have not ended.');
  const ready = gauge('skein_ready', 'Whether work should be sent to the node: 1, or 0.');
  const halts = gauge('skein_halt_orders', 'Halt orders that stand on the node.');
  const resident = gauge('skein_resident_bytes', 'Memory of the node’s own process.');
  const members = gauge('skein_members', 'Members of the cluster that are not gone, by status.');
  const dead = total('skein_dead_letters_total', 'Messages that nobody received.');
  const full = total('skein_mailbox_overflows_total', 'Messages that full mailboxes gave up.');
  const refused = total(
    'skein_refused_packets_total',
    'Packets from the bus that were refused, by the reason.',
  );
  const failures = total('skein_failures_total', 'Actors that failed, by what they died of.');
  const delegations = total(
    'skein_delegations_total',
    'Calls of skills given to other nodes, by what became of them: an offer refused, completed, lost with its node, failed.',
  );
  const observe = async (result: BatchObservableResult): Promise<void> => {
    result.observe(active, readings.activeRuns());
    result.observe(ready, readings.isReady() ? 1 : 0);
    result.observe(halts, readings.haltOrders());
    result.observe(resident, readings.residentBytes());
    const seen = readings.members();
    for (const status of seen.length > 0 ? ['alive', 'suspect'] : []) {
      result.observe(members, seen.filter((each) => each.status === status).length, { status });
    }
    const delegated = await readings.delegation();
    for (const outcome of delegated ? (['refused', 'completed', 'lost', 'failed'] as const) : [])
      result.observe(delegations, delegated?.[outcome] ?? 0, { outcome });
    for (const [reason, count] of Object.entries(await readings.refused())) {
      result.observe(refused, count, { reason });
    }
    for (const [thread, counts] of await readings.threads()) {
      result.observe(actors, counts.actors, { thread });
      result.observe(asks, counts.pendingAsks, { thread });
      result.observe(dead, counts.deadLetters, { thread });
      result.observe(full, counts.mailboxOverflows, { thread });
      for (const [kind, count] of Object.entries(counts.failures)) {
        result.observe(failures, count, { thread, kind });
      }
    }
  };
  meter.addBatchObservableCallback(observe, [
    actors,
    asks,
    active,
    ready,
    halts,
    resident,
    members,
    delegations,
    dead,
    full,
    refused,
    failures,
  ]);
}
