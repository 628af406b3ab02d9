/** `skein skills describe` and the status of a node: what a running node, or the data directory without one, has to say. */
import { ControlClient } from '../api/index.ts';
import type { Result, SkillPackage } from '../contracts/index.ts';
import { type NodeStatus, openRegistry } from '../runtime/index.ts';
import type { SandboxLevel } from '../sandbox/index.ts';
import { loadSkillPackage } from '../skills/index.ts';
import { printable } from '../telemetry/index.ts';
import { orderLine } from './halt.ts';
import {
  bold,
  dim,
  type GlobalOptions,
  milliseconds,
  printJson,
  printLine,
  reportError,
} from './output.ts';
import { notesOf, registryReport } from './skills/registry.ts';

const defences = ({ missing: _, namespaces, ...level }: SandboxLevel): string[] => [
  ...Object.entries(level).map(([name, value]) => `${name} ${value}`),
  `namespaces ${namespaces.join(' ') || 'none'}`,
];

export function nodeLines(status: NodeStatus): string[] {
  const lines: string[] = [];
  const work = status.work === 'ready' ? '' : ` (${status.work})`;
  const say = (line: string): void => void lines.push(line);
  say(
    `${bold(`node ${status.node}`)}  pid ${status.pid}, up ${milliseconds(status.uptimeMs)}, journal ${status.durability}`,
  );
  for (const order of status.halts.standing) say(`  ${orderLine(order)}`);
  if (status.halts.channel === 'away') say('  the control channel of the cluster is away');
  for (const { name, life } of status.threads) say(`  thread ${name}  life ${life}`);
  for (const { thread, level, living, warm } of status.sandboxes) {
    say(`  sandbox on ${thread}  ${living} hosts, ${warm} warm; ${defences(level).join(', ')}`);
    for (const { layer, how } of level.missing) say(`    without ${layer}: ${how}`);
  }
  const { isReady, reasons } = status.readiness;
  if (!isReady) say(`  not ready: ${reasons.join(', ')}`);
  say(
    `  ${status.skills} skills, ${status.actors} actors, ${status.activeRuns} runs${work}, ${status.deadLetters} dead letters`,
  );
  const { supervision, cluster, policy } = status;
  say(
    `  policy ${policy.file ?? policy.decidedBy}${policy.hash ? ` ${policy.hash.slice(0, 12)}` : ''}, ${policy.denials} denials`,
  );
  if (policy.problem !== null) say(`    ${policy.problem}`);
  if (cluster) {
    const state = cluster.isConnected ? 'connected' : 'away';
    say(`  cluster ${cluster.name}  NATS ${state} at ${cluster.nats}`);
    if (cluster.natsCredsFile) say(`    credentials in ${cluster.natsCredsFile}`);
    const slow = cluster.slowConsumers;
    if (slow?.lastAtMs) {
      const last = new Date(slow.lastAtMs).toISOString();
      say(`    ${slow.count} slow consumers cut off, the last at ${last}`);
    }
    const doubt = cluster.doubt ? `, in doubt of itself (${cluster.doubt} of 8)` : '';
    say(`    ${cluster.members.length} members${doubt}`);
    for (const { node, status: seen, facts } of cluster.members) {
      const isSelf = node === status.node ? ' (this node)' : '';
      const labels = Object.entries(facts.labels).map(([name, value]) => `, ${name}=${value}`);
      const work = facts.state === 'ready' ? '' : `, ${facts.state}`;
      const health = healthOf(node, cluster.health);
      say(
        `    member ${node}${isSelf}  ${seen}${work}, load ${facts.load}${labels.join('')}${health}`,
      );
    }
    if (cluster.delegation) say(`    ${delegationLine(cluster.delegation)}`);
    say(`    key ${cluster.key}`);
    for (const reason of Object.values(cluster.mismatches)) say(`    ${reason}`);
    for (const [reason, count] of Object.entries(cluster.refused))
      say(`    ${count} packets refused: ${reason}`);
    for (const { from, node, thread, path, backlogBytes } of cluster.peers)
      say(`    ${from} > ${node}/${thread}  by ${path}, ${backlogBytes} B waiting`);
  }
  if (supervision) say(`  ${supervision.totalRestarts} thread restarts`);
  for (const { child, reason, action } of supervision?.failures ?? [])
    say(`    ${child}: ${reason}; ${action}`);
  return lines;
}

function healthOf(node: string, health: NonNullable<NodeStatus['cluster']>['health']): string {
  const found = health.find((each) => each.node === node);
  if (!found) return '';
  const { score, roundTripMs, heardMsAgo } = found;
  const trip = roundTripMs === null ? '' : ` in ${milliseconds(roundTripMs)}`;
  return `, answers ${Math.round(score * 100)} %${trip}, heard ${milliseconds(heardMsAgo)} ago`;
}

const delegationLine = (counts: NonNullable<NonNullable<NodeStatus['cluster']>['delegation']>) =>
  `calls given away: ${counts.completed} completed, ${counts.lost} lost with a node, ${counts.failed} failed; ` +
  `for others: ${counts.activeForOthers} now, ${counts.acceptedForOthers} accepted, ${counts.refusedToOthers} refused`;

export async function describeSkillCommand(
  wanted: string,
  options: GlobalOptions,
): Promise<number> {
  const found = await findSkill(wanted, options.data);
  if (!found.ok) return reportError(found.error, options.json);
  const { manifest, contentHash } = found.value;
  if (options.json) printJson({ ...manifest, contentHash });
  else {
    const { name, version, description, ...rest } = manifest;
    printLine(`${bold(`${name}@${version}`)}  ${printable(description)}`);
    printLine(dim(`content ${contentHash}`));
    const report = await registryReport(options);
    const entry = report.ok
      ? report.value.entries.find((each) => each.contentHash === contentHash)
      : undefined;
    for (const note of entry ? notesOf(entry) : []) printLine(`  ${note}`);
    printLine(JSON.stringify(rest, null, 2));
  }
  return 0;
}

async function findSkill(wanted: string, dataDir: string): Promise<Result<SkillPackage>> {
  if (wanted.includes('/')) return loadSkillPackage(wanted);
  const remote = await new ControlClient(dataDir).get<SkillPackage>(
    `/v1/skills/${encodeURIComponent(wanted)}`,
  );
  if (remote.ok || remote.error.code !== 'NODE_UNREACHABLE') return remote;
  const registry = await openRegistry({ dataDir });
  return registry.ok ? registry.value.find(wanted) : registry;
}
