/**
 * When an actor runs: its mailbox, its control lane, and what holds its next turn back. What it does in a turn is in
 * `cell.ts`. One message a turn, one turn at a time; signals before messages.
 */
import { Child } from './children.ts';
import type { Dispatcher, Runnable } from './dispatcher.ts';
import type { Envelope } from './envelope.ts';
import { type LifecycleEvent, type LifecycleState, transition } from './lifecycle.ts';
import type { Mailbox } from './mailbox.ts';
import { RingQueue } from './ring-queue.ts';
import type { Signal } from './signal.ts';

export abstract class Turns extends Child implements Runnable {
  abstract mailbox: Mailbox;
  lifecycle: LifecycleState = 'starting';
  /** It has work and stands in the run queue, or is being run. */
  isReady = false;
  /** It runs, nothing holds it back and no signal waits: messages are all there is to look at. */
  protected isPlain = false;
  /** A turn waits for a promise; nothing else runs in this actor until it settles. */
  protected isBusy = false;
  #signals: RingQueue<Signal> | undefined;
  #blockedSends = 0;
  readonly #dispatcher: Dispatcher;

  constructor(dispatcher: Dispatcher) {
    super();
    this.#dispatcher = dispatcher;
  }

  protected abstract receive(envelope: Envelope): void;
  protected abstract handleSignal(signal: Signal): void;
  /** A message has come for an actor that gave up its state. */
  protected abstract awake(): void;
  /** Its mailbox is worked off, and it was to end then. */
  protected abstract drained(): void;

  run(budget: number): number {
    const ran = this.isPlain ? this.#runPlainly(budget) : 0;
    if (!this.isPlain) return ran + this.#runCarefully(budget - ran);
    this.isReady = this.mailbox.length > 0;
    return ran;
  }

  signal(signal: Signal): void {
    this.#signals ??= new RingQueue();
    this.#signals.push(signal);
    this.isPlain = false;
    this.wake();
  }

  /** Takes back signals that have not had their turn yet. */
  retract(isMeant: (signal: Signal) => boolean): void {
    for (let left = this.#signals?.length ?? 0; left > 0; left--) {
      const signal = this.#signals?.shift() as Signal;
      if (!isMeant(signal)) this.#signals?.push(signal);
    }
  }

  /** A send of this actor waits for room in another's mailbox: its next turn waits with it. */
  block(): void {
    this.#blockedSends++;
    this.isPlain = false;
  }

  unblock(): void {
    this.#blockedSends--;
    this.#assess();
    this.wake();
  }

  /** Puts it into the run queue, if it has work and is not there yet. */
  wake(): void {
    if (this.isReady || !this.#hasWork()) return;
    this.isReady = true;
    this.#dispatcher.schedule(this);
  }

  protected get hasSignals(): boolean {
    return this.#signals !== undefined && this.#signals.length > 0;
  }

  protected takesMessages(): boolean {
    const state = this.lifecycle;
    return state !== 'stopped' && state !== 'stopping' && state !== 'draining';
  }

  /** It ends its children, to end or to start anew: what becomes of them is decided. */
  protected get isGoing(): boolean {
    return this.lifecycle === 'stopping' || this.lifecycle === 'restarting';
  }

  protected move(event: LifecycleEvent): void {
    this.lifecycle = transition(this.lifecycle, event);
    this.#assess();
  }

  /** Out of any state, for a shutdown whose time is up. */
  protected moveToStopped(): void {
    this.lifecycle = 'stopped';
    this.isPlain = false;
  }

  protected hold(): void {
    this.isBusy = true;
    this.isPlain = false;
  }

  protected release(): void {
    this.isBusy = false;
    this.#assess();
  }

  /** The common case, with one thing to look at between two messages. */
  #runPlainly(budget: number): number {
    let ran = 0;
    while (ran < budget && this.isPlain) {
      const envelope = this.mailbox.take();
      if (envelope === undefined) break;
      ran++;
      this.receive(envelope);
    }
    return ran;
  }

  #runCarefully(budget: number): number {
    this.#runSignals();
    if (this.lifecycle === 'passivated' && this.mailbox.length > 0) this.awake();
    let ran = 0;
    for (; ran < budget && this.#canReceive(); ran++) {
      this.receive(this.mailbox.take() as Envelope);
      this.#runSignals();
    }
    if (this.lifecycle === 'draining' && this.mailbox.length === 0 && !this.isBusy) this.drained();
    this.isReady = this.#hasWork();
    return ran > 0 ? ran : 1;
  }

  #hasWork(): boolean {
    if (this.isPlain) return this.mailbox.length > 0;
    if (this.isBusy) return false;
    if (this.hasSignals) return true;
    if (this.mailbox.length === 0) return this.lifecycle === 'draining';
    return this.lifecycle === 'passivated' || this.#canReceive();
  }

  #canReceive(): boolean {
    const state = this.lifecycle;
    if (state !== 'running' && state !== 'draining') return false;
    return !this.isBusy && this.mailbox.length > 0 && this.#blockedSends === 0;
  }

  /** Sets `isPlain` anew, after a change of anything that it depends on. */
  #assess(): void {
    const isFree = !this.isBusy && this.#blockedSends === 0 && !this.hasSignals;
    this.isPlain = isFree && this.lifecycle === 'running';
  }

  #runSignals(): void {
    if (!this.hasSignals) return;
    while (!this.isBusy && this.hasSignals) this.handleSignal(this.#signals?.shift() as Signal);
    this.#assess();
  }
}
