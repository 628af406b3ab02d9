/** `skein status`: one screen about a node or a group, once or again each second. */
import { ControlClient } from '../api/index.ts';
import { keepAlive, realPorts } from '../host/index.ts';
import type { GroupStatus, NodeStatus } from '../runtime/index.ts';
import { nodeLines } from './inspect.ts';
import {
  bold,
  type GlobalOptions,
  green,
  milliseconds,
  printJson,
  printLine,
  red,
  reportError,
} from './output.ts';

export interface StatusOptions extends GlobalOptions {
  readonly watch?: boolean;
}

type Status = NodeStatus | (GroupStatus & { readonly waitingRuns: number });

const WATCH_MS = 1_000;
const HOME_AND_CLEAR = '\u001b[H\u001b[J';

export async function statusCommand(options: StatusOptions): Promise<number> {
  const client = new ControlClient(options.data);
  const status = await client.get<Status>('/v1/status');
  if (!status.ok) return reportError(status.error, options.json);
  show(status.value, options);
  return options.watch ? watch(client, options) : 0;
}

/** Until Ctrl-C, or nobody reads. A node that does not answer is said so, and asked again. */
async function watch(client: ControlClient, options: StatusOptions): Promise<number> {
  const letGo = keepAlive();
  let isOver = false;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    isOver = true;
    resolve();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  process.stdout.once('error', end);
  const look = async (): Promise<void> => {
    const status = await client.get<Status>('/v1/status');
    if (isOver) return;
    if (status.ok) show(status.value, options);
    else reportError(status.error, options.json);
    realPorts.timers.after(WATCH_MS, look);
  };
  realPorts.timers.after(WATCH_MS, look);
  await over;
  letGo();
  return 0;
}

function show(status: Status, { json, watch: isWatched }: StatusOptions): void {
  if (json) return printJson(status);
  const isScreen = isWatched && process.stdout.isTTY === true;
  const lines = 'nodes' in status ? groupLines(status) : nodeLines(status);
  printLine((isScreen ? HOME_AND_CLEAR : '') + lines.join('\n'));
}

const HEAD = [
  'name',
  'node',
  'pid',
  'state',
  'up',
  'load',
  'threads',
  'runs',
  'members',
  'restarts',
  'labels',
];

export function groupLines(status: GroupStatus & { readonly waitingRuns: number }): string[] {
  const { cluster, nats, pid, uptimeMs, nodes, isRedeploying, waitingRuns } = status;
  const ready = nodes.filter(({ state }) => state === 'ready').length;
  const rows = nodes.map(
    ({ name, node, pid: nodePid, state, uptimeMs: upMs, facts, restarts, labels }) => [
      name,
      node ?? '-',
      String(nodePid ?? '-'),
      state,
      upMs > 0 ? milliseconds(upMs) : '-',
      facts ? facts.load.toFixed(2) : '-',
      String(facts?.threads ?? '-'),
      String(facts?.activeRuns ?? '-'),
      facts ? `${facts.members.length}` : '-',
      String(restarts),
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ],
  );
  const widths = HEAD.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  const doing = isRedeploying ? ', redeploy under way' : '';
  const waiting = waitingRuns > 0 ? `, ${waitingRuns} runs wait for a node` : '';
  return [
    `${bold(`cluster ${cluster}`)}  ${ready} of ${nodes.length} nodes ready${doing}${waiting}`,
    `  supervisor ${pid}, up ${milliseconds(uptimeMs)}, NATS at ${nats}`,
    `  ${line(HEAD).trimEnd()}`,
    ...rows.map((row) => `  ${tint(row[3] ?? '')(line(row).trimEnd())}`),
    ...nodes.flatMap(({ name, error }) => (error ? [`  ${name}: ${error.message}`] : [])),
  ];
}

const same = (text: string): string => text;
const tint = (state: string) =>
  state === 'ready' ? green : state === 'failed' || state === 'waiting' ? red : same;
