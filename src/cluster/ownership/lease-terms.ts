/**
 * The terms of a lease, the same for all nodes of a cluster, and the times that follow from them. No two clocks are ever
 * compared: the holder counts from before its request left, others from when they saw it, each by its own monotonic clock. So
 * only the rates of clocks matter (Gray and Cheriton, "Leases", 1989; Liskov, "Practical Uses of Synchronized Clocks", 1991).
 */
import { failure, type Json, type Result, success } from '../../contracts/index.ts';

export interface LeaseTerms {
  /** How long a lease lasts after its last renewal. Default 10,000. */
  readonly ttlMs: number;
  /**
   * The holder stops this share of `ttlMs` early, others wait this share longer: safe while every clock goes at a rate of 1 ±
   * this, pauses of any length included. Default 0.1; real clocks keep to 0.0005.
   */
  readonly driftRatio: number;
  /** The owner is told so long before its lease ends that it has to stop. Default 1,000. */
  readonly stopMs: number;
  /**
   * Whether the state can lose writes that it acknowledged (one replica and a power cut). Then whoever finds a key free or held
   * when its watch begins, or begins again, waits as if somebody had just renewed it: take-overs right after a break are slower
   * by up to `ttlMs`. Default true; false for a bucket with three replicas.
   */
  readonly isStateForgetful: boolean;
}

export const DEFAULT_TERMS: LeaseTerms = {
  ttlMs: 10_000,
  driftRatio: 0.1,
  stopMs: 1_000,
  isStateForgetful: true,
};

const TTL_MS_MAX = 3_600_000;
/** Renewals that may fail before the owner has to stop. */
const RENEWALS = 3;
const RETRIES = 4;

/** How long the holder may act after its last renewal was sent, by its clock. */
export const holdMs = ({ ttlMs, driftRatio }: LeaseTerms): number => ttlMs * (1 - driftRatio);

/** How long others wait after they have seen an entry that stays as it is, by their clocks. */
export const takeOverMs = (ttlMs: number, { driftRatio }: LeaseTerms): number =>
  ttlMs * (1 + driftRatio);

export const renewEveryMs = (terms: LeaseTerms): number =>
  (holdMs(terms) - terms.stopMs) / RENEWALS;

export const renewRetryMs = (terms: LeaseTerms): number => renewEveryMs(terms) / RETRIES;

/** Failure: ARGUMENT_INVALID. What is left out has its default. */
export function acceptTerms(given: Partial<LeaseTerms>): Result<LeaseTerms> {
  const terms = { ...DEFAULT_TERMS, ...given };
  const { ttlMs, driftRatio, stopMs } = terms;
  const isGood =
    ttlMs > 0 &&
    ttlMs <= TTL_MS_MAX &&
    driftRatio >= 0 &&
    driftRatio < 1 &&
    stopMs >= 0 &&
    stopMs < holdMs(terms);
  if (isGood) return success(terms);
  return failure('ARGUMENT_INVALID', {
    argument: 'terms',
    found: JSON.stringify({ ttlMs, driftRatio, stopMs }),
    expected: `ttlMs up to ${TTL_MS_MAX}, 0 <= driftRatio < 1, stopMs below ttlMs * (1 - driftRatio)`,
  });
}

/** What the state holds for a key that is leased. The nonce is of one acquisition: it tells one's own write from another's. */
export interface LeaseRecord {
  readonly holder: string;
  readonly nonce: string;
  readonly ttlMs: number;
}

/** A record whose lease lasts `ttlMs`, whatever is in the entry: what cannot be read is respected, not trusted. */
export function readRecord(value: Json, { ttlMs }: LeaseTerms): LeaseRecord {
  const { holder, nonce, ttlMs: found } = Object(value) as Readonly<Record<string, unknown>>;
  const isTtl = typeof found === 'number' && found > 0 && found <= TTL_MS_MAX;
  return {
    holder: typeof holder === 'string' ? holder : '',
    nonce: typeof nonce === 'string' ? nonce : '',
    ttlMs: isTtl ? found : ttlMs,
  };
}
