/** Does to a world what a schedule says, when it says so, and undoes whatever is left at the end. */
import type { FaultWorld } from './fault.ts';
import { targetOf } from './fault.ts';
import { describeEvent, type FaultEvent } from './fault-schedule.ts';
import { FAULTS } from './fault-table.ts';

export interface FaultRunner {
  /** Undoes what is still done, and begins nothing more. */
  readonly heal: () => void;
  /** Faults that were begun, by name. */
  readonly begun: ReadonlySet<string>;
}

/** `note` hears of each beginning and end. */
export function runSchedule(
  events: readonly FaultEvent[],
  world: FaultWorld,
  note: (what: string) => void,
): FaultRunner {
  const begun = new Set<string>();
  const active = new Set<() => void>();
  let isOver = false;
  const begin = (event: FaultEvent): void => {
    const fault = FAULTS[event.fault];
    const target = fault && targetOf(fault.target, event.target);
    if (isOver || !fault || !target) return;
    note(describeEvent(event));
    begun.add(event.fault);
    const undo = fault.inject(world, target, event.attributes);
    if (!undo) return;
    const end = (): void => {
      if (!active.delete(end)) return;
      if (!isOver) note(`${event.fault} of ${event.target} ends`);
      undo();
    };
    active.add(end);
    world.later(event.forMs, end);
  };
  for (const event of events) world.later(event.atMs, () => begin(event));
  return {
    begun,
    heal: () => {
      isOver = true;
      for (const end of [...active]) end();
    },
  };
}
