/**
 * One key on one node: waits until the key is this node's to take, takes the lease, activates, and stops what it activated when
 * the lease is lost, a better candidate should have it, or the claim ends. A copy that has not ended bars the next one here.
 *
 *   idle -> taking -> active -> stopping -> idle
 */
import { type Log, type Ports, reasonOf, type SharedState } from '../../contracts/index.ts';
import { type ClaimPatience, handOverAtMs, judgeClaim } from './claim.ts';
import { acquireLease, type Lease } from './lease.ts';
import type { LeaseTerms } from './lease-terms.ts';
import type { Standing } from './lease-watch.ts';

/** What an activation knows of its ownership. It asks `isHeld` or `check` in the turn in which it acts, and sends the token along. */
export type Hold = Pick<Lease, 'token' | 'isHeld' | 'remainingMs' | 'check' | 'onLost'>;

/** Ends an activation; resolves when it acts no more. What it writes meanwhile still needs `isHeld`. */
export type Deactivate = () => Promise<void>;

/** Starts an activation. It shows the token to fenced resources before it reads from them. Throws or rejects: tried again later. */
export type Activate = (key: string, hold: Hold) => Promise<Deactivate>;

export interface ActivationWorld extends ClaimPatience {
  readonly state: SharedState;
  readonly ports: Ports;
  readonly log: Log;
  readonly node: string;
  readonly terms: LeaseTerms;
  readonly activate: Activate;
  readonly standing: (stateKey: string) => Standing;
  /** Of the watch behind `standing`. */
  readonly round: () => number;
  /** Nodes that may own the key, most preferred first. */
  readonly preference: (key: string) => readonly string[];
  /** Whether one more may be taken here. */
  readonly hasRoom: () => boolean;
}

type Phase = 'idle' | 'taking' | 'active' | 'stopping';

/** Candidates are asked for this often, when nobody calls `consider`. */
const CHECK_EVERY_MS = 1_000;
const RETRY_MS = 500;
const FAILED_MS = 1_000;
const FAILED_DOUBLINGS_MAX = 5;

export class Activation {
  readonly key: string;
  readonly #stateKey: string;
  readonly #world: ActivationWorld;
  #phase: Phase = 'idle';
  #isClosed = false;
  #idle: Promise<void> = Promise.resolve();
  #end: (reason: string) => void = () => undefined;
  #look: () => void = () => undefined;
  #verify: () => void = () => undefined;
  #timer = { cancel: () => {} };
  #notBeforeMs = 0;
  #failures = 0;
  #preferredSinceMs: number | undefined;
  #handOversInVain = 0;
  #isHandedOver = false;

  constructor(key: string, stateKey: string, world: ActivationWorld) {
    this.key = key;
    this.#stateKey = stateKey;
    this.#world = world;
  }

  get isIdle(): boolean {
    return this.#phase === 'idle';
  }

  /** Looks at the key again: its standing, the candidates or the time have changed. */
  consider(): void {
    this.#look();
    if (this.#isClosed) return;
    this.#timer.cancel();
    const { clock, timers } = this.#world.ports;
    const nowMs = clock.monotonicMs();
    const untilMs =
      this.#phase === 'idle' ? this.#considerTaking(nowMs) : this.#considerYielding(nowMs);
    const delayMs = Math.max(1, Math.min(CHECK_EVERY_MS, untilMs - nowMs));
    this.#timer = timers.after(delayMs, () => this.consider());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Finds out whether the state still knows that this node owns the key. */
  verify(): void {
    this.#verify();
  }

  /** Claims the key again; what is stopping stops first. */
  reopen(): void {
    this.#isClosed = false;
    this.consider();
  }

  /** Stops what is active here and gives the key back. Resolves when that is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.cancel();
    this.#end('the claim has ended');
    this.#look();
    await this.#idle;
  }

  #considerTaking(nowMs: number): number {
    const { node, patienceMs, standing, preference, hasRoom } = this.#world;
    const found = standing(this.#stateKey);
    if (found.kind === 'held' && found.record.holder !== node) this.#isHandedOver = false;
    if (nowMs < this.#notBeforeMs) return this.#notBeforeMs;
    const rank = preference(this.key).indexOf(node);
    const move = judgeClaim(found, { rank, nowMs, patienceMs });
    if (move.kind === 'wait') return move.untilMs;
    if (!hasRoom()) return Infinity;
    this.#phase = 'taking';
    this.#idle = this.#take(move.over);
    return Infinity;
  }

  #considerYielding(nowMs: number): number {
    const { node, preference, handOverAfterMs } = this.#world;
    const preferred = preference(this.key)[0];
    if (this.#phase !== 'active' || preferred === undefined || preferred === node) {
      this.#preferredSinceMs = undefined;
      return Infinity;
    }
    this.#preferredSinceMs ??= nowMs;
    const inVain = this.#handOversInVain;
    const atMs = handOverAtMs(this.#preferredSinceMs, { handOverAfterMs, inVain });
    if (nowMs < atMs) return atMs;
    this.#isHandedOver = true;
    this.#end(`${preferred} is to have it`);
    return Infinity;
  }

  /** From taking the lease until it is given back. Never rejects. */
  async #take(over: number | undefined): Promise<void> {
    const { state, ports, node: holder, terms } = this.#world;
    const round = this.#world.round();
    const taken = await acquireLease({ state, ports, key: this.#stateKey, holder, terms }, over);
    if (!taken.ok) return this.#rest(RETRY_MS);
    const lease = taken.value;
    if (terms.isStateForgetful && !(await this.#isShown(lease, round))) {
      lease.abandon();
      return this.#rest(RETRY_MS);
    }
    if (this.#isClosed) {
      await lease.release();
      return this.#rest(0);
    }
    this.#handOversInVain = this.#isHandedOver ? this.#handOversInVain + 1 : 0;
    this.#isHandedOver = false;
    const isGood = await this.#run(lease);
    this.#phase = 'stopping';
    await lease.release();
    this.#failures = isGood ? 0 : this.#failures + 1;
    const doublings = Math.min(this.#failures - 1, FAILED_DOUBLINGS_MAX);
    this.#rest(isGood ? 0 : FAILED_MS * 2 ** doublings);
  }

  /**
   * Whether the watch that said that the key may be taken shows who took it, without a break between. A claim that ends meanwhile waits
   * for it too: only then may the key be given back, and otherwise its lease would stand until it runs out.
   */
  async #isShown(lease: Lease, round: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    lease.onLost(() => resolve(false));
    this.#look = () => {
      if (this.#world.round() !== round) return resolve(false);
      const found = this.#world.standing(this.#stateKey);
      if (found.kind === 'held' && found.record.nonce === lease.token.nonce) resolve(true);
    };
    this.#look();
    const isShown = await promise;
    this.#look = () => undefined;
    return isShown && this.#world.round() === round;
  }

  /** @returns false when it could not be activated */
  async #run(lease: Lease): Promise<boolean> {
    const { activate, log, node } = this.#world;
    const fields = { key: this.key, token: lease.token.revision, node };
    this.#phase = 'active';
    this.#preferredSinceMs = undefined;
    this.#verify = () => lease.verify();
    const ended = new Promise<string>((resolve) => {
      this.#end = resolve;
      lease.onLost(resolve);
    });
    try {
      const deactivate = await activate(this.key, lease);
      log.debug('owns a key', fields);
      const reason = await ended;
      this.#phase = 'stopping';
      log.debug('gives a key up', { ...fields, reason });
      await deactivate().catch((thrown: unknown) =>
        log.warn('an activation failed while it stopped', { ...fields, reason: reasonOf(thrown) }),
      );
      return true;
    } catch (thrown) {
      log.warn('a key could not be activated', { ...fields, reason: reasonOf(thrown) });
      return false;
    }
  }

  #rest(forMs: number): void {
    this.#phase = 'idle';
    this.#end = () => undefined;
    this.#verify = () => undefined;
    this.#notBeforeMs = this.#world.ports.clock.monotonicMs() + forMs;
    this.consider();
  }
}
