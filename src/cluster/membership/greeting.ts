/**
 * When a member speaks to everybody, and whether it takes up what others say to all: paced so that what each hears of it does not
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
/** So many take up the hello of somebody unknown; the others learn of it by rumours, and meet it when they have to say something to it. */
const GREETERS = 5;
/** While it knows few, as at the start of all, a member takes up so many at once, and so many a second. */
const STRANGERS_AT_ONCE = 10;
const STRANGERS_A_SECOND = 5;
/** So many tell one whom they think dead, which then tells the others. */
const MOURNERS = 10;

export class Greeting {
  readonly #random: Random;
  readonly #pauseMs: number;
  #nextMs: number;
  /** Later than now by as much as was taken up lately (GCRA, ITU-T I.371). */
  #strangersMs = Number.NEGATIVE_INFINITY;
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

  /** Whether to look at what somebody unknown says to all. */
  isGreeter(nowMs: number, members: number): boolean {
    return this.#mayMeet(nowMs) && this.#random.next() < GREETERS / members;
  }

  /** One that has signed it is taken up. @returns false when there are too many */
  greets(nowMs: number): boolean {
    if (!this.#mayMeet(nowMs)) return false;
    this.#strangersMs = Math.max(this.#strangersMs, nowMs) + 1_000 / STRANGERS_A_SECOND;
    return true;
  }

  isMourner(members: number): boolean {
    return this.#random.next() < MOURNERS / members;
  }

  #mayMeet(nowMs: number): boolean {
    return this.#strangersMs - nowMs < (STRANGERS_AT_ONCE * 1_000) / STRANGERS_A_SECOND;
  }
}
