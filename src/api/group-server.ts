/** The control endpoint of a group: its own status and operations, and what any of its nodes can answer, asked of a node. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Type from 'typebox';
import {
  checker,
  failure,
  type Ports,
  type Result,
  type SkeinError,
  success,
} from '../contracts/index.ts';
import type { ActiveActor, ExecuteRequest, GroupOperator, RunSummary } from '../runtime/index.ts';
import type { GroupNode } from '../supervisor/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';
import { ControlClient } from './control-client.ts';
import {
  type ControlServer,
  listenForControl,
  readBody,
  readChecked,
  send,
  sendError,
  sendResult,
  sendValue,
} from './control-http.ts';
import type { RedeployLine, RunLine } from './control-protocol.ts';
import { checkDrain, checkRun } from './control-server.ts';
import { serveGroupHalt } from './group-halts.ts';
import { approvalsOfAll, auditOfAll, ofWhoeverHas } from './group-policy.ts';
import { GroupRuns } from './group-runs.ts';

const checkRedeploy = checker(
  Type.Object(
    {
      group: Type.Optional(Type.String({ maxLength: 64 })),
      file: Type.Optional(Type.String({ minLength: 1 })),
      timeoutMs: Type.Integer({ minimum: 1, maximum: 86_400_000 }),
    },
    { additionalProperties: false },
  ),
);

interface Served {
  readonly group: GroupOperator;
  readonly runs: GroupRuns;
  readonly ports: Pick<Ports, 'timers'>;
}

/** Failures: NODE_RUNNING, CONFIG_INVALID. */
export function startGroupServer(
  group: GroupOperator,
  dataDir: string,
  ports: Pick<Ports, 'clock' | 'timers'>,
): Promise<Result<ControlServer>> {
  const served = { group, runs: new GroupRuns(group, ports), ports };
  return listenForControl(dataDir, (request, response) => serve(served, request, response));
}

async function serve(
  { group, runs, ports }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://group');
  const [, version, room = '', name = '', act] = pathname.split('/');
  switch (`${request.method} ${version}/${room}`) {
    case 'GET v1/status':
      return sendValue(response, { ...group.status(), waitingRuns: runs.waiting });
    case 'GET v1/halts':
    case 'POST v1/halts':
      return serveGroupHalt(group, ports, [name === '' ? undefined : name, act], request, response);
    case 'POST v1/runs':
      return serveRun(runs, request, response);
    case 'POST v1/redeploy':
      return serveRedeploy(group, request, response);
    case 'POST v1/nodes': {
      const node = decodeURIComponent(name);
      if (act === 'resume') return sendResult(response, group.resume(node));
      const body = await readChecked(request, checkDrain);
      return sendResult(response, body.ok ? await group.drain(node, body.value.timeoutMs) : body);
    }
    case 'GET v1/traces':
      return sendResult(response, await traceOf(group, pathname));
    case 'GET v1/skills':
    case 'GET v1/registry':
    case 'GET v1/dead-letters':
      return sendResult(response, await firstAnswer(group, (client) => client.get(pathname)));
    case 'GET v1/approvals': {
      const clients = clientsOf(group);
      return sendResult(
        response,
        await (name === ''
          ? approvalsOfAll(clients)
          : ofWhoeverHas(clients, (client) => client.get(pathname))),
      );
    }
    case 'GET v1/actors':
      return sendResult(response, await actorsOfAll(group));
    case 'POST v1/actors':
    case 'POST v1/skills':
    case 'POST v1/packages':
    case 'POST v1/yanks':
    case 'POST v1/contracts':
    case 'POST v1/approvals':
    case 'POST v1/queries': {
      const body = await readBody(request);
      return sendResult(response, body.ok ? await post(group, room, body.value as object) : body);
    }
    default:
      return send(response, 404, {
        error: { message: `there is no ${request.method} ${pathname}` },
      });
  }
}

async function serveRun(
  runs: GroupRuns,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const checked = await readChecked(request, checkRun);
  if (!checked.ok) return sendError(response, checked.error);
  const write = startLines<RunLine>(response);
  const answer = await runs.run(checked.value as ExecuteRequest, (event) => write({ event }));
  write(answer.ok ? answer.value : { error: answer.error });
  response.end();
}

async function serveRedeploy(
  group: GroupOperator,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const checked = await readChecked(request, checkRedeploy);
  if (!checked.ok) return sendError(response, checked.error);
  const write = startLines<RedeployLine>(response);
  const result = await group.redeploy(checked.value, (step) => write({ step }));
  write(result.ok ? { done: result.value } : { error: result.error });
  response.end();
}

/** Headers go at once: a client that waits for the first line knows that it was heard. */
function startLines<T>(response: ServerResponse): (line: T | { error: SkeinError }) => void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  return (line) => void response.write(`${JSON.stringify(line)}\n`);
}

const READING = ['ready', 'draining', 'drained'];

const isReading = ({ state }: GroupNode): boolean => READING.includes(state);

const clientsOf = (group: GroupOperator): readonly ControlClient[] =>
  group
    .nodes()
    .filter(isReading)
    .map(({ dataDir }) => new ControlClient(dataDir));

const noNode = () => failure('OVERLOADED', { reason: 'no node of the group is ready' });

/** The answer of the first node that gives one; the last failure when none does. */
async function firstAnswer<T>(
  group: GroupOperator,
  ask: (client: ControlClient) => Promise<Result<T>>,
): Promise<Result<T>> {
  let last: Result<T> = noNode();
  for (const client of clientsOf(group)) {
    last = await ask(client);
    if (last.ok) return last;
  }
  return last;
}

/** Any node gathers the spans of all; its own threads are named by it, as those of the others are. */
async function traceOf(group: GroupOperator, path: string): Promise<Result<unknown>> {
  let last: Result<unknown> = noNode();
  for (const { node, dataDir } of group.nodes().filter(isReading)) {
    const spans = await new ControlClient(dataDir).get<readonly SpanRecord[]>(path);
    if (spans.ok)
      return success(spans.value.map((span) => ({ ...span, thread: named(span.thread, node) })));
    last = spans;
  }
  return last;
}

const named = (thread: string, node: string | null): string =>
  thread.includes('/') || node === null ? thread : `${node}/${thread}`;

async function post(group: GroupOperator, room: string, body: object): Promise<Result<unknown>> {
  const path = `/v1/${room}`;
  const ask = (client: ControlClient) => client.post<unknown>(path, body);
  if (room === 'skills') return registerAtAll(group, ask);
  if (room === 'actors') return askOne(group, ask);
  if ('kind' in body && body.kind === 'runs') return runsOfAll(group, body);
  if ('kind' in body && body.kind === 'audit') return auditOfAll(clientsOf(group), body);
  const isOfOne = room === 'approvals' || ('decision' in body && body.decision !== undefined);
  if (isOfOne) return ofWhoeverHas(clientsOf(group), ask);
  return firstAnswer(group, ask);
}

/** Of one node alone: a message may have been run although its answer was lost, so no other is asked after it. */
async function askOne(
  group: GroupOperator,
  ask: (client: ControlClient) => Promise<Result<unknown>>,
): Promise<Result<unknown>> {
  const [client] = clientsOf(group);
  return client ? ask(client) : noNode();
}

async function actorsOfAll(group: GroupOperator): Promise<Result<unknown>> {
  const path = '/v1/actors';
  const answers = await Promise.all(
    clientsOf(group).map((client) => client.get<readonly ActiveActor[]>(path)),
  );
  return success(answers.flatMap((answer) => (answer.ok ? answer.value : [])));
}

/** Every node has to hold a skill. Of several failures the first counts. */
async function registerAtAll(
  group: GroupOperator,
  ask: (client: ControlClient) => Promise<Result<unknown>>,
): Promise<Result<unknown>> {
  const answers = await Promise.all(clientsOf(group).map(ask));
  const failed = answers.find((answer) => !answer.ok);
  return failed ?? answers[0] ?? noNode();
}

/** Each node has the runs of its own journal; newest first, as of one. */
async function runsOfAll(group: GroupOperator, body: object): Promise<Result<unknown>> {
  const answers = await Promise.all(
    clientsOf(group).map((client) => client.post<readonly RunSummary[]>('/v1/queries', body)),
  );
  const failed = answers.find((answer) => !answer.ok);
  if (failed) return failed;
  const limit = 'limit' in body && typeof body.limit === 'number' ? body.limit : undefined;
  const all = answers.flatMap((answer) => (answer.ok ? answer.value : []));
  return success(all.toSorted((a, b) => b.startedAtMs - a.startedAtMs).slice(0, limit));
}
