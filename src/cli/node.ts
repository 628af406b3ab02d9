/** `skein node`: one node that joins a cluster; by itself, or as a process of a group whose supervisor it answers to. */
import { startControlServer } from '../api/index.ts';
import type { ByteStream, Result, SkeinError } from '../contracts/index.ts';
import { openParentPipe, realPorts } from '../host/index.ts';
import { parseLabels, type SkeinNode } from '../runtime/index.ts';
import { type FromNode, lineOf, readToNode, type ToNode } from '../supervisor/index.ts';
import type { LogLevel } from '../telemetry/index.ts';
import { type EffectsFlags, effectsOf } from './effects-options.ts';
import { startLocalNode } from './local-node.ts';
import { type GlobalOptions, green, printJson, printLine, reportError } from './output.ts';
import { policyOf } from './policy/policy-option.ts';
import { type SandboxFlags, sandboxOf } from './sandbox-options.ts';
import { type TrustFlags, trustOptions } from './trust-flags.ts';

export interface NodeCommandOptions extends GlobalOptions, SandboxFlags, TrustFlags, EffectsFlags {
  readonly cluster: string;
  readonly nats?: string;
  readonly natsCreds?: string;
  readonly natsCa?: string;
  readonly directHost?: string;
  readonly trustedKey?: readonly string[];
  /** Milliseconds. */
  readonly controlLease?: number;
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
  const orders = pipe && new Orders(pipe, say);
  const started = await start(options, say, pipe !== undefined);
  if (!started.ok) return fail(started.error);
  const node = started.value;
  const control = await startControlServer(node, options.data);
  if (!control.ok) {
    await node.close();
    return fail(control.error);
  }
  if (orders) orders.obey(node);
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
  const policy = await policyOf(options.policy);
  if (!policy.ok) return policy;
  const effects = await effectsOf(options);
  if (!effects.ok) return effects;
  const { cluster: name, nats, natsCreds, natsCa, directHost, trustedKey } = options;
  const { slots, warmHosts, threadHeap, controlLease } = options;
  const isPlain = !options.json && process.stderr.isTTY === true;
  return startLocalNode({
    dataDir: options.data,
    endsByInterrupt: true,
    isSupervised,
    threads: options.threads,
    ...policy.value,
    ...sandboxOf(options),
    ...trustOptions(options),
    ...effects.value,
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
      ...(trustedKey === undefined ? {} : { trustedKeys: trustedKey }),
      ...(controlLease === undefined ? {} : { controlLeaseMs: controlLease }),
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

/** Tells the supervisor how the node is, does what it orders, and ends when it is gone. */
class Orders {
  readonly #say: (message: FromNode) => void;
  #node: SkeinNode | undefined;
  #isOver = false;
  #told = '';

  constructor(pipe: ByteStream, say: (message: FromNode) => void) {
    this.#say = say;
    const read = readToNode((message) => this.#receive(message));
    pipe.onData((bytes) => {
      if (!read(bytes)) pipe.close();
    });
    pipe.onClose(() => {
      realPorts.timers.after(ORPHAN_MS, () => process.exit(1));
      this.#end();
    });
  }

  obey(node: SkeinNode): void {
    this.#node = node;
    this.#say({ kind: 'ready', node: node.id });
    this.#tellFacts(node);
  }

  #receive(message: ToNode): void {
    if (message.kind === 'stop') this.#end();
    else if (message.kind === 'resume') this.#node?.resume();
    else void this.#drain(message.timeoutMs);
  }

  async #drain(timeoutMs: number): Promise<void> {
    const drained = await this.#node?.drain({ timeoutMs });
    if (drained?.ok) this.#say({ kind: 'drained', report: drained.value });
    else if (drained) this.#say({ kind: 'not-drained', error: drained.error });
  }

  /** Sandbox hosts die with the pipe to this process, so a node that is still starting leaves at once. */
  #end(): void {
    this.#isOver = true;
    if (!this.#node) process.exit(0);
    void this.#node.close();
  }

  #tellFacts(node: SkeinNode): void {
    if (this.#isOver) return;
    const facts = node.facts();
    const text = JSON.stringify(facts);
    if (text !== this.#told) this.#say({ kind: 'facts', facts });
    this.#told = text;
    realPorts.timers.after(FACTS_MS, () => this.#tellFacts(node));
  }
}
