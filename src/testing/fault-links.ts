/** What can go wrong on the way between the nodes of a test, in plain verbs. It is so until it is healed or told otherwise. */
import type { SimulatedBus, Toxic } from '../host/index.ts';
import { requireArgument } from './expectation.ts';

export interface LinkFaults {
  /** Share of packets that are lost, 0 to 1. Links repeat them: nothing is lost for actors, it comes later. */
  readonly lose?: number;
  /** Share of packets that arrive twice, 0 to 1. Links drop the second: actors do not see it. */
  readonly repeat?: number;
  /** How long a packet takes; beside the 0.2 to 0.4 ms of the bus; default none. Packets change places; links put those of one sender in order again. */
  readonly delay?: DelayRange;
}

export interface DelayRange {
  readonly minMs: number;
  readonly maxMs: number;
}

const DELAY_MS_MAX = 60_000;

/** What is wrong with the links of a cluster now. */
export class FaultLinks {
  readonly #bus: SimulatedBus;
  readonly #ends = new Map<string, () => void>();

  constructor(bus: SimulatedBus) {
    this.#bus = bus;
  }

  /** Leaves as it is what the faults do not name. @throws ARGUMENT_INVALID as a `SkeinException` */
  apply({ lose, repeat, delay }: LinkFaults): void {
    if (lose !== undefined) this.#be('lose', { loss: shareOf('lose', lose) });
    if (repeat !== undefined) this.#be('repeat', { repeat: shareOf('repeat', repeat) });
    if (delay === undefined) return;
    const { minMs, maxMs } = delay;
    requireArgument(minMs >= 0 && minMs <= maxMs && maxMs <= DELAY_MS_MAX, 'delay', {
      found: delay,
      expected: `0 <= minMs <= maxMs <= ${DELAY_MS_MAX}`,
    });
    this.#be('delay', { latencyMs: minMs, jitterMs: maxMs - minMs });
  }

  cut(from: string, to: string): void {
    this.#be(`${from}>${to}`, { from, to, isCut: true });
  }

  /** No fault, no cut. */
  heal(): void {
    this.#ends.clear();
    this.#bus.heal();
  }

  #be(what: string, toxic: Toxic): void {
    this.#ends.get(what)?.();
    this.#ends.set(what, this.#bus.add(toxic));
  }
}

function shareOf(argument: string, share: number): number {
  const expected = 'a share, 0 to 1';
  requireArgument(share >= 0 && share <= 1, argument, { found: share, expected });
  return share;
}
