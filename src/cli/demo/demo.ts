/** `skein demo`, which is `npm start`: a node, a failing price feed, a run that gets through, its trace; then it stays up. */
import { startControlServer } from '../../api/index.ts';
import { realPorts } from '../../host/index.ts';
import type { SkeinNode } from '../../runtime/index.ts';
import { startLocalNode } from '../local-node.ts';
import { green, printJson, printLine, reportError } from '../output.ts';
import { progressPrinter } from '../progress.ts';
import { showTrace } from '../trace.ts';
import { clusterDemo } from './cluster-demo.ts';
import type { DemoOptions } from './demo-options.ts';
import { startPriceFeed } from './price-feed.ts';
import { pricePlan } from './price-plan.ts';

export async function demoCommand(options: DemoOptions): Promise<number> {
  if (options.nodes > 1) return clusterDemo(options);
  const say = options.json ? () => undefined : printLine;
  const started = await startLocalNode({
    dataDir: options.data,
    endsByInterrupt: !options.once,
    onPhase: ({ name, elapsedMs }) => say(`${green('up')} ${name} (${Math.round(elapsedMs)} ms)`),
  });
  if (!started.ok) return reportError(started.error, options.json);
  const node = started.value;
  const control = await startControlServer(node, options.data);
  if (!control.ok) {
    await node.close();
    return reportError(control.error, options.json);
  }
  const code = await showPrices(node, options, say);
  if (options.once) {
    await control.value.close();
    await node.close();
    return code;
  }
  say(
    `\nthe node stays up; in another terminal: npx skein status, npx skein run hello --input '{"name":"you"}'. Ctrl-C ends it.`,
  );
  await node.ended;
  await control.value.close();
  await node.close();
  return code;
}

async function showPrices(
  node: SkeinNode,
  options: DemoOptions,
  say: (text?: string) => void,
): Promise<number> {
  const feed = await startPriceFeed();
  say(
    `${node.skills().length} skills: ${node
      .skills()
      .map(({ manifest }) => manifest.name)
      .join(', ')}`,
  );
  say(`a price feed at ${feed.url} hangs once, then answers 503 once, then gives sample data\n`);
  const onEvent = options.json
    ? () => undefined
    : progressPrinter(realPorts.clock.monotonicMs, printLine);
  const outcome = await node.execute({ target: { kind: 'plan', plan: pricePlan(feed) } }, onEvent);
  await feed.close();
  const spans = await node.trace(outcome.correlationId, 'asked');
  if (options.json) printJson({ ...outcome, feedRequests: feed.requests(), spans });
  else {
    printLine();
    printLine(JSON.stringify(outcome.ok ? outcome.value : outcome.error, null, 2));
    printLine();
    showTrace(spans);
  }
  return outcome.ok ? 0 : 1;
}
