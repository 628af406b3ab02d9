/**
 * One live activation per key over all nodes: each node claims the keys that should live, placement says who should own one, a
 * lease says who does. A singleton is a kind with one key.
 *
 * Promised, under the conditions of `Lease`: at most one activation of a key holds its lease at any moment, and its token is
 * higher than those before. An activation that asks `isHeld` in the turn in which it acts does not act outside of that; what it
 * sent before is stopped by the `Fence` of the resource. Candidates need not be agreed upon: they decide who, not whether one.
 *
 * Every owned key costs one write to the state per renewal, a third of its time: this is for singletons and for hundreds of
 * keys a node, not for millions; more keys share the lease of a shard.
 */
import {
  failure,
  LIMITS,
  type Log,
  type Ports,
  type Result,
  type SharedState,
  success,
} from '../../contracts/index.ts';
import { type Activate, Activation, type ActivationWorld } from './activation.ts';
import { type ClaimPatience, DEFAULT_PATIENCE } from './claim.ts';
import { acceptTerms, type LeaseRecord, type LeaseTerms } from './lease-terms.ts';
import { LeaseWatch, type Standing } from './lease-watch.ts';
import { type Candidate, type PlacementRules, place } from './placement.ts';
import { encodeKey } from './state-key.ts';

export interface OwnershipOptions extends Partial<ClaimPatience> {
  readonly state: SharedState;
  readonly ports: Ports;
  readonly log: Log;
  /** This node, as candidates name it; another life of the same node may keep the name. */
  readonly node: string;
  /** What the keys are of: letters, digits, `_` and `-`. */
  readonly kind: string;
  /** Nodes that are taken to be alive. Asked often; `reconsider` says that it changed. */
  readonly candidates: () => readonly Candidate[];
  readonly placement?: PlacementRules;
  readonly terms?: Partial<LeaseTerms>;
  readonly activate: Activate;
  /** Keys owned here at once; beyond it they are left to others. Default LIMITS.ownedKeys. */
  readonly ownedMax?: number;
  /** Keys claimed here at once. Default LIMITS.claimedKeys. */
  readonly claimedMax?: number;
  /** A claimed key whose standing changed; undefined: all may have. */
  readonly onStanding?: (key: string | undefined) => void;
}

const KIND = /^[A-Za-z0-9_-]+$/;

const LEASE_PREFIX = 'own.';

/**
 * Gives back the leases of earlier lives in a state that one process alone can open: whoever held them is gone. Failures: those of
 * the state.
 */
export async function forgetLeases(state: SharedState): Promise<Result<void>> {
  const keys = await state.keys(LEASE_PREFIX);
  if (!keys.ok) return keys;
  const deleted = await Promise.all(keys.value.map((key) => state.delete(key)));
  return deleted.find((each) => !each.ok) ?? success(undefined);
}

export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #world: ActivationWorld;
  readonly #watch: LeaseWatch;
  readonly #claims = new Map<string, Activation>();
  #endWatch: () => void = () => undefined;

  /** Failures: ARGUMENT_INVALID, STATE_UNAVAILABLE. */
  static open(options: OwnershipOptions): Result<Ownership> {
    const terms = acceptTerms(options.terms ?? {});
    if (!terms.ok) return terms;
    if (!KIND.test(options.kind)) return refuse('kind', options.kind, 'letters, digits, _ and -');
    const ownership = new Ownership(options, terms.value);
    const watched = ownership.#watch.start();
    if (!watched.ok) return watched;
    ownership.#endWatch = watched.value;
    return success(ownership);
  }

  private constructor(options: OwnershipOptions, terms: LeaseTerms) {
    const { state, ports, log, node, activate, candidates, placement } = options;
    this.#options = options;
    this.#watch = new LeaseWatch({
      state,
      clock: ports.clock,
      prefix: this.#stateKey(''),
      terms,
      onChange: (stateKey) => this.#changed(stateKey),
    });
    const ownedMax = options.ownedMax ?? LIMITS.ownedKeys;
    this.#world = {
      ...{ ...DEFAULT_PATIENCE, ...patienceOf(options) },
      ...{ state, ports, log, node, terms, activate },
      standing: (stateKey) => this.#watch.standing(stateKey),
      round: () => this.#watch.round,
      preference: (key) => place(key, candidates(), placement).map((candidate) => candidate.node),
      hasRoom: () => [...this.#claims.values()].filter(({ isIdle }) => !isIdle).length < ownedMax,
    };
  }

  /**
   * Wants one activation of the key to live somewhere: here, when this node is the first of the candidates or those before it
   * do not take it. To be claimed on every node that may own it. Failures: ARGUMENT_INVALID, OVERLOADED.
   */
  claim(key: string): Result<void> {
    const stateKey = this.#stateKey(key);
    const claimed = this.#claims.get(stateKey);
    if (claimed?.isClosed) claimed.reopen();
    if (claimed) return success(undefined);
    if (key === '' || stateKey.length > LIMITS.stateKeyLength)
      return refuse('key', key, `1 to ${LIMITS.stateKeyLength} characters with its kind, encoded`);
    const claimedMax = this.#options.claimedMax ?? LIMITS.claimedKeys;
    if (this.#claims.size >= claimedMax)
      return failure('OVERLOADED', { reason: `${claimedMax} keys are claimed already` });
    const claim = new Activation(key, stateKey, this.#world);
    this.#claims.set(stateKey, claim);
    claim.consider();
    return success(undefined);
  }

  /** Ends the claim of this node: what is active here stops and others may take the key. Resolves when that is done. */
  async disclaim(key: string): Promise<void> {
    const stateKey = this.#stateKey(key);
    const claim = this.#claims.get(stateKey);
    await claim?.close();
    if (claim?.isClosed && this.#claims.get(stateKey) === claim) this.#claims.delete(stateKey);
  }

  /** Who was last seen to own the key; it may have changed by now. Undefined: nobody, or the state is away. */
  ownerOf(key: string): LeaseRecord | undefined {
    const standing = this.#watch.standing(this.#stateKey(key));
    return standing.kind === 'held' ? standing.record : undefined;
  }

  /** What this node knows of the key's lease, by its watch. */
  standingOf(key: string): Standing {
    return this.#watch.standing(this.#stateKey(key));
  }

  /** Nodes that may own the key, most preferred first, as this node sees them now. */
  preferenceOf(key: string): readonly string[] {
    return this.#world.preference(key);
  }

  /** The candidates have changed. */
  reconsider(): void {
    for (const claim of this.#claims.values()) claim.consider();
  }

  /** Ends all claims. */
  async close(): Promise<void> {
    await Promise.all([...this.#claims.values()].map((claim) => claim.close()));
    this.#claims.clear();
    this.#endWatch();
  }

  #changed(stateKey: string | undefined): void {
    const { onStanding } = this.#options;
    if (stateKey !== undefined) {
      const claim = this.#claims.get(stateKey);
      claim?.consider();
      if (claim) onStanding?.(claim.key);
      return;
    }
    this.reconsider();
    onStanding?.(undefined);
    if (this.#world.terms.isStateForgetful)
      for (const claim of this.#claims.values()) claim.verify();
  }

  #stateKey(key: string): string {
    return `${LEASE_PREFIX}${this.#options.kind}.${encodeKey(key)}`;
  }
}

const patienceOf = ({ patienceMs, handOverAfterMs }: Partial<ClaimPatience>) => ({
  ...(patienceMs === undefined ? {} : { patienceMs }),
  ...(handOverAfterMs === undefined ? {} : { handOverAfterMs }),
});

const refuse = (argument: string, found: string, expected: string): Result<never> =>
  failure('ARGUMENT_INVALID', { argument, found: JSON.stringify(found.slice(0, 60)), expected });
