/** What can go wrong on the way between the nodes of a test, in plain verbs. It is so until it is healed or told otherwise. */
import type { SimulatedBus } from '../host/index.ts';
import { requireArgument } from './expectation.ts';

export interface LinkFaults {
  /** Share of packets that are lost, 0 to 1. Links repeat them: nothing is lost for actors, it comes later. */
  readonly lose?: number;
  /** Share of packets that arrive twice, 0 to 1. Links drop the second: actors do not see it. */
  readonly repeat?: number;
  /** How long a packet takes; default 0.2 to 0.4 ms. Packets change places; links put those of one sender in order again. */
  readonly delay?: DelayRange;
}

export interface DelayRange {
  readonly minMs: number;
  readonly maxMs: number;
}

const DELAY: DelayRange = { minMs: 0.2, maxMs: 0.4 };
const DELAY_MS_MAX = 60_000;

/** Leaves as it is what the faults do not name. @throws ARGUMENT_INVALID as a `SkeinException` */
export function applyFaults(bus: SimulatedBus, { lose, repeat, delay }: LinkFaults): void {
  if (lose !== undefined) bus.faults.loss = shareOf('lose', lose);
  if (repeat !== undefined) bus.faults.repeat = shareOf('repeat', repeat);
  if (delay === undefined) return;
  const { minMs, maxMs } = delay;
  requireArgument(minMs >= 0 && minMs <= maxMs && maxMs <= DELAY_MS_MAX, 'delay', {
    found: delay,
    expected: `0 <= minMs <= maxMs <= ${DELAY_MS_MAX}`,
  });
  bus.faults.delayMs = minMs;
  bus.faults.jitterMs = maxMs - minMs;
}

/** No fault, no cut. */
export function healBus(bus: SimulatedBus): void {
  bus.heal();
  applyFaults(bus, { lose: 0, repeat: 0, delay: DELAY });
}

function shareOf(argument: string, share: number): number {
  const expected = 'a share, 0 to 1';
  requireArgument(share >= 0 && share <= 1, argument, { found: share, expected });
  return share;
}
