/** `skein up --nodes N` and `skein up -f cluster.yaml`: node processes under a supervisor, until Ctrl-C. */
import { resolve } from 'node:path';
import { ControlClient, startGroupServer } from '../api/index.ts';
import { failure, type Result, success } from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import {
  type ClusterPlan,
  equalNodes,
  GroupOperator,
  type GroupStatus,
  type RunningGroup,
  readClusterFile,
  startNodeGroup,
} from '../runtime/index.ts';
import type { GroupEvent } from '../supervisor/index.ts';
import { bold, milliseconds, printJson, printLine, reportError } from './output.ts';
import { factsOf, Timeline } from './timeline.ts';
import { trustOptions } from './trust-flags.ts';
import type { UpOptions } from './up-options.ts';
import { buildVersion } from './version.ts';

/** Of the time that a node may take to get ready, for each wave of processes. */
const NODES_AT_ONCE = 4;

export async function upGroupCommand(options: UpOptions): Promise<number> {
  const version = await buildVersion();
  const plan = await planOf(options, version);
  if (!plan.ok) return reportError(plan.error, options.json);
  const taken = await new ControlClient(options.data).get<{ readonly pid: number }>('/v1/status');
  if (taken.ok) {
    const { pid } = taken.value;
    const { error } = failure('NODE_RUNNING', { dataDir: options.data, pid });
    return reportError(error, options.json);
  }
  const timeline = new Timeline('up', options);
  const group = await start(plan.value, options, timeline);
  if (!group.ok) {
    await timeline.report('failed', factsOf({ error: group.error }));
    return reportError(group.error, options.json);
  }
  const interrupted = interruption(group.value);
  const operator = new GroupOperator(group.value, version);
  const code = await serve(group.value, operator, { options, timeline, interrupted });
  await group.value.stop();
  return code;
}

/** A file says it all; without one the nodes are equal. */
async function planOf(options: UpOptions, version: string): Promise<Result<ClusterPlan>> {
  const { file, nodes = 1, threads, policy, cluster = 'default', nats, controlLease } = options;
  const foreign = Object.entries({
    '--skills': options.skills.length > 0,
    '--metrics-port': options.metricsPort !== undefined,
    '--recover-journal': options.recoverJournal === true,
    '--direct-host': options.directHost !== undefined,
    '--trusted-key': options.trustedKey !== undefined,
    '--control-lease': file !== undefined && controlLease !== undefined,
    '--nodes': file !== undefined && options.nodes !== undefined,
  }).find(([, isGiven]) => isGiven)?.[0];
  if (foreign !== undefined) {
    const found = file === undefined ? 'it beside --nodes' : 'it beside --file';
    return failure('ARGUMENT_INVALID', {
      argument: foreign,
      found,
      expected: 'one without the other',
    });
  }
  if (file !== undefined) {
    const plan = await readClusterFile(file, version);
    if (!plan.ok || nats === undefined) return plan;
    return success({ ...plan.value, natsUrl: nats });
  }
  const { sandboxLevel, jitless, effects, secrets } = options;
  const limits = {
    ...(policy === undefined ? {} : { policy: resolve(policy) }),
    ...(effects === undefined ? {} : { effects: resolve(effects) }),
    ...(secrets === undefined ? {} : { secrets: resolve(secrets) }),
    ...(sandboxLevel === undefined ? {} : { sandboxLevel }),
    ...(jitless === undefined ? {} : { jitless }),
    ...(controlLease === undefined ? {} : { controlLeaseMs: controlLease }),
  };
  return success({
    cluster,
    ...(nats === undefined ? {} : { natsUrl: nats }),
    nodes: equalNodes(nodes, threads).map((node) => ({ ...node, limits })),
  });
}

async function start(
  plan: ClusterPlan,
  options: UpOptions,
  timeline: Timeline,
): Promise<Result<RunningGroup>> {
  const isPlain = !options.json && process.stderr.isTTY === true;
  const group = await startNodeGroup({
    ...plan,
    ...(options.natsCreds === undefined ? {} : { natsCredsFile: options.natsCreds }),
    ...(options.natsCa === undefined ? {} : { natsCaFile: options.natsCa }),
    dataDir: options.data,
    ...trustOptions(options),
    log: { level: options.log ?? 'warn', format: isPlain ? 'plain' : 'json' },
    onEvent: (event) => noteEvent(timeline, event),
    onStderr: (_name, text) => void process.stderr.write(text),
  });
  if (group.ok) timeline.note('nats', { detail: group.value.nats });
  return group;
}

function noteEvent(timeline: Timeline, event: GroupEvent): void {
  const { name } = event;
  if (event.kind === 'phase') {
    const detail = `${event.phase} (${Math.round(event.phaseMs)} ms)`;
    return timeline.note(`${name} phase`, { detail });
  }
  const isBad = event.state === 'failed' || event.state === 'waiting';
  const detail = event.detail ?? (event.state === 'ready' ? (event.node ?? undefined) : undefined);
  timeline.note(`${name} ${event.state}`, {
    ok: !isBad,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** The first Ctrl-C ends the group in order, the second at once: nodes and nats-server end with this process. */
function interruption(group: RunningGroup): Promise<void> {
  const { promise, resolve: interrupted } = Promise.withResolvers<void>();
  let count = 0;
  const stop = (): void => {
    if (++count > 1) process.exit(130);
    process.stderr.write('stopping; once more to stop at once\n');
    void group.stop();
    interrupted();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return promise;
}

interface Serving {
  readonly options: UpOptions;
  readonly timeline: Timeline;
  readonly interrupted: Promise<void>;
}

async function serve(
  group: RunningGroup,
  operator: GroupOperator,
  { options, timeline, interrupted }: Serving,
): Promise<number> {
  const control = await startGroupServer(operator, options.data, realPorts);
  if (!control.ok) return reportError(control.error, options.json);
  const { supervisor } = group;
  // One more: a node that ends while it starts gets another try.
  const waves = Math.ceil(supervisor.nodes().length / NODES_AT_ONCE) + 1;
  const ready = await Promise.race([supervisor.ready(supervisor.startMs * waves), interrupted]);
  const facts = factsOf({
    ...operator.status(),
    readyMs: ready?.ok ? timeline.elapsedMs() : null,
    error: ready && !ready.ok ? ready.error : null,
  });
  const report = await timeline.report(ready?.ok ? 'done' : 'failed', facts);
  let code = 0;
  if (ready?.ok) {
    sayReady(operator.status(), { options, elapsedMs: timeline.elapsedMs(), report });
    await interrupted;
  } else code = ready ? reportError(ready.error, options.json) : 130;
  await control.value.close();
  return code;
}

function sayReady(
  status: GroupStatus,
  said: { options: UpOptions; elapsedMs: number; report: string | undefined },
): void {
  const { options, elapsedMs, report } = said;
  const { cluster, nats, pid, nodes } = status;
  if (options.json) {
    const ids = nodes.map(({ name, node, pid: nodePid, dataDir }) => ({
      name,
      node,
      pid: nodePid,
      dataDir,
    }));
    const ready = { cluster, nats, pid, dataDir: options.data, nodes: ids, report: report ?? null };
    return printJson({ ready });
  }
  printLine();
  printLine(
    bold(`cluster ${cluster}: ${nodes.length} nodes are ready after ${milliseconds(elapsedMs)}`),
  );
  for (const { name, node, pid: nodePid, dataDir } of nodes)
    printLine(`  ${name.padEnd(12)} ${node}  process ${nodePid}  ${dataDir}`);
  if (report !== undefined) printLine(`  report in ${report}`);
  const data = options.data === '.skein' ? '' : ` --data ${options.data}`;
  printLine('next, in another terminal:');
  printLine(`  skein${data} status --watch`);
  printLine(`  skein${data} run hello --input '{"name":"you"}'`);
  printLine(`  skein${data} redeploy`);
  printLine('Ctrl-C ends them all.');
}
