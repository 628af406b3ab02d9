/**
 * `skein demo --nodes N`: processes that meet through NATS, a run whose steps other nodes do, and a node that is killed in the middle
 * of one: the run completes, what it does outside is done once.
 */
import { join } from 'node:path';
import { ControlClient, type RunAnswer } from '../../api/index.ts';
import type { Result } from '../../contracts/index.ts';
import { realPorts } from '../../host/index.ts';
import { type NodeStatus, type RunningGroup, startNodeGroup } from '../../runtime/index.ts';
import type { GroupEvent } from '../../supervisor/index.ts';
import { bold, green, milliseconds, printJson, printLine, red, reportError } from '../output.ts';
import { progressPrinter } from '../progress.ts';
import { showTrace } from '../trace.ts';
import type { DemoOptions } from './demo-options.ts';
import { type PriceFeed, startPriceFeed } from './price-feed.ts';
import { clusterPlan } from './price-plan.ts';
import { type ReportDesk, startReportDesk } from './report-desk.ts';

const FRONT = 'n1';
const LOOK_MS = 20;
const LOOKS_MAX = 500;

interface Killed {
  readonly name: string;
  readonly node: string | null;
  readonly pid: number;
}

interface World {
  readonly group: RunningGroup;
  readonly feed: PriceFeed;
  readonly desk: ReportDesk;
  readonly say: (text?: string) => void;
}

export async function clusterDemo(options: DemoOptions & { nodes: number }): Promise<number> {
  const say = options.json ? () => undefined : printLine;
  const startedMs = realPorts.clock.monotonicMs();
  const started = await startNodeGroup({
    dataDir: join(options.data, 'demo'),
    cluster: 'demo',
    nodes: Array.from({ length: options.nodes }, (_, at) => ({
      name: `n${at + 1}`,
      group: 'demo',
      threads: 1,
      labels: { role: at === 0 ? 'front' : 'worker' },
      limits: {},
    })),
    onEvent: (event) => say(eventLine(event)),
  });
  if (!started.ok) return reportError(started.error, options.json);
  const group = started.value;
  const interrupted = interruption(group);
  const ready = await group.supervisor.ready();
  if (!ready.ok) {
    await group.stop();
    return reportError(ready.error, options.json);
  }
  const readyMs = realPorts.clock.monotonicMs() - startedMs;
  say(`${bold(`${options.nodes} nodes`)} through ${group.nats}, ready in ${milliseconds(readyMs)}`);
  const world = { group, say, feed: await startPriceFeed(), desk: await startReportDesk() };
  const code = await show(world, options);
  await world.feed.close();
  await world.desk.close();
  if (!options.once && code === 0) {
    say(
      `\nthe nodes stay up; in another terminal: npx skein --data ${dataOf(group, FRONT)} status`,
    );
    say('Ctrl-C ends them.');
    await interrupted;
  }
  await group.stop();
  return code;
}

async function show(world: World, options: DemoOptions): Promise<number> {
  const { feed, desk, group, say } = world;
  say(`a price feed at ${feed.url} hangs once, then answers 503 once, then gives sample data`);
  say(
    `a desk at ${desk.url} books reports, and leaves the first who brings one without an answer\n`,
  );
  const onEvent = options.json
    ? () => undefined
    : progressPrinter(realPorts.clock.monotonicMs, printLine);
  const text = JSON.stringify(clusterPlan(feed, desk));
  const client = new ControlClient(dataOf(group, FRONT));
  const running = client.run({ target: { kind: 'plan-text', text } }, onEvent);
  const killed = await Promise.race([killWhoReports(world), running.then(() => undefined)]);
  const answer: Result<RunAnswer> = await running;
  if (!answer.ok) return reportError(answer.error, options.json);
  const { outcome, spans } = answer.value;
  const nodes = [...new Set(spans.flatMap(({ thread }) => nodeOf(thread)))];
  const isOnce = desk.booked().length === 1 && desk.requests() > 1;
  if (options.json) {
    const effects = { requests: desk.requests(), booked: desk.booked().length };
    printJson({ ...outcome, killed: killed ?? null, effects, nodesInTrace: nodes, spans });
  } else {
    say();
    say(JSON.stringify(outcome.ok ? outcome.value : outcome.error, null, 2));
    say();
    showTrace(spans);
    say();
    say(
      `in the trace: ${FRONT}, which carried the run out, and ${nodes.join(', ') || 'nobody else'}`,
    );
    const asked = `the desk was asked ${desk.requests()} times with one key and booked ${desk.booked().length} report`;
    say(`${isOnce ? green('once') : red('not once')} ${asked}`);
  }
  return outcome.ok && isOnce && killed ? 0 : 1;
}

/** Kills the process of the node that brought the first report: it waits for an answer that does not come. */
async function killWhoReports({ desk, group, say }: World): Promise<Killed | undefined> {
  await desk.firstCame;
  for (let look = 0; look < LOOKS_MAX; look++) {
    for (const { name, node, pid } of group.supervisor.nodes()) {
      const status = await new ControlClient(dataOf(group, name)).get<NodeStatus>('/v1/status');
      const isAtWork = status.ok && (status.value.cluster?.delegation?.activeForOthers ?? 0) > 0;
      if (!isAtWork || pid === null) continue;
      say(`${red('kill -9')} ${name} (${node}), process ${pid}, in the middle of its step`);
      process.kill(pid, 'SIGKILL');
      return { name, node, pid };
    }
    await new Promise<void>((resolve) => void realPorts.timers.after(LOOK_MS, resolve));
  }
  return undefined;
}

const dataOf = ({ supervisor }: RunningGroup, name: string): string =>
  supervisor.settingsOf(name)?.dataDir ?? '';

const nodeOf = (thread: string): readonly string[] => {
  const cut = thread.indexOf('/');
  return cut < 0 ? [] : [thread.slice(0, cut)];
};

function eventLine(event: GroupEvent): string {
  const what = event.kind === 'phase' ? event.phase : `${event.state} ${event.detail ?? ''}`;
  const isBad = event.kind === 'state' && (event.state === 'waiting' || event.state === 'failed');
  return `${isBad ? red(event.name) : green(event.name)} ${what}`.trimEnd();
}

/** The first Ctrl-C ends the nodes in order, the second at once. */
function interruption(group: RunningGroup): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const stop = (): void => {
    if (++count > 1) process.exit(130);
    void group.stop();
    resolve();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return promise;
}
