/**
 * A lease on a key of the shared state: taken by compare-and-set, renewed by itself, over in time.
 *
 * What is promised, while clocks keep to `driftRatio` and the state loses no acknowledged write: at most one lease on a key is
 * held at any moment, also through pauses, partitions and lost answers, and every lease has a higher token than those before.
 * The holder counts from before its request left; whoever takes over has seen an entry stand still for longer than that.
 *
 * What a state that loses acknowledged writes takes away: the order of tokens, since it gives revisions twice (the nonce still
 * tells them apart, and a `Fence` refuses what it cannot order). That one lease is held at a time stays true under
 * `isStateForgetful` for those who take over as `Activation` does: they wait after every break of their watch, and do not act
 * before the watch has shown them their own entry without a break, so that nobody who was paused over a crash acts on what he
 * knew before. A holder whose entry was lost finds out at its next renewal.
 */
import {
  failure,
  type Json,
  type Ports,
  type Result,
  type SharedState,
  success,
  type TimerHandle,
} from '../../contracts/index.ts';
import type { FencingToken } from './fence.ts';
import {
  holdMs,
  type LeaseRecord,
  type LeaseTerms,
  readRecord,
  renewEveryMs,
  renewRetryMs,
} from './lease-terms.ts';

export interface LeaseOptions {
  readonly state: SharedState;
  readonly ports: Ports;
  readonly key: string;
  /** Who takes it, for others to read. */
  readonly holder: string;
  readonly terms: LeaseTerms;
}

const NONCE_BYTES = 12;
const NONE: TimerHandle = { cancel: () => undefined };

/**
 * Takes a key that is free (`over` undefined), or writes over revision `over` of a lease that has run out: see `LeaseWatch`,
 * which says when that is allowed. When the outcome of the write is unknown the key is read back: the lease is had when the
 * entry is ours, and counts from before the write was sent.
 * Failures: LEASE_HELD (another was first), LEASE_LOST (it took too long), STATE_UNAVAILABLE (when the write is done after all, nobody renews
 * it and it runs out), ARGUMENT_INVALID.
 */
export async function acquireLease(
  options: LeaseOptions,
  over: number | undefined,
): Promise<Result<Lease>> {
  const { state, ports, key, holder, terms } = options;
  const nonce = Buffer.from(ports.random.bytes(NONCE_BYTES)).toString('hex');
  const record: LeaseRecord = { holder, nonce, ttlMs: terms.ttlMs };
  const sentAtMs = ports.clock.monotonicMs();
  const value = record as unknown as Json;
  const written = await (over === undefined
    ? state.create(key, value)
    : state.update(key, value, over));
  const revision = written.ok ? written : await readBack(options, nonce, written);
  if (!revision.ok) return revision;
  const lease = new Lease(options, { record, revision: revision.value.revision, sentAtMs });
  if (lease.isHeld()) return success(lease);
  await lease.release();
  return failure('LEASE_LOST', { key, reason: 'it ran out before the answer came' });
}

/** An unknown outcome is neither believed nor given up before the key was read. */
async function readBack(
  { state, key, terms }: LeaseOptions,
  nonce: string,
  written: Extract<Result<{ readonly revision: number }>, { ok: false }>,
): Promise<Result<{ readonly revision: number }>> {
  const { error } = written;
  if (error.code === 'JOURNAL_CONFLICT')
    return failure('LEASE_HELD', { key, reason: 'another was first' });
  const details = error.details as { readonly mayHaveHappened?: boolean };
  if (error.code !== 'STATE_UNAVAILABLE' || !details.mayHaveHappened) return written;
  const found = await state.get(key);
  if (!found.ok) return written;
  const isOurs = found.value && readRecord(found.value.value, terms).nonce === nonce;
  return isOurs ? success({ revision: found.value.revision }) : written;
}

/** `held`: renewed. `ending`: renewed no more, still ours for a while. `over`: for good. */
type Phase = 'held' | 'ending' | 'over';

export class Lease {
  readonly key: string;
  readonly token: FencingToken;
  readonly #options: LeaseOptions;
  readonly #record: LeaseRecord;
  readonly #onLost: ((reason: string) => void)[] = [];
  #phase: Phase = 'held';
  #lostReason = '';
  #revision: number;
  #heldUntilMs: number;
  #end: TimerHandle = NONE;
  #renewal: TimerHandle = NONE;

  /** Made by `acquireLease`. */
  constructor(
    options: LeaseOptions,
    taken: { readonly record: LeaseRecord; readonly revision: number; readonly sentAtMs: number },
  ) {
    this.key = options.key;
    this.#options = options;
    this.#record = taken.record;
    this.#revision = taken.revision;
    this.token = { revision: taken.revision, nonce: taken.record.nonce };
    this.#heldUntilMs = taken.sentAtMs + holdMs(options.terms);
    this.#watchEnd();
    this.#renewIn(renewEveryMs(options.terms));
  }

  /** Asks the clock, each time: after a pause no timer has fired yet. Whoever acts for the key asks first, in the same turn. */
  isHeld(): boolean {
    return this.remainingMs() > 0;
  }

  /** How long it is held for sure when nothing more is heard of the state; 0 when it is lost. */
  remainingMs(): number {
    if (this.#phase === 'over') return 0;
    return Math.max(0, this.#heldUntilMs - this.#options.ports.clock.monotonicMs());
  }

  /** The token to act with now. Failure: LEASE_LOST. */
  check(): Result<FencingToken> {
    if (this.isHeld()) return success(this.token);
    return failure('LEASE_LOST', { key: this.key, reason: this.#lostReason || 'it ran out' });
  }

  /**
   * Tells once that the owner has to stop: `stopMs` before the lease ends when it could not be renewed, or at once when the
   * state says that it is another's. Not told after `release`.
   */
  onLost(tell: (reason: string) => void): void {
    if (this.#phase === 'held') this.#onLost.push(tell);
    else if (this.#lostReason) tell(this.#lostReason);
  }

  /** Renews now: finds out early whether the state still knows of the lease. */
  verify(): void {
    if (this.#phase === 'held') this.#renewIn(0);
  }

  /** Is over without giving the key back: nobody may take it before the lease would have run out. */
  abandon(): void {
    this.#stopRenewing('over');
  }

  /**
   * Gives the key back, when its owner has stopped: others may take it at once. If the state is away it runs out. Resolves when
   * the state has answered; the lease is over from the call on.
   */
  async release(): Promise<void> {
    if (this.#phase === 'over') return;
    const { state, terms } = this.#options;
    // When its time is over the key may be another's, and under the same revision when the state lost writes: only the nonce tells.
    const isOurs = this.isHeld();
    this.#stopRenewing('over');
    if (isOurs) {
      const released = await state.delete(this.key, this.#revision);
      if (released.ok || released.error.code !== 'JOURNAL_CONFLICT') return;
    }
    // A renewal whose answer was lost may have been done.
    const found = await state.get(this.key);
    if (!found.ok || !found.value) return;
    const { nonce } = readRecord(found.value.value, terms);
    if (nonce === this.#record.nonce) await state.delete(this.key, found.value.revision);
  }

  async #renew(): Promise<void> {
    const { state, ports } = this.#options;
    // After a pause: what a renewal would write over may be another's by now, as above.
    if (!this.isHeld()) return this.#lose('ending', 'it ran out');
    const sentAtMs = ports.clock.monotonicMs();
    const written = await state.update(this.key, this.#record as unknown as Json, this.#revision);
    if (this.#phase !== 'held') return;
    if (written.ok) return this.#renewed(sentAtMs, written.value.revision);
    if (written.error.code !== 'JOURNAL_CONFLICT') return this.#retry();
    const found = await state.get(this.key);
    if (this.#phase !== 'held') return;
    if (!found.ok) return this.#retry();
    const isOurs =
      found.value &&
      readRecord(found.value.value, this.#options.terms).nonce === this.#record.nonce;
    if (!isOurs) return this.#lose('over', 'the state has it as another’s, or not at all');
    // An earlier renewal was done after all. When it was sent is not believed: one more has to succeed.
    this.#revision = found.value.revision;
    this.#retry();
  }

  #renewed(sentAtMs: number, revision: number): void {
    this.#revision = revision;
    // What has run out is not mended: somebody may have been told so.
    if (!this.isHeld()) return this.#lose('over', 'it ran out');
    this.#heldUntilMs = sentAtMs + holdMs(this.#options.terms);
    this.#watchEnd();
    const { random } = this.#options.ports;
    this.#renewIn(renewEveryMs(this.#options.terms) * (1 - random.next() / 10));
  }

  #retry(): void {
    this.#renewIn(renewRetryMs(this.#options.terms));
  }

  #renewIn(delayMs: number): void {
    this.#renewal.cancel();
    this.#renewal = this.#options.ports.timers.after(delayMs, () => void this.#renew());
  }

  #watchEnd(): void {
    const { ports, terms } = this.#options;
    this.#end.cancel();
    const delayMs = this.#heldUntilMs - terms.stopMs - ports.clock.monotonicMs();
    this.#end = ports.timers.after(delayMs, () =>
      this.#lose('ending', 'it was not renewed in time'),
    );
  }

  #lose(phase: 'ending' | 'over', reason: string): void {
    if (this.#phase !== 'held') return;
    this.#lostReason = reason;
    this.#stopRenewing(phase);
    for (const tell of this.#onLost.splice(0)) tell(reason);
  }

  #stopRenewing(phase: Phase): void {
    this.#phase = phase;
    this.#end.cancel();
    this.#renewal.cancel();
  }
}
