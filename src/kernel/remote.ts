/** Links from this thread to others: envelopes go out as wire messages and come in as envelopes again. */
import {
  assertNever,
  type FramePort,
  LIMITS,
  MAIN_THREAD,
  skeinError,
  type ThreadName,
} from '../contracts/index.ts';
import { Link, type OtherMessage, type Peer, type UserMessage } from '../transport/index.ts';
import { ActorRef } from './actor-ref.ts';
import type { ActorSystem } from './actor-system.ts';
import type { AskResult, PendingAsk } from './ask.ts';
import type { ModuleOrigin } from './children.ts';
import { Envelope, NO_DEADLINE, RemoteAsker } from './envelope.ts';
import { toForeignSignal } from './foreign-signal.ts';
import { NodeLinks } from './node-links.ts';
import { ACCEPTED, type SendResult } from './send.ts';
import type { Signal } from './signal.ts';
import * as tracing from './tracing.ts';

/** On the wire: a message that nobody waits for. */
const NO_ASK = 0;

export class Remote {
  readonly #system: ActorSystem;
  readonly #links = new Map<ThreadName, Link>();
  readonly #nodes: NodeLinks;
  readonly #waiting = new Map<ThreadName, (() => void)[]>();
  #nextThread = 0;
  #isFlushPlanned = false;

  constructor(system: ActorSystem) {
    this.#system = system;
    this.#nodes = new NodeLinks(system, (link, peer, message) =>
      this.#receiveUser(link, peer, message),
    );
  }

  /** Links to threads of other nodes. */
  get nodes(): NodeLinks {
    return this.#nodes;
  }

  get threads(): readonly ThreadName[] {
    return [...this.#links.keys()];
  }

  connect(thread: ThreadName, port: FramePort): void {
    this.#links.get(thread)?.close('replaced by a new link');
    const link = new Link(port, {
      onUser: (message) => this.#receiveUser(link, { node: this.#system.node, thread }, message),
      onAnswer: (askId, answer) =>
        this.#system.asks.settleNumber(askId, answer as AskResult<unknown>),
      onOther: (message) => this.#receiveOther(message),
      onClosed: (reason) => {
        if (this.#links.get(thread) === link) this.#links.delete(thread);
        this.#system.log.debug('a link closed', { peer: thread, reason });
      },
    });
    this.#links.set(thread, link);
    link.listen();
    for (const resume of this.#waiting.get(thread) ?? []) resume();
    this.#waiting.delete(thread);
    this.flushSoon();
  }

  disconnect(thread: ThreadName, reason: string): void {
    this.#links.get(thread)?.close(reason);
  }

  whenConnected(thread: ThreadName, resume: () => void): void {
    if (this.#links.has(thread) || thread === this.#system.thread) return resume();
    this.#waiting.set(thread, [...(this.#waiting.get(thread) ?? []), resume]);
  }

  /** Threads in turn for `anywhere`: those that do nothing but run actors, or this one where there are none. */
  nextThread(): ThreadName {
    const workers = this.threads.filter((name) => name !== MAIN_THREAD).sort();
    return workers[this.#nextThread++ % workers.length] ?? this.#system.thread;
  }

  send(envelope: Envelope): SendResult {
    const link = this.#linkTo(envelope.target);
    if (!link) return this.#refuse(envelope, this.#noLink(envelope.target));
    if (envelope.target.node !== this.#system.node && this.#nodes.refuses(link)) {
      const { node, thread } = envelope.target;
      return this.#refuse(envelope, skeinError('PEER_AWAY', { peer: `${node}/${thread}` }));
    }
    if (!link.admits(envelope.sender)) return this.#refuse(envelope, notKeepingUp(envelope.target));
    const encoded = link.user(this.#toWire(envelope));
    if (encoded.ok) return this.#sent();
    const { type, target } = envelope;
    const facts = { actor: target.address, type, reason: encoded.reason };
    return this.#refuse(envelope, skeinError('MESSAGE_INVALID', facts));
  }

  answer(asker: RemoteAsker, answer: AskResult<unknown>, target: ActorRef, type: string): void {
    const { id: askId, link } = asker;
    const encoded = link.answer(askId, answer);
    if (!encoded.ok) {
      const reason = `its answer cannot be sent: ${encoded.reason}`;
      const error = skeinError('ACTOR_FAILED', { actor: target.address, type, reason });
      link.answer(askId, { kind: 'unknown', error });
    }
    this.#sent();
  }

  signal(ref: ActorRef, signal: Signal): void {
    const link = this.#linkTo(ref);
    if (!link) return this.#signalNobody(ref, signal);
    const isOwn = ref.node === this.#system.node;
    const said = isOwn ? signal : toForeignSignal(signal);
    if (said)
      link.other({ kind: 'signal', to: ref.path, incarnation: ref.incarnation, signal: said });
    this.#sent();
  }

  spawn(parent: ActorRef, child: ActorRef, origin: ModuleOrigin): void {
    this.whenConnected(child.thread, () => {
      const { url, exportName = 'default' } = origin.module;
      const { path, incarnation } = child;
      const message = {
        kind: 'spawn',
        path,
        incarnation,
        parent,
        module: url,
        exportName,
      } as const;
      const encoded = this.#links.get(child.thread)?.other({ ...message, args: origin.args });
      if (encoded && !encoded.ok) this.#spawnRefused(parent, child, encoded.reason);
      this.#sent();
    });
  }

  /** Called when the run queue is empty: all that this turn produced leaves as one frame a link. */
  readonly flush = (): void => {
    for (const link of this.#links.values()) link.flush();
    this.#nodes.flush();
  };

  /** For sends from outside any turn. */
  flushSoon(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.flush();
    });
  }

  close(): void {
    for (const link of [...this.#links.values()]) link.close('the system ended');
    this.#nodes.close();
  }

  #sent(): SendResult {
    this.flushSoon();
    return ACCEPTED;
  }

  #linkTo(ref: ActorRef): Link | undefined {
    return ref.node === this.#system.node ? this.#links.get(ref.thread) : this.#nodes.linkTo(ref);
  }

  #noLink(ref: ActorRef) {
    const thread = ref.node === this.#system.node ? ref.thread : `${ref.node}/${ref.thread}`;
    return skeinError('LINK_CLOSED', { thread });
  }

  #refuse(envelope: Envelope, error: ReturnType<typeof skeinError>): SendResult {
    this.#system.undelivered(envelope, error);
    return { kind: 'refused', error };
  }

  #signalNobody(ref: ActorRef, signal: Signal): void {
    if (signal.kind !== 'watch') return;
    const reason = { kind: 'failed', error: this.#noLink(ref) } as const;
    this.#system.signal(signal.watcher, { kind: 'terminated', ref, reason });
  }

  #spawnRefused(parent: ActorRef, child: ActorRef, why: string): void {
    const error = skeinError('SPAWN_FAILED', { actor: child.address, reason: why });
    const exit = { child, reason: { kind: 'failed', error }, escalated: false } as const;
    this.#system.signal(parent, { kind: 'child-failed', exit });
  }

  #toWire(envelope: Envelope): UserMessage {
    const { target, sender, type, payload, asker, deadlineMs, trace } = envelope;
    const { clock, asks } = this.#system;
    const ask = asker instanceof RemoteAsker ? this.#relay(envelope, asker) : asker;
    return {
      target,
      sender,
      type,
      payload,
      askId: ask === undefined ? NO_ASK : asks.numberOf(ask),
      leftMs: deadlineMs === NO_DEADLINE ? undefined : deadlineMs - clock.monotonicMs(),
      trace,
      sentAtMs: trace?.sampled ? clock.wallMs() : 0,
    };
  }

  /** An ask from one thread that is forwarded to another: the answer comes back here and goes on to who asked. */
  #relay({ target, type, deadlineMs }: Envelope, asker: RemoteAsker): PendingAsk {
    const nowMs = this.#system.clock.monotonicMs();
    const leftMs = (deadlineMs ?? nowMs + LIMITS.askTimeoutMs) - nowMs;
    return this.#system.asks.open(target, leftMs, nowMs, (result) =>
      this.answer(asker, result, target, type),
    );
  }

  #receiveOther(message: OtherMessage): void {
    switch (message.kind) {
      case 'signal':
        return this.#system.signal(this.#localRef(message), message.signal as Signal);
      case 'spawn': {
        const { path: to, incarnation, parent, module: url, exportName, args } = message;
        const origin = { kind: 'module', module: { url, exportName }, args } as const;
        const child = this.#localRef({ to, incarnation });
        return this.#system.spawnFor(parent as ActorRef, child, origin);
      }
      default:
        assertNever(message, 'wire message');
    }
  }

  #receiveUser(link: Link, from: Peer, message: UserMessage): void {
    const { clock, node, thread: to } = this.#system;
    const { target, sender, type, payload, askId, leftMs, trace, sentAtMs } = message;
    if (trace?.sampled && sentAtMs > 0) {
      const place = from.node === node ? from.thread : `${from.node}/${from.thread}`;
      tracing.recordHop(trace, { from: place, to, startMs: sentAtMs, endMs: clock.wallMs() });
    }
    const deadlineMs = leftMs === undefined ? NO_DEADLINE : clock.monotonicMs() + leftMs;
    const asker = askId === NO_ASK ? undefined : new RemoteAsker(askId, link);
    const envelope = new Envelope(
      target as ActorRef,
      sender as ActorRef | undefined,
      type,
      payload,
      asker,
      deadlineMs,
      trace,
    );
    if (from.node !== node && this.#nodes.isPrivate(envelope.target.path)) {
      const { address: actor } = envelope.target;
      this.#refuse(envelope, skeinError('ACTOR_PRIVATE', { actor }));
    } else this.#system.deliver(envelope, undefined);
  }

  #localRef({ to, incarnation }: { readonly to: string; readonly incarnation: number }): ActorRef {
    return new ActorRef(this.#system.node, this.#system.thread, to, incarnation);
  }
}

const notKeepingUp = ({ node, thread }: ActorRef) => {
  const reason = `thread ${node}/${thread} does not keep up with what is sent to it`;
  return skeinError('OVERLOADED', { reason });
};
