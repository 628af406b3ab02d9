/**
 * When a member speaks to everybody, and whether it tells all it knows to one that did: paced so that what each hears of it does not
 * grow with the cluster, not even when all start, or come back, at once.
 */
import type { Random } from '../../contracts/index.ts';

/** The second hello comes soon, for those who start at the same time; more while nobody has answered, but one may be the first of all. */
const JOIN_MS = 1_000;
const JOIN_MS_A_MEMBER = 10;
const JOIN_HELLOS = { always: 2, unanswered: 5 } as const;
/** Members who hear two hellos a second at the usual pause. */
const MEMBERS_AT_PAUSE = 20;
/** While somebody is remembered as dead it may only have been cut off: hellos come more often, five a second are heard at most. */
const SEEKING_MS = 2_500;
const SEEKING_MS_A_MEMBER = 200;
/** After the bus was away for all: hellos are spread over so long. */
const RETURN_MS = 200;
const RETURN_MS_A_MEMBER = 10;
/** Everything is told no more often: a list of a thousand is 90 kB. */
const SYNC_MS = 200;
const SYNC_MS_A_MEMBER = 3;
/** So many answer a hello that everybody heard. */
const GREETERS = 3;
/** So many tell one whom they think dead, which then tells the others. */
const MOURNERS = 10;

export class Greeting {
  readonly #random: Random;
  readonly #pauseMs: number;
  #nextMs: number;
  #nextSyncMs = Number.NEGATIVE_INFINITY;
  #hellos = 0;
  #isJoined = false;

  constructor(random: Random, options: { readonly pauseMs: number; readonly nowMs: number }) {
    this.#random = random;
    this.#pauseMs = options.pauseMs;
    this.#nextMs = options.nowMs;
  }

  /** When the next hello is due. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** One was said. `isSeeking`: somebody is remembered as dead. */
  said(nowMs: number, members: number, isSeeking: boolean): void {
    const usualMs = Math.max(this.#pauseMs, (members * this.#pauseMs) / MEMBERS_AT_PAUSE);
    const seekingMs = Math.max(SEEKING_MS, members * SEEKING_MS_A_MEMBER);
    const joinMs = Math.max(JOIN_MS, members * JOIN_MS_A_MEMBER);
    const { always, unanswered } = JOIN_HELLOS;
    const isJoining = ++this.#hellos < (this.#isJoined ? always : unanswered);
    const pauseMs = isJoining ? joinMs : isSeeking ? Math.min(usualMs, seekingMs) : usualMs;
    this.#nextMs = nowMs + pauseMs * (0.5 + this.#random.next());
  }

  /** Somebody has told all it knows. */
  joined(): void {
    this.#isJoined = true;
  }

  /** The bus was away, and is there again. */
  returned(nowMs: number, members: number): void {
    const spreadMs = Math.max(RETURN_MS, members * RETURN_MS_A_MEMBER);
    this.#nextMs = Math.min(this.#nextMs, nowMs + this.#random.next() * spreadMs);
  }

  isGreeter(members: number): boolean {
    return this.#random.next() < GREETERS / members;
  }

  isMourner(members: number): boolean {
    return this.#random.next() < MOURNERS / members;
  }

  /** @returns false when everything was told to somebody only now */
  maySync(nowMs: number, members: number): boolean {
    if (nowMs < this.#nextSyncMs) return false;
    this.#nextSyncMs = nowMs + Math.max(SYNC_MS, members * SYNC_MS_A_MEMBER);
    return true;
  }
}
