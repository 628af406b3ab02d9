/**
 * The orders of a cluster, in the shared state: `order.<id>` holds what is known under an ID. A node watches them, merges what it holds
 * itself into them, and knows by the watch whether it would hear of a new one. Before the first time, and when the channel has been
 * away for longer than the lease, it has to take it that there is one: it halts itself until it has read them again.
 */
import {
  type Clock,
  type Json,
  type Log,
  type Result,
  type SharedState,
  type StateChange,
  success,
  type TimerHandle,
  type Timers,
} from '../../contracts/index.ts';
import {
  type HaltOrder,
  type HaltRecord,
  judgeRecord,
  LEASE,
  readHaltRecord,
} from '../../sandbox/index.ts';
import type { KillSwitch } from './kill-switch.ts';
import { mergeInto } from './merge-into-state.ts';

export interface ControlChannelOptions {
  readonly killSwitch: Pick<
    KillSwitch,
    'lease' | 'passingChanged' | 'records' | 'take' | 'onChange'
  >;
  readonly openState: () => Promise<Result<SharedState>>;
  readonly trusts: (key: string) => boolean;
  /** 0: the node runs on without the channel for as long as it takes. */
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

export const CONTROL_LEASE_MS = 60_000;
/** How long the start of a node waits for the orders of its cluster. */
const FIRST_READ_MS = 60_000;
const AGAIN_MS = 1_000;
const COMPLAIN_MS = 1_000;
const PREFIX = 'order.';

export class ControlChannel {
  readonly #options: ControlChannelOptions;
  readonly #caughtUp = Promise.withResolvers<void>();
  #state: SharedState | undefined;
  #isFresh = false;
  #hasRead = false;
  /** Monotonic: since when nothing was heard. */
  #lostMs: number;
  #lostWallMs: number;
  #deadline: TimerHandle | undefined;
  #isHalting = false;
  #isClosed = false;
  #unbelieved = 0;
  #complainedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ControlChannelOptions) {
    this.#options = options;
    this.#lostMs = options.clock.monotonicMs();
    this.#lostWallMs = options.clock.wallMs();
    if (options.leaseMs > 0) options.killSwitch.lease(() => this.#leaseOrder());
    options.killSwitch.onChange((record) => {
      if (record) void this.publish(record);
    });
    void this.#open();
  }

  /** Whether an order that was given now would be heard of. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** Settles when the orders of the cluster were read, or after a minute in vain: then the node is halted by its lease, if it has one. */
  async firstRead(): Promise<void> {
    const { timers, leaseMs, log } = this.#options;
    const late = Promise.withResolvers<void>();
    const timer = timers.after(FIRST_READ_MS, late.resolve);
    await Promise.race([this.#caughtUp.promise, late.promise]);
    timer.cancel();
    if (this.#hasRead) return;
    log.error('the halt orders of the cluster could not be read', { leaseMs });
    this.#judgeLease();
  }

  /** Failure: STATE_UNAVAILABLE; it is done when the channel is back. */
  async publish(record: HaltRecord): Promise<Result<void>> {
    if (!isShared(record) || !this.#state) return success(undefined);
    return mergeInto(this.#state, `${PREFIX}${record.id}`, record);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#deadline?.cancel();
    await this.#state?.close();
  }

  async #open(): Promise<void> {
    const { openState, timers, log } = this.#options;
    const state = await openState();
    const watched = state.ok
      ? state.value.watch(PREFIX, (change) => this.#heard(change))
      : undefined;
    if (state.ok && watched?.ok) {
      this.#state = state.value;
      if (this.#isClosed) await state.value.close();
      return;
    }
    if (this.#isClosed) return;
    const error = !state.ok ? state.error : watched && !watched.ok ? watched.error : undefined;
    log.warn('the control channel cannot be opened; trying again', { error });
    timers.after(AGAIN_MS, () => void this.#open());
  }

  #heard(change: StateChange): void {
    const { clock, killSwitch } = this.#options;
    switch (change.kind) {
      case 'begin':
      case 'deleted':
        return;
      case 'entry':
        return this.#read(change.key, change.value);
      case 'caught-up':
        this.#isFresh = true;
        this.#hasRead = true;
        this.#judgeLease();
        this.#caughtUp.resolve();
        // What was ordered while the channel was away, and what a state that was lost no longer holds.
        for (const record of killSwitch.records()) void this.publish(record);
        return;
      case 'lost':
        if (this.#isFresh) {
          this.#lostMs = clock.monotonicMs();
          this.#lostWallMs = clock.wallMs();
        }
        this.#isFresh = false;
        this.#judgeLease();
    }
  }

  #read(key: string, value: Json): void {
    const { killSwitch, trusts } = this.#options;
    const record = readHaltRecord(value);
    const reason = typeof record === 'string' ? record : judgeRecord(record, trusts);
    if (typeof record === 'string' || reason !== undefined)
      return this.#complain(key.slice(0, 100), reason);
    void killSwitch.take(record);
  }

  /** Whoever can write to the state can write as many as he likes: a line a second, with their count. */
  #complain(key: string, reason: string | undefined): void {
    const { clock, log } = this.#options;
    this.#unbelieved++;
    if (clock.monotonicMs() - this.#complainedMs < COMPLAIN_MS) return;
    this.#complainedMs = clock.monotonicMs();
    log.error('a halt order is not to be believed', { key, reason, orders: this.#unbelieved });
  }

  #leaseOrder(): HaltOrder | undefined {
    const { clock, leaseMs } = this.#options;
    if (this.#isFresh) return undefined;
    if (this.#hasRead && clock.monotonicMs() - this.#lostMs < leaseMs) return undefined;
    if (!this.#hasRead) return unreadOrder(this.#lostWallMs);
    const reason = `nothing was heard from the cluster for ${leaseMs / 1_000} s`;
    return ownOrder(reason, this.#lostWallMs);
  }

  /** Carries out what the lease says now, and looks again when it ends. */
  #judgeLease(): void {
    const { timers, clock, leaseMs, killSwitch } = this.#options;
    this.#deadline?.cancel();
    if (leaseMs === 0 || this.#isClosed) return;
    const isHalting = this.#leaseOrder() !== undefined;
    if (isHalting !== this.#isHalting) {
      this.#isHalting = isHalting;
      killSwitch.passingChanged();
    }
    if (this.#isFresh || isHalting) return;
    const leftMs = Math.max(1, this.#lostMs + leaseMs - clock.monotonicMs());
    this.#deadline = timers.after(leftMs, () => this.#judgeLease());
  }
}

/** Of a node that has not read the orders of its cluster yet. */
export const unreadOrder = (atMs: number): HaltOrder =>
  ownOrder('the orders of the cluster could not be read yet', atMs);

const ownOrder = (reason: string, atMs: number): HaltOrder => ({
  id: LEASE,
  scope: { kind: 'all' },
  reach: 'local',
  reason,
  by: 'the node itself',
  atMs: Math.floor(atMs),
  signed: null,
});

const isShared = ({ order, release }: HaltRecord): boolean =>
  order ? order.reach === 'cluster' && order.signed !== null : release?.signed !== null;
