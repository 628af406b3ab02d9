/** `skein halt`: throws the kill switch, waits for the receipt of every node, and releases what was halted. */
import { ControlClient } from '../api/index.ts';
import { type Result, type SkeinError, skeinError } from '../contracts/index.ts';
import { realPorts } from '../host/index.ts';
import type { Confirmation, HaltAnswer, HaltReleased, HaltStatus } from '../runtime/index.ts';
import {
  describeScope,
  type HaltOrder,
  type HaltScope,
  readReceipt,
  type Stopped,
} from '../sandbox/index.ts';
import { userName } from './halt-by.ts';
import { orderWithoutNode } from './halt-offline.ts';
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

const AWAY: ReadonlySet<string> = new Set(['NODE_UNREACHABLE', 'CONFIG_INVALID']);

export interface HaltOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly node?: string;
  readonly skill?: string;
  readonly tenant?: string;
  readonly reason: string;
  readonly by?: string;
  readonly local?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  readonly release?: string;
  readonly list?: boolean;
}

/** On top of the time that receipts have: the node gathers them. */
const GRACE_MS = 1_500;

/** Exit code 1 when a node has not confirmed. */
export async function haltCommand(options: HaltOptions): Promise<number> {
  const { json, release } = options;
  const scopes = scopesIn(options);
  const wanted = scopes.length + Number(release !== undefined) + Number(options.list === true);
  const [scope] = scopes;
  if (wanted !== 1) return reportError(oneOf(wanted), json);
  if (options.list) return list(options);
  if (release !== undefined) return releaseOrder(release, options);
  return order(scope as HaltScope, options);
}

function scopesIn({ all, node, skill, tenant }: HaltOptions): readonly HaltScope[] {
  return [
    ...(all ? [{ kind: 'all' } as const] : []),
    ...(node === undefined ? [] : [{ kind: 'node', name: node } as const]),
    ...(skill === undefined ? [] : [{ kind: 'skill', name: skill } as const]),
    ...(tenant === undefined ? [] : [{ kind: 'tenant', name: tenant } as const]),
  ];
}

const oneOf = (wanted: number): SkeinError =>
  skeinError('ARGUMENT_INVALID', {
    argument: 'what to halt',
    found: wanted === 0 ? 'nothing' : `${wanted} of them`,
    expected: 'one of --all, --node, --skill, --tenant, --release, --list',
  });

async function order(scope: HaltScope, options: HaltOptions): Promise<number> {
  const { json, local = false, timeout, data } = options;
  const { reason, by = userName() } = options;
  const id = `h-${Buffer.from(realPorts.random.bytes(8)).toString('hex')}`;
  const wish = { id, scope, reach: local ? 'local' : 'cluster', reason, by } as const;
  const asked = new ControlClient(data).post<HaltAnswer>('/v1/halts', {
    ...wish,
    timeoutMs: timeout,
  });
  const answer = await inTime(asked, timeout + GRACE_MS);
  if (answer === 'late' || !answer.ok) {
    // Nor is it asked through a folder that somebody else has made (CONFIG_INVALID): the orders in its data directory reach it all the same.
    const isAway = answer === 'late' || AWAY.has(answer.error.code);
    if (local && isAway) {
      const written = await orderWithoutNode(data, wish);
      return written.ok ? show([written.value], options) : reportError(written.error, json);
    }
    return reportError(answer === 'late' ? hangs(data, timeout) : answer.error, json);
  }
  return show([answer.value], options);
}

const hangs = (dataDir: string, timeoutMs: number): SkeinError =>
  skeinError('NODE_UNREACHABLE', {
    endpoint: dataDir,
    reason: `it does not answer within ${timeoutMs + GRACE_MS} ms; --local reaches its threads without it`,
  });

async function releaseOrder(id: string, options: HaltOptions): Promise<number> {
  const { json, timeout, data } = options;
  const { reason, by = userName() } = options;
  const asked = new ControlClient(data).post<HaltReleased>(
    `/v1/halts/${encodeURIComponent(id)}/release`,
    { reason, by, timeoutMs: timeout },
  );
  const answer = await inTime(asked, timeout + GRACE_MS);
  if (answer === 'late') return reportError(hangs(data, timeout), json);
  if (!answer.ok) return reportError(answer.error, json);
  const { released, setAside } = answer.value;
  if (!json) for (const file of setAside) printLine(`${file} is set aside`);
  if (released.length === 0 && !json && setAside.length === 0) printLine('no order stands');
  return show(released, options, setAside);
}

interface Judged {
  readonly node: string;
  readonly confirmed: boolean;
  readonly elapsedMs: number | null;
  readonly reason: string | null;
  readonly stopped: Stopped | null;
}

/** What a receipt says counts only with the signature of its node. */
function judge({ record }: HaltAnswer, confirmation: Confirmation): Judged {
  const { node, receipt, elapsedMs, reason } = confirmation;
  const act = record.release ? 'release' : 'halt';
  if (!receipt) return { node, confirmed: false, elapsedMs: null, reason, stopped: null };
  const read = readReceipt(receipt, { node, order: record.id, act });
  if (typeof read !== 'string')
    return { node, confirmed: true, elapsedMs, reason: null, stopped: read.stopped };
  const why = `its receipt is not to be believed: ${read}`;
  return { node, confirmed: false, elapsedMs: null, reason: why, stopped: null };
}

function show(
  answers: readonly HaltAnswer[],
  options: HaltOptions,
  setAside: readonly string[] = [],
): number {
  const judged = answers.map((answer) => ({
    order: answer.record.id,
    record: answer.record,
    nodes: answer.confirmations.map((each) => judge(answer, each)),
    receipts: answer.confirmations.flatMap(({ receipt }) => (receipt ? [receipt] : [])),
  }));
  const isDone = judged.every(({ nodes }) => nodes.every(({ confirmed }) => confirmed));
  if (options.json)
    printJson({ ok: isDone, orders: judged, ...(setAside.length > 0 ? { setAside } : {}) });
  else
    for (const { record, nodes } of judged) {
      const { order, release, id } = record;
      const scope = order ? describeScope(order.scope) : 'unknown';
      const what = release ? `no longer halts ${scope}` : `halts ${scope}`;
      const said = release ?? order;
      printLine(bold(`order ${id} ${what}, by ${said?.by}: ${said?.reason}`));
      for (const node of nodes) printLine(`  ${line(node, release === null)}`);
      if (!release) printLine(`  until: skein halt --release ${id}`);
    }
  return isDone ? 0 : 1;
}

function line({ node, confirmed, elapsedMs, reason, stopped }: Judged, isHalt: boolean): string {
  if (!confirmed) return `${node}  ${red('FAILED')}  ${reason}`;
  const head = `${node}  ${green('CONFIRMED')} in ${milliseconds(elapsedMs ?? 0)}`;
  if (!isHalt || !stopped) return reason ? `${head}  ${reason}` : head;
  const { runs, hostCalls, sandboxHosts, actors } = stopped;
  return `${head}  stopped ${runs} runs, ${hostCalls} host calls, ${sandboxHosts} sandbox hosts, ${actors} actors`;
}

async function list(options: HaltOptions): Promise<number> {
  const asked = new ControlClient(options.data).get<
    HaltStatus | { readonly nodes: readonly { name: string; halts: HaltStatus | null }[] }
  >('/v1/halts');
  const answer = await inTime(asked, options.timeout);
  if (answer === 'late') return reportError(hangs(options.data, options.timeout), options.json);
  if (!answer.ok) return reportError(answer.error, options.json);
  if (options.json) printJson(answer.value);
  else for (const each of listLines(answer.value)) printLine(each);
  return 0;
}

function listLines(
  status: HaltStatus | { readonly nodes: readonly { name: string; halts: HaltStatus | null }[] },
): readonly string[] {
  if (!('nodes' in status)) return standingLines(status);
  return status.nodes.flatMap(({ name, halts }) => [
    `${name}${halts ? '' : '  does not answer'}`,
    ...(halts ? standingLines(halts).map((each) => `  ${each}`) : []),
  ]);
}

function standingLines({ standing, channel }: HaltStatus): readonly string[] {
  const away = channel === 'away' ? ['the control channel is away'] : [];
  if (standing.length === 0) return ['no halt order stands', ...away];
  return [...standing.map(orderLine), ...away];
}

/** Of status too. */
export const orderLine = ({ id, scope, reach, by, atMs, reason }: HaltOrder): string =>
  `${red('HALTED')} ${describeScope(scope)}${reach === 'local' ? ' on this node' : ''} by order ${id} of ${by}${atMs > 0 ? `, ${new Date(atMs).toISOString()}` : ''}: ${reason}`;

async function inTime<T>(
  asked: Promise<Result<T>>,
  timeoutMs: number,
): Promise<Result<T> | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const timer = realPorts.timers.after(timeoutMs, () => late.resolve('late'));
  const answer = await Promise.race([asked, late.promise]);
  timer.cancel();
  return answer;
}
