/** The kill switch of a group: an order goes by one of its nodes to the whole cluster; what is for each node alone goes to each. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { failure, type Ports, type Result, success } from '../contracts/index.ts';
import type { GroupOperator, HaltAnswer, HaltReleased, HaltStatus } from '../runtime/index.ts';
import { ControlClient } from './control-client.ts';
import { readChecked, send, sendError, sendResult, sendValue } from './control-http.ts';
import { checkHalt, checkHaltRelease } from './control-protocol.ts';

type World = Pick<Ports, 'timers'>;
type Node = ReturnType<GroupOperator['nodes']>[number];

/** A node that has not answered by then is not waited for: the next one is given the same order, of the same ID. */
const STAGGER_MS = 300;
/** On top of the time that receipts have. */
const GRACE_MS = 500;

/** `path` is what follows `/v1/halts`. */
export async function serveGroupHalt(
  group: GroupOperator,
  { timers }: World,
  [name, act]: readonly [string | undefined, string | undefined],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const nodes = group.nodes().filter(({ pid }) => pid !== null);
  const ask = (node: Node, path: string, body: object, timeoutMs: number) =>
    within(timers, timeoutMs, new ControlClient(node.dataDir).post<never>(path, body));
  if (request.method === 'GET') return sendValue(response, await statuses(nodes, timers));
  if (name === undefined) {
    const body = await readChecked(request, checkHalt);
    if (!body.ok) return sendError(response, body.error);
    const order = { ...body.value, scope: scopeIn(group, body.value.scope) };
    const patienceMs = order.timeoutMs + GRACE_MS;
    const give = (node: Node): Promise<Result<HaltAnswer>> =>
      ask(node, '/v1/halts', order, patienceMs);
    if (order.reach === 'cluster') return sendResult(response, await first(nodes, timers, give));
    const answers = await Promise.all(nodes.map(give));
    const all = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
    const [one] = all;
    if (!one) return sendResult(response, answers[0] ?? nobody());
    const failed = nodes.flatMap((node, at) => {
      const answer = answers[at];
      return answer && !answer.ok ? [silent(node, answer.error.message)] : [];
    });
    const confirmations = [...all.flatMap((answer) => answer.confirmations), ...failed];
    return sendValue(response, { ...one, confirmations });
  }
  if (act !== 'release') return send(response, 404, { error: { message: `there is no ${act}` } });
  const body = await readChecked(request, checkHaltRelease);
  if (!body.ok) return sendError(response, body.error);
  const path = `/v1/halts/${name}/release`;
  const patienceMs = body.value.timeoutMs + GRACE_MS;
  const answers: readonly Result<HaltReleased>[] = await Promise.all(
    nodes.map((node) => ask(node, path, body.value, patienceMs)),
  );
  return sendResult(response, releasedBy(answers));
}

/** Orders name nodes by their ID; in a group they have names too. */
function scopeIn<S extends { readonly kind: string; readonly name?: string }>(
  group: GroupOperator,
  scope: S,
): S {
  if (scope.kind !== 'node') return scope;
  const named = group.nodes().find(({ name }) => name === scope.name);
  return named?.node ? { ...scope, name: named.node } : scope;
}

async function statuses(nodes: readonly Node[], timers: World['timers']) {
  const ask = async ({ name, dataDir }: Node) => {
    const asked = new ControlClient(dataDir).get<HaltStatus>('/v1/halts');
    const status = await within(timers, GRACE_MS, asked);
    return { name, halts: status.ok ? status.value : null };
  };
  return { nodes: await Promise.all(nodes.map(ask)) };
}

/** The first good answer; nodes that are ready are asked first, each a little after the one before. */
async function first(
  nodes: readonly Node[],
  timers: World['timers'],
  give: (node: Node) => Promise<Result<HaltAnswer>>,
): Promise<Result<HaltAnswer>> {
  const inOrder = nodes.toSorted(
    (a, b) => Number(b.state === 'ready') - Number(a.state === 'ready'),
  );
  const { promise, resolve } = Promise.withResolvers<Result<HaltAnswer>>();
  let isOver = false;
  let last: Result<HaltAnswer> = nobody();
  const tries = inOrder.map(async (node, at) => {
    await new Promise<void>((due) => void timers.after(at * STAGGER_MS, due));
    if (isOver) return;
    last = await give(node);
    if (!last.ok) return;
    isOver = true;
    resolve(last);
  });
  void Promise.all(tries).then(() => resolve(last));
  return promise;
}

/** All that was released by whichever node knew it; the first failure when none did. */
function releasedBy(answers: readonly Result<HaltReleased>[]): Result<HaltReleased> {
  const good = answers.flatMap((answer) => (answer.ok ? [answer.value] : []));
  if (good.length === 0) return answers[0] ?? nobody();
  const byId = new Map<string, HaltAnswer>();
  for (const answer of good.flatMap(({ released }) => released)) {
    const { id, order } = answer.record;
    const before = byId.get(id);
    // An order of one node alone was given to each under one ID, and is confirmed by each.
    const isLocal = order?.reach === 'local';
    if (!before || !isLocal) byId.set(id, before ?? answer);
    else
      byId.set(id, {
        ...before,
        confirmations: [...before.confirmations, ...answer.confirmations],
      });
  }
  const setAside = good.flatMap((each) => each.setAside);
  return success({ released: [...byId.values()], setAside });
}

const silent = ({ name, node }: Node, reason: string) => ({
  node: node ?? name,
  receipt: null,
  elapsedMs: null,
  reason,
});

const nobody = () => failure('OVERLOADED', { reason: 'no node of the group runs' });

async function within<T>(
  timers: World['timers'],
  timeoutMs: number,
  asked: Promise<Result<T>>,
): Promise<Result<T>> {
  const late = Promise.withResolvers<Result<T>>();
  const reason = `no answer within ${timeoutMs} ms`;
  const timer = timers.after(timeoutMs, () =>
    late.resolve(failure('NODE_UNREACHABLE', { endpoint: 'its control socket', reason })),
  );
  const answer = await Promise.race([asked, late.promise]);
  timer.cancel();
  return answer;
}
