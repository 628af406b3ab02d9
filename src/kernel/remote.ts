/** Links from this thread to others: envelopes go out as wire messages and come in as envelopes again. */
import {
  assertNever,
  type FramePort,
  formatTraceparent,
  LIMITS,
  MAIN_THREAD,
  parseTraceparent,
  skeinError,
  type ThreadName,
} from '../contracts/index.ts';
import { Link, type WireMessage, type WireUserMessage } from '../transport/index.ts';
import { ActorRef } from './actor-ref.ts';
import type { ActorSystem } from './actor-system.ts';
import type { AskResult, PendingAsk } from './ask.ts';
import type { ModuleOrigin } from './children.ts';
import { Envelope, NO_DEADLINE, RemoteAsker } from './envelope.ts';
import { ACCEPTED, type SendResult } from './send.ts';
import type { Signal } from './signal.ts';
import * as tracing from './tracing.ts';

/** On the wire: a message that nobody waits for. */
const NO_ASK = 0;

export class Remote {
  readonly #system: ActorSystem;
  readonly #links = new Map<ThreadName, Link>();
  readonly #waiting = new Map<ThreadName, (() => void)[]>();
  #nextThread = 0;
  #isFlushPlanned = false;

  constructor(system: ActorSystem) {
    this.#system = system;
  }

  get threads(): readonly ThreadName[] {
    return [...this.#links.keys()];
  }

  connect(thread: ThreadName, port: FramePort): void {
    this.#links.get(thread)?.close('replaced by a new link');
    const link = new Link(port, {
      onMessage: (message) => this.#receive(thread, message),
      onClosed: (reason) => {
        if (this.#links.get(thread) === link) this.#links.delete(thread);
        this.#system.log.debug('a link closed', { peer: thread, reason });
      },
    });
    this.#links.set(thread, link);
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
    const encoded = link.send(this.#toWire(envelope));
    if (encoded.ok) return this.#sent();
    const { type, target } = envelope;
    const facts = { actor: target.address, type, reason: encoded.reason };
    return this.#refuse(envelope, skeinError('MESSAGE_INVALID', facts));
  }

  answer(asker: RemoteAsker, answer: AskResult<unknown>, target: ActorRef, type: string): void {
    const { id: askId, thread } = asker;
    const link = this.#links.get(thread);
    const encoded = link?.send({ kind: 'answer', askId, answer });
    if (encoded && !encoded.ok) {
      const reason = `its answer cannot be sent: ${encoded.reason}`;
      const error = skeinError('ACTOR_FAILED', { actor: target.address, type, reason });
      link?.send({ kind: 'answer', askId, answer: { kind: 'unknown', error } });
    }
    this.#sent();
  }

  signal(ref: ActorRef, signal: Signal): void {
    const link = this.#linkTo(ref);
    if (!link) return this.#signalNobody(ref, signal);
    link.send({ kind: 'signal', to: ref.path, incarnation: ref.incarnation, signal });
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
      const encoded = this.#links.get(child.thread)?.send({ ...message, args: origin.args });
      if (encoded && !encoded.ok) this.#spawnRefused(parent, child, encoded.reason);
      this.#sent();
    });
  }

  /** Called when the run queue is empty: all that this turn produced leaves as one frame a link. */
  readonly flush = (): void => {
    for (const link of this.#links.values()) link.flush();
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
  }

  #sent(): SendResult {
    this.flushSoon();
    return ACCEPTED;
  }

  #linkTo(ref: ActorRef): Link | undefined {
    return ref.node === this.#system.node ? this.#links.get(ref.thread) : undefined;
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

  #toWire(envelope: Envelope): WireUserMessage {
    const { target, sender, type, payload, asker, deadlineMs, trace } = envelope;
    const { clock, asks } = this.#system;
    const ask = asker instanceof RemoteAsker ? this.#relay(envelope, asker) : asker;
    return {
      kind: 'user',
      to: target.path,
      incarnation: target.incarnation,
      type,
      payload,
      sender: sender ?? null,
      askId: ask === undefined ? NO_ASK : asks.numberOf(ask),
      remainingMs: deadlineMs === NO_DEADLINE ? null : deadlineMs - clock.monotonicMs(),
      traceparent: trace ? formatTraceparent(trace) : null,
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

  #receive(from: ThreadName, message: WireMessage): void {
    switch (message.kind) {
      case 'user':
        return this.#receiveUser(from, message);
      case 'answer':
        return this.#system.asks.settleNumber(message.askId, message.answer as AskResult<unknown>);
      case 'signal':
        return this.#system.signal(this.#localRef(message), message.signal as Signal);
      case 'spawn': {
        const { module: url, exportName, args } = message;
        const origin = { kind: 'module', module: { url, exportName }, args } as const;
        return this.#system.spawnFor(
          message.parent as ActorRef,
          this.#localRef({ to: message.path, incarnation: message.incarnation }),
          origin,
        );
      }
      default:
        assertNever(message, 'wire message');
    }
  }

  #receiveUser(from: ThreadName, message: WireUserMessage): void {
    const { clock } = this.#system;
    const trace = message.traceparent === null ? undefined : parseTraceparent(message.traceparent);
    if (trace?.sampled && message.sentAtMs > 0) {
      const to = this.#system.thread;
      tracing.recordHop(trace, { from, to, startMs: message.sentAtMs, endMs: clock.wallMs() });
    }
    const deadlineMs =
      message.remainingMs === null ? NO_DEADLINE : clock.monotonicMs() + message.remainingMs;
    const sender = message.sender instanceof ActorRef ? message.sender : undefined;
    const asker = message.askId === NO_ASK ? undefined : new RemoteAsker(message.askId, from);
    const target = this.#localRef(message);
    const { type, payload } = message;
    this.#system.deliver(
      new Envelope(target, sender, type, payload, asker, deadlineMs, trace),
      undefined,
    );
  }

  #localRef({ to, incarnation }: { readonly to: string; readonly incarnation: number }): ActorRef {
    return new ActorRef(this.#system.node, this.#system.thread, to, incarnation);
  }
}
