/** One turn of a virtual actor: what its handler wants beside the change of state, held back until that is durable. */
import {
  type Clock,
  failure,
  type Log,
  plainCopy,
  type Random,
  SkeinException,
  type TraceContext,
} from '../../contracts/index.ts';
import type { Hold } from '../ownership/activation.ts';
import { type Reminder, withReminder } from './reminders.ts';
import type { VirtualContext } from './virtual-actor.ts';

export interface TurnWorld {
  readonly key: string;
  readonly address: string;
  readonly hold: Hold;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly trace: TraceContext | undefined;
}

export class Turn {
  readonly context: VirtualContext;
  /** To be sent once the turn is durable. */
  readonly outbox: (() => void)[] = [];
  reminders: readonly Reminder[];
  wantsPassivation = false;
  wantsErasure = false;
  #isOver = false;

  constructor(world: TurnWorld, reminders: readonly Reminder[]) {
    this.reminders = reminders;
    this.context = this.#contextOf(world);
  }

  /** What the handler left running can do nothing any more. */
  end(): void {
    this.#isOver = true;
  }

  #contextOf({ hold, ...facts }: TurnWorld): VirtualContext {
    return {
      ...facts,
      token: hold.token,
      isHeld: () => hold.isHeld(),
      remind: (name, time, given) => {
        this.#check(facts.address);
        const payload = plainCopy(given);
        if (!payload.ok) throw invalid('payload', payload.mismatch);
        const wanted = { name, time, payload: payload.value };
        const set = withReminder(this.reminders, wanted, facts.clock.wallMs());
        if (!set.ok) throw new SkeinException(set.error);
        this.reminders = set.value;
      },
      cancelReminder: (name) => {
        this.#check(facts.address);
        const before = this.reminders;
        this.reminders = before.filter((reminder) => reminder.name !== name);
        return this.reminders.length < before.length;
      },
      tell: (handle, type, given) => {
        this.#check(facts.address);
        const payload = plainCopy(given);
        if (!payload.ok) throw invalid('payload', payload.mismatch);
        this.outbox.push(() => handle.tell(type, payload.value as never));
      },
      passivate: () => {
        this.wantsPassivation = true;
      },
      erase: () => {
        this.#check(facts.address);
        this.wantsErasure = true;
      },
    };
  }

  #check(address: string): void {
    if (this.#isOver)
      throw new SkeinException(
        failure('LEASE_LOST', { key: address, reason: 'the turn is over' }).error,
      );
  }
}

const invalid = (
  argument: string,
  { found, expected }: { readonly found: string; readonly expected: string },
): SkeinException =>
  new SkeinException(failure('ARGUMENT_INVALID', { argument, found, expected }).error);
