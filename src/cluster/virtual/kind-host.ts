/**
 * The actors of one kind that live on this node, and the messages that wait for one to come to life. A key is claimed while
 * somebody wants it here, and a little longer: a message that waits, a reminder whose time has come, the actor itself. When another node turns out
 * to have it, who waits is told so and the claim ends: a claim left standing would bring the actor back after its passivation.
 */
import {
  failure,
  LIMITS,
  type Log,
  type Ports,
  type Result,
  type SharedState,
  type SkeinError,
  SkeinException,
  success,
  type TimerHandle,
} from '../../contracts/index.ts';
import type { ActorRef, ActorSystem, AskResult } from '../../kernel/index.ts';
import type { Deactivate, Hold } from '../ownership/activation.ts';
import type { LeaseTerms } from '../ownership/lease-terms.ts';
import { Ownership } from '../ownership/ownership.ts';
import type { Candidate } from '../ownership/placement.ts';
import { encodeKey } from '../ownership/state-key.ts';
import { ActorStore } from './actor-store.ts';
import { Directory, duePrefix, hostKey } from './directory.ts';
import { DueIndex } from './due-index.ts';
import { LiveActor, liveDefinition } from './live-actor.ts';
import { type AnyVirtualDefinition, notHere, type VirtualAnswer } from './virtual-actor.ts';
import { formatVirtualAddress } from './virtual-address.ts';
import { type Waited, Waiting } from './waiting.ts';

export interface HostWorld {
  readonly system: ActorSystem;
  readonly state: SharedState;
  readonly ports: Ports;
  readonly log: Log;
  /** Nodes that are taken to be alive. */
  readonly candidates: () => readonly Candidate[];
  readonly terms: Partial<LeaseTerms>;
  readonly patienceMs: number;
  readonly handOverAfterMs: number;
  /** Why nothing may live here now; default: it may. */
  readonly halted?: () => SkeinError | undefined;
}

/** Sends the message to the actor that lives here. */
export type SendHere = (ref: ActorRef) => Promise<AskResult<VirtualAnswer>>;

/** Claims and reminders are looked through so often. */
const LOOK_MS = 500;
/** Who asked in vain asks again: a lease that is given up while it is being taken has to run out. */
const CLAIM_KEPT_MS = 3_000;
/** Reminders that a node begins to care for in one look. */
const DUE_AT_ONCE = 100;
/** What is stored of the actor is not for this program to run on. */
const SPOILT: ReadonlySet<string> = new Set(['VIRTUAL_STATE_INVALID', 'TOKEN_STALE']);
/** Hosts that nobody has heard of for so long are forgotten: nodes without a data directory have another name each time. */
const HOST_FORGOTTEN_MS = 7 * 86_400_000;
const FORGOTTEN_AT_ONCE = 10;
const ANNOUNCE_AGAIN_MS = 2_000;
/** Refusals that trying another node does not mend. */
const FINAL: ReadonlySet<string> = new Set([
  'MESSAGE_UNHANDLED',
  'MESSAGE_INVALID',
  'DEADLINE_EXPIRED',
]);

export class KindHost {
  readonly definition: AnyVirtualDefinition;
  readonly #world: HostWorld;
  readonly #isHost: boolean;
  readonly #kernelDefinition: ReturnType<typeof liveDefinition>;
  readonly #directory: Directory;
  readonly #ownership: Ownership;
  readonly #live = new Map<string, LiveActor>();
  /** Keys that are claimed, and when each was last wanted here (monotonic). */
  readonly #claimed = new Map<string, number>();
  readonly #waiting: Waiting;
  #isClosed = false;
  #announceAgainMs = 0;
  #look: TimerHandle;
  #endWatch: () => void = () => undefined;

  /** Failures: ARGUMENT_INVALID, STATE_UNAVAILABLE. */
  static open(
    definition: AnyVirtualDefinition,
    isHost: boolean,
    world: HostWorld,
  ): Result<KindHost> {
    try {
      const host = new KindHost(definition, isHost, world);
      const watched = host.#directory.watch(world.state, definition.kind);
      if (!watched.ok) return watched;
      host.#endWatch = watched.value;
      return success(host);
    } catch (thrown) {
      if (thrown instanceof SkeinException) return { ok: false, error: thrown.error };
      throw thrown;
    }
  }

  private constructor(definition: AnyVirtualDefinition, isHost: boolean, world: HostWorld) {
    this.definition = definition;
    this.#isHost = isHost;
    this.#world = world;
    this.#kernelDefinition = liveDefinition(definition);
    this.#waiting = new Waiting(world.ports.timers);
    this.#directory = new Directory(definition.kind, () => this.#ownership.reconsider());
    const { system, state, ports, log, terms, patienceMs, handOverAfterMs } = world;
    const { kind, requiredLabels } = definition;
    const opened = Ownership.open({
      ...{ state, ports, log, terms, kind, patienceMs, handOverAfterMs },
      node: system.node,
      candidates: () => this.#candidates(),
      ...(requiredLabels === undefined ? {} : { placement: { requiredLabels } }),
      activate: (key, hold) => this.#activate(key, hold),
      onStanding: (key) => this.#standingChanged(key),
    });
    if (!opened.ok) throw new SkeinException(opened.error);
    this.#ownership = opened.value;
    this.#look = ports.timers.after(LOOK_MS, () => this.#lookAround());
  }

  /** Tells the other nodes that this one hosts the kind. Failure: STATE_UNAVAILABLE. */
  async announce(): Promise<Result<void>> {
    if (!this.#isHost) return success(undefined);
    const { state, system, ports } = this.#world;
    const key = hostKey(this.definition.kind, system.node);
    const written = await state.put(key, { atMs: Math.round(ports.clock.wallMs()) });
    return written.ok ? success(undefined) : written;
  }

  /** Whether the actor lives here, and its lease lasts. */
  hasLive(key: string): boolean {
    return this.#live.get(key)?.isOpen === true;
  }

  get liveKeys(): readonly string[] {
    return [...this.#live.keys()];
  }

  /** Where a message for the key goes, in the order to try: its owner, then those who should own it. */
  route(key: string): readonly string[] {
    const preferred = this.#ownership.preferenceOf(key);
    const owner = this.#owner(key);
    if (owner === undefined) return preferred;
    return [owner, ...preferred.filter((node) => node !== owner)];
  }

  /** Runs a message here, after the actor has come to life when it does not live anywhere. Never rejects. */
  async deliver(key: string, waitMs: number, send: SendHere): Promise<VirtualAnswer> {
    const error = this.#world.halted?.();
    if (error) return { kind: 'refused', error };
    const live = this.#live.get(key);
    if (live) return live.isOpen ? answerOf(await send(live.ref)) : notHere('it is on its way out');
    const waited = await this.#activated(key, waitMs);
    if (waited.kind === 'answer') return waited.answer;
    return answerOf(await send(waited.live.ref));
  }

  reconsider(): void {
    this.#ownership.reconsider();
  }

  /** Gives up, in order, what another node may have. */
  async yieldAll(): Promise<void> {
    const { node } = this.#world.system;
    const isWantedElsewhere = (key: string): boolean =>
      this.#ownership.preferenceOf(key).some((each) => each !== node);
    const yielded = this.liveKeys.filter(isWantedElsewhere).map((key) => {
      this.#claimed.delete(key);
      return this.#ownership.disclaim(key);
    });
    await Promise.all(yielded);
  }

  /** Ends all that live here, without working off their mailboxes, and refuses what waits. @returns how many */
  async halt(error: SkeinError): Promise<number> {
    for (const key of this.#waiting.keys) this.#waiting.turnAway(key, { kind: 'refused', error });
    const living = [...this.#live];
    for (const key of [...this.#claimed.keys()]) this.#disclaim(key);
    // Leases are given back when the state is there; the actors end now.
    await Promise.all(living.map(([, live]) => live.stop(0)));
    return living.length;
  }

  /** Gives everything up in order: mailboxes are worked off, leases given back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#look.cancel();
    for (const key of this.#waiting.keys) this.#waiting.turnAway(key, notHere('the node stops'));
    const { state, system } = this.#world;
    if (this.#isHost) await state.delete(hostKey(this.definition.kind, system.node));
    await this.#ownership.close();
    this.#endWatch();
  }

  // --- claims

  async #activated(key: string, waitMs: number): Promise<Waited> {
    const answer = (given: VirtualAnswer): Waited => ({ kind: 'answer', answer: given });
    if (this.#isClosed || !this.#isHost) return answer(notHere('this node does not host it'));
    if (this.#isElsewhere(key)) return answer(notHere('another node owns it'));
    if (!this.#ownership.preferenceOf(key).includes(this.#world.system.node))
      return answer(notHere('this node is no candidate'));
    if (this.#live.size >= LIMITS.ownedKeys)
      return answer(notHere(`it has ${this.#live.size} actors of the kind`));
    if (this.#waiting.count >= LIMITS.virtualWaiting)
      return answer(refused('OVERLOADED', `${this.#waiting.count} messages wait for actors`));
    const claimed = this.#claim(key);
    if (!claimed.ok) return answer({ kind: 'refused', error: claimed.error });
    return this.#waiting.wait(key, waitMs);
  }

  #claim(key: string): Result<void> {
    const claimed = this.#ownership.claim(key);
    if (claimed.ok) this.#claimed.set(key, this.#world.ports.clock.monotonicMs());
    return claimed;
  }

  #disclaim(key: string): void {
    this.#claimed.delete(key);
    void this.#ownership.disclaim(key);
  }

  #standingChanged(key: string | undefined): void {
    for (const each of key === undefined ? [...this.#claimed.keys()] : [key])
      this.#checkClaim(each);
  }

  #checkClaim(key: string): void {
    const wantedAtMs = this.#claimed.get(key);
    if (wantedAtMs === undefined || this.#live.has(key)) return;
    const nowMs = this.#world.ports.clock.monotonicMs();
    const isWanted = this.#isWanted(key);
    if (isWanted) this.#claimed.set(key, nowMs);
    const isElsewhere = this.#isElsewhere(key);
    if (isElsewhere) this.#waiting.turnAway(key, notHere('another node owns it'));
    const isForgotten = !isWanted && nowMs - wantedAtMs > CLAIM_KEPT_MS;
    if (isElsewhere || isForgotten) this.#disclaim(key);
  }

  #isWanted(key: string): boolean {
    if (this.#waiting.has(key)) return true;
    const dueAtMs = this.#directory.dueAtMs(this.#dueKey(key));
    return dueAtMs !== undefined && dueAtMs <= this.#world.ports.clock.wallMs();
  }

  /** A node that is taken to be alive has a lease on it that may last. */
  #isElsewhere(key: string): boolean {
    const owner = this.#owner(key);
    return owner !== undefined && owner !== this.#world.system.node;
  }

  /** Undefined: nobody, or somebody who is gone, or whose lease has run out by now. */
  #owner(key: string): string | undefined {
    const standing = this.#ownership.standingOf(key);
    if (standing.kind !== 'held') return undefined;
    const { holder } = standing.record;
    if (standing.fromMs <= this.#world.ports.clock.monotonicMs()) return undefined;
    return this.#world.candidates().some(({ node }) => node === holder) ? holder : undefined;
  }

  #candidates(): readonly Candidate[] {
    if (!this.#directory.isKnown) return [];
    const self = this.#world.system.node;
    return this.#world
      .candidates()
      .filter(({ node }) =>
        node === self ? this.#isHost && !this.#world.halted?.() : this.#directory.hosts(node),
      );
  }

  #lookAround(): void {
    if (this.#isClosed) return;
    for (const key of [...this.#claimed.keys()]) this.#checkClaim(key);
    this.#claimDue();
    this.#keepHosts();
    this.#look = this.#world.ports.timers.after(LOOK_MS, () => this.#lookAround());
  }

  /** The state may have lost that this node hosts the kind, and keeps those that are gone for good. */
  #keepHosts(): void {
    const { ports, state, system } = this.#world;
    if (!this.#isHost || !this.#directory.isKnown) return;
    const nowMs = ports.clock.monotonicMs();
    if (!this.#directory.hosts(system.node) && nowMs >= this.#announceAgainMs) {
      this.#announceAgainMs = nowMs + ANNOUNCE_AGAIN_MS;
      void this.announce();
    }
    const alive = new Set(this.#world.candidates().map(({ node }) => node));
    const beforeMs = ports.clock.wallMs() - HOST_FORGOTTEN_MS;
    const gone = this.#directory.hostsBefore(beforeMs).filter((node) => !alive.has(node));
    for (const node of gone.slice(0, FORGOTTEN_AT_ONCE))
      void state.delete(hostKey(this.definition.kind, node));
  }

  /** The first of the candidates cares for reminders that nobody fires; the next ones each a little later. */
  #claimDue(): void {
    if (!this.#isHost || !this.#directory.hasDue) return;
    const { ports, system, patienceMs } = this.#world;
    const nowMs = ports.clock.wallMs();
    for (const { key, atMs } of this.#directory.dueBy(nowMs, DUE_AT_ONCE)) {
      if (this.#claimed.has(key) || this.#isElsewhere(key)) continue;
      const rank = this.#ownership.preferenceOf(key).indexOf(system.node);
      if (rank >= 0 && nowMs - atMs >= rank * patienceMs) this.#claim(key);
    }
  }

  // --- activations

  async #activate(key: string, hold: Hold): Promise<Deactivate> {
    const opened = await this.#open(key, hold);
    if (!opened.ok) {
      const { error } = opened;
      const isFinal = SPOILT.has(error.code);
      this.#waiting.turnAway(key, isFinal ? { kind: 'refused', error } : notHere(error.message));
      throw new SkeinException(error);
    }
    const live = opened.value;
    this.#live.set(key, live);
    this.#waiting.resolve(key, { kind: 'live', live });
    return async () => {
      await live.stop(this.#world.halted?.() ? 0 : LIMITS.virtualDrainMs);
      this.#live.delete(key);
      this.#disclaim(key);
    };
  }

  async #open(key: string, hold: Hold): Promise<Result<LiveActor>> {
    const { state, ports, log, system } = this.#world;
    const { kind } = this.definition;
    const address = formatVirtualAddress({ kind, key });
    const stateKey = `act.${kind}.${encodeKey(key)}`;
    const { token } = hold;
    const store = await ActorStore.open({
      ...{ state, stateKey, actor: address, token },
      holder: system.node,
    });
    if (!store.ok) return store;
    const due = new DueIndex(state, this.#dueKey(key), key);
    const shown = await this.#showDue(key, store.value, due);
    if (!shown.ok) return shown;
    if (!hold.isHeld()) return failure('LEASE_LOST', { key: address, reason: 'it took too long' });
    return LiveActor.start({
      ...{ system, ports, log, key, address, hold, due, definition: this.definition },
      kernelDefinition: this.#kernelDefinition,
      store: store.value,
      onEnd: (reason) => {
        log.debug('a virtual actor is given up', { actor: address, reason });
        this.#disclaim(key);
      },
    });
  }

  /** Takes the entry of its reminders over from the owner before, and mends one that was left too early. */
  async #showDue(key: string, { record }: ActorStore, due: DueIndex): Promise<Result<void>> {
    const firstMs = record.reminders.length
      ? Math.min(...record.reminders.map(({ dueAtMs }) => dueAtMs))
      : undefined;
    const isLeftOver = this.#directory.dueAtMs(this.#dueKey(key)) !== undefined;
    if (firstMs === undefined && !isLeftOver) return success(undefined);
    const shown = await due.notAfter(firstMs ?? this.#world.ports.clock.wallMs());
    if (shown.ok) await due.settle(firstMs);
    return shown;
  }

  #dueKey(key: string): string {
    return `${duePrefix(this.definition.kind)}${encodeKey(key)}`;
  }
}

const refused = (code: 'OVERLOADED', reason: string): VirtualAnswer => {
  const made: { readonly error: SkeinError } = failure(code, { reason });
  return { kind: 'refused', error: made.error };
};

/** What came of a message to an actor of this node. Where it was certainly not run another try may go elsewhere. */
function answerOf(result: AskResult<VirtualAnswer>): VirtualAnswer {
  if (result.kind === 'answered') return result.value;
  if (result.kind === 'unknown') return { kind: 'unknown', error: result.error };
  const { error } = result;
  return FINAL.has(error.code) ? { kind: 'refused', error } : notHere(error.message);
}
