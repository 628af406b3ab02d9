/** `skein node`: one node that joins a cluster; by itself, or as a process of a group whose supervisor it answers to. */
import { startControlServer } from '../api/index.ts';
import type { ByteStream, Result, SkeinError } from '../contracts/index.ts';
import { openParentPipe, realPorts } from '../host/index.ts';
import { parseLabels, type SkeinNode } from '../runtime/index.ts';
import { type FromNode, lineOf, readToNode } from '../supervisor/index.ts';
import type { LogLevel } from '../telemetry/index.ts';
import { profileOf } from './contract.ts';
import { startLocalNode } from './local-node.ts';
import { type GlobalOptions, green, printJson, printLine, reportError } from './output.ts';

export interface NodeCommandOptions extends GlobalOptions {
  readonly cluster: string;
  readonly nats?: string;
  readonly natsCreds?: string;
  readonly natsCa?: string;
  readonly directHost?: string;
  readonly label: readonly string[];
  readonly threads: number;
  readonly slots?: number;
  readonly warmHosts?: number;
  readonly threadHeap?: number;
  readonly policy?: string;
  readonly log?: LogLevel;
  readonly supervised?: boolean;
}

const FACTS_MS = 250;
/** For a node whose supervisor is gone: after this long it ends without order. */
const ORPHAN_MS = 10_000;

export async function nodeCommand(options: NodeCommandOptions): Promise<number> {
  const parent = options.supervised ? openParentPipe() : undefined;
  if (parent && !parent.ok) return reportError(parent.error, options.json);
  const pipe = parent?.value;
  const say = (message: FromNode): void => pipe?.write(lineOf(message));
  const fail = (error: SkeinError): number => {
    say({ kind: 'failed', error });
    return reportError(error, options.json);
  };
  const started = await start(options, say, pipe !== undefined);
  if (!started.ok) return fail(started.error);
  const node = started.value;
  const control = await startControlServer(node, options.data);
  if (!control.ok) {
    await node.close();
    return fail(control.error);
  }
  if (pipe) answerTo(pipe, node, say);
  else sayReady(node, options);
  await node.ended;
  await control.value.close();
  await node.close();
  return 0;
}

async function start(
  options: NodeCommandOptions,
  say: (message: FromNode) => void,
  isSupervised: boolean,
): Promise<Result<SkeinNode>> {
  const labels = parseLabels(options.label);
  if (!labels.ok) return labels;
  const policy = await profileOf(options.policy);
  if (!policy.ok) return policy;
  const { cluster: name, nats, natsCreds, natsCa, directHost } = options;
  const { slots, warmHosts, threadHeap } = options;
  const isPlain = !options.json && process.stderr.isTTY === true;
  return startLocalNode({
    dataDir: options.data,
    endsByInterrupt: true,
    isSupervised,
    threads: options.threads,
    ...(policy.value ? { policy: policy.value } : {}),
    ...(slots === undefined ? {} : { slotsPerThread: slots }),
    ...(warmHosts === undefined ? {} : { warmHosts }),
    ...(threadHeap === undefined ? {} : { threadHeapMiB: threadHeap }),
    cluster: {
      name,
      labels: labels.value,
      ...(nats === undefined ? {} : { natsUrl: nats }),
      ...(natsCreds === undefined ? {} : { natsCredsFile: natsCreds }),
      ...(natsCa === undefined ? {} : { natsCaFile: natsCa }),
      ...(directHost === undefined ? {} : { directHost }),
    },
    log: { level: options.log ?? 'info', format: isPlain ? 'plain' : 'json' },
    onPhase: (phase) => {
      if (isSupervised) say({ kind: 'phase', ...phase });
      else if (options.json) printJson({ phase });
      else printLine(`${green('up')} ${phase.name} (${Math.round(phase.elapsedMs)} ms)`);
    },
  });
}

function sayReady(node: SkeinNode, { json, data, cluster }: NodeCommandOptions): void {
  if (json) printJson({ ready: { node: node.id, pid: process.pid, dataDir: data, cluster } });
  else printLine(`node ${node.id} is in cluster ${cluster}; data in ${data}. Ctrl-C ends it.`);
}

/** Tells the supervisor how it goes, does what it orders, and ends when it is gone. */
function answerTo(pipe: ByteStream, node: SkeinNode, say: (message: FromNode) => void): void {
  const { timers } = realPorts;
  let isOver = false;
  let told = '';
  const tellFacts = (): void => {
    if (isOver) return;
    const facts = node.facts();
    const text = JSON.stringify(facts);
    if (text !== told) say({ kind: 'facts', facts });
    told = text;
    timers.after(FACTS_MS, tellFacts);
  };
  const drain = async (timeoutMs: number): Promise<void> => {
    const drained = await node.drain({ timeoutMs });
    if (drained.ok) say({ kind: 'drained', report: drained.value });
    else say({ kind: 'not-drained', error: drained.error });
  };
  const end = (): void => {
    isOver = true;
    void node.close();
  };
  const read = readToNode((message) => {
    if (message.kind === 'stop') end();
    else if (message.kind === 'resume') node.resume();
    else void drain(message.timeoutMs);
  });
  pipe.onData((bytes) => {
    if (!read(bytes)) pipe.close();
  });
  pipe.onClose(() => {
    timers.after(ORPHAN_MS, () => process.exit(1));
    end();
  });
  say({ kind: 'ready', node: node.id });
  tellFacts();
}
