/**
 * The server of a simulated shared state and the ways to it: it can be down, be cut off from a member, lose requests and answers,
 * and lose writes that it acknowledged. What was on its way when a connection broke is lost.
 */
import type { Random } from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import type { SimulatedLife } from './simulated-life.ts';
import { StateBucket } from './state-bucket.ts';

export interface StateFaults {
  /** Shares, 0..1. A request whose answer is lost has happened. */
  requestLoss: number;
  answerLoss: number;
  /** Each way takes from `delayMs` to `jitterMs` more; those of one member keep their order, as on one connection. */
  delayMs: number;
  jitterMs: number;
  /** A watcher is told up to this much later; what was overwritten meanwhile it never sees. */
  watchLagMs: number;
  /** A caller waits this long for an answer. */
  timeoutMs: number;
  /** Writes younger than this can be lost in a crash; JetStream writes to the disk every two minutes. */
  flushMs: number;
}

/** What is on its way, in order, and when the last of it arrives: nothing overtakes. */
export interface Lane {
  atMs: number;
  readonly waiting: (() => void)[];
}

export const emptyLane = (): Lane => ({ atMs: 0, waiting: [] });

export interface Member {
  readonly name: string;
  readonly life: SimulatedLife;
  readonly requests: Lane;
  readonly answers: Lane;
}

/** Who has to know that the connection of a member is gone. */
export interface ConnectionListener {
  readonly member: string;
  readonly broken: (by: 'server' | 'cut') => void;
}

export class SimulatedStateServer {
  readonly bucket = new StateBucket();
  readonly listeners = new Set<ConnectionListener>();
  readonly counts = { requests: 0, requestsLost: 0, answersLost: 0, cut: 0, writesLost: 0 };
  readonly time: SimulatedTime;
  readonly faults: StateFaults;
  readonly #random: Random;
  readonly #cuts = new Set<{ readonly member: string }>();
  #isDown = false;
  #starts = 0;

  constructor(time: SimulatedTime, random: Random, faults: StateFaults) {
    this.time = time;
    this.#random = random;
    this.faults = faults;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  setDown(isDown: boolean): void {
    if (isDown === this.#isDown) return;
    this.#isDown = isDown;
    this.#starts++;
    if (!isDown) return;
    for (const listener of [...this.listeners]) listener.broken('server');
  }

  crash(lostWrites: number): number {
    this.setDown(true);
    this.bucket.flush(this.time.clock.monotonicMs() - this.faults.flushMs);
    const lost = this.bucket.rollBack(lostWrites);
    this.counts.writesLost += lost;
    return lost;
  }

  /** @returns what ends it */
  cut(member: string): () => void {
    const cut = { member };
    this.#cuts.add(cut);
    for (const listener of [...this.listeners])
      if (listener.member === member) listener.broken('cut');
    return () => void this.#cuts.delete(cut);
  }

  heal(): void {
    this.#cuts.clear();
    this.setDown(false);
  }

  /** Brings a request to the server; `arrive` is told by which start of the server it was taken. */
  toServer(member: Member, arrive: (start: number) => void): void {
    this.counts.requests++;
    const isLost = this.#random.next() < this.faults.requestLoss;
    if (isLost) this.counts.requestsLost++;
    const start = this.#starts;
    this.#after(member.requests, () => {
      if (isLost) return;
      if (this.#isOpen(member, start)) arrive(start);
      else this.counts.cut++;
    });
  }

  /** Brings something to the member, or calls `lost`. */
  toMember(
    member: Member,
    way: { readonly start: number; readonly lane: Lane },
    arrive: () => void,
    lost: () => void = () => undefined,
  ): void {
    const isLost = this.#random.next() < this.faults.answerLoss;
    if (isLost) this.counts.answersLost++;
    this.#after(way.lane, () => {
      if (!isLost && this.#isOpen(member, way.start)) return member.life.act(arrive);
      if (!isLost) this.counts.cut++;
      lost();
    });
  }

  #isOpen({ name }: Member, start: number): boolean {
    if (this.#isDown || start !== this.#starts) return false;
    for (const { member } of this.#cuts) if (member === name) return false;
    return true;
  }

  /** Holds back at the server what a slow watcher is to be told. */
  afterLag(lane: Lane, then: () => void): void {
    const { watchLagMs } = this.faults;
    if (watchLagMs === 0 && lane.waiting.length === 0) then();
    else this.#queue(lane, this.#random.next() * watchLagMs, then);
  }

  #after(lane: Lane, then: () => void): void {
    const { delayMs, jitterMs } = this.faults;
    this.#queue(lane, delayMs + this.#random.next() * jitterMs, then);
  }

  #queue(lane: Lane, takenMs: number, then: () => void): void {
    const nowMs = this.time.clock.monotonicMs();
    lane.atMs = Math.max(lane.atMs, nowMs + takenMs);
    lane.waiting.push(then);
    this.time.timers.after(lane.atMs - nowMs, () => lane.waiting.shift()?.());
  }
}
