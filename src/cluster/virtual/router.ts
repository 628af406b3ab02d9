/**
 * The way of a message to a virtual actor, wherever that is: the node that the directory names, one hop; when that says that it is
 * not there the next candidate, a bounded number of times, a little later each time. A message that may have been run is not sent
 * again.
 */
import {
  type Log,
  MAIN_THREAD,
  type NodeId,
  type SkeinError,
  skeinError,
  type TraceContext,
} from '../../contracts/index.ts';
import {
  ActorRef,
  type ActorSystem,
  type AskResult,
  answered,
  notDelivered,
  unknown,
} from '../../kernel/index.ts';
import { AGENT_PATH, type Delivery, type VirtualAgent } from './agent.ts';
import type { KindHost } from './kind-host.ts';
import { notHere, type VirtualAnswer } from './virtual-actor.ts';
import { formatVirtualAddress } from './virtual-address.ts';

export interface RoutedMessage {
  readonly key: string;
  readonly type: string;
  readonly payload: unknown;
  readonly timeoutMs: number;
  readonly trace: TraceContext | undefined;
}

const TRIES_MAX = 100;
const BACKOFF_MS_MIN = 10;
const BACKOFF_MS_MAX = 500;
/** What a message may wait at the other side, so that others are tried too. */
const WAIT_MS_MAX = 2_000;
/** What is left then for its answer to come back in time: a late one says nothing. */
const ANSWER_SHARE = 0.1;
const ANSWER_MS_MIN = 100;

export class Router {
  readonly #system: ActorSystem;
  readonly #log: Log;

  constructor(system: ActorSystem, log: Log) {
    this.#system = system;
    this.#log = log;
  }

  async ask(host: KindHost, message: RoutedMessage): Promise<AskResult<unknown>> {
    const { clock, timers, random } = this.#system;
    const endMs = clock.monotonicMs() + message.timeoutMs;
    const avoided = new Set<string>();
    let reason = 'no node hosts it';
    for (let tries = 1; ; tries++) {
      const node = this.#next(host, message.key, avoided);
      const isInTime = tries === 1 || clock.monotonicMs() < endMs;
      if (node !== undefined && isInTime) {
        const answer = await this.#send(host, node, message, endMs);
        if (answer.kind === 'answered') return answered(answer.value);
        if (answer.kind === 'unknown') return unknown(answer.error);
        if (answer.kind === 'refused') return notDelivered(answer.error);
        reason = `${node}: ${answer.reason}`;
        const actor = addressIn(host, message.key);
        this.#log.debug('a virtual actor was not found where it was looked for', {
          ...{ actor, node, reason: answer.reason },
        });
        avoided.add(node);
      }
      const backoffMs = Math.min(BACKOFF_MS_MIN * 2 ** (tries - 1), BACKOFF_MS_MAX);
      const waitMs = backoffMs * (0.5 + random.next() / 2);
      if (tries >= TRIES_MAX || clock.monotonicMs() + waitMs >= endMs)
        return notDelivered(unreached(host, message.key, { tries, reason }));
      await new Promise<void>((resolve) => void timers.after(waitMs, resolve));
    }
  }

  /** Who said no is asked again when everybody has. */
  #next(host: KindHost, key: string, avoided: Set<string>): string | undefined {
    if (host.hasLive(key)) return this.#system.node;
    const route = host.route(key);
    const next = route.find((node) => !avoided.has(node));
    if (next !== undefined) return next;
    avoided.clear();
    return route[0];
  }

  async #send(
    host: KindHost,
    node: string,
    { key, type, payload, trace }: RoutedMessage,
    endMs: number,
  ): Promise<VirtualAnswer> {
    const options = () => ({
      timeoutMs: endMs - this.#system.clock.monotonicMs(),
      ...(trace === undefined ? {} : { trace }),
    });
    const leftMs = endMs - this.#system.clock.monotonicMs();
    const spareMs = leftMs - Math.max(ANSWER_MS_MIN, leftMs * ANSWER_SHARE);
    const waitMs = Math.max(0, Math.min(spareMs, WAIT_MS_MAX));
    if (node === this.#system.node)
      return host.deliver(key, waitMs, (ref) => this.#system.ask(ref, type, payload, options()));
    const agent: VirtualAgent = new ActorRef(node as NodeId, MAIN_THREAD, AGENT_PATH, 0);
    const { kind } = host.definition;
    const delivery: Delivery = { kind, key, type, payload, waitMs };
    const result = await this.#system.ask(agent, 'deliver', delivery, options());
    if (result.kind === 'answered') return readAnswer(result.value);
    if (result.kind === 'unknown') return { kind: 'unknown', error: result.error };
    const isFinal = result.error.code === 'MESSAGE_INVALID';
    return isFinal
      ? { kind: 'refused', error: result.error }
      : notHere(result.error.message.slice(0, 200));
  }
}

const KINDS: ReadonlySet<unknown> = new Set(['answered', 'not-here', 'refused', 'unknown']);

/** Another version of this program may answer something else: then it may have run. */
function readAnswer(value: unknown): VirtualAnswer {
  const { kind } = Object(value) as VirtualAnswer;
  if (KINDS.has(kind)) return value as VirtualAnswer;
  return { kind: 'unknown', error: skeinError('INTERNAL', { reason: 'an answer of no kind' }) };
}

const addressIn = ({ definition: { kind } }: KindHost, key: string): string =>
  formatVirtualAddress({ kind, key });

const unreached = (
  host: KindHost,
  key: string,
  why: { readonly tries: number; readonly reason: string },
): SkeinError => skeinError('VIRTUAL_UNREACHABLE', { actor: addressIn(host, key), ...why });
