/** The reminders of one virtual actor as they are kept in its record. Pure: times are wall-clock ms, since they outlive nodes. */
import {
  failure,
  isSafeName,
  type Json,
  LIMITS,
  type Result,
  success,
} from '../../contracts/index.ts';
import type { ReminderTime } from './virtual-actor.ts';

export interface Reminder {
  readonly name: string;
  readonly dueAtMs: number;
  /** Undefined: once. */
  readonly everyMs?: number;
  /** Of the next time, from 1. */
  readonly sequence: number;
  readonly payload?: Json;
}

export const REMINDER_MS_MIN = 100;
export const REMINDER_MS_MAX = 10 * 365 * 86_400_000;

/** With one set anew; its count goes on. Failures: ARGUMENT_INVALID, OVERLOADED. */
export function withReminder(
  reminders: readonly Reminder[],
  wanted: {
    readonly name: string;
    readonly time: ReminderTime;
    readonly payload: Json | undefined;
  },
  nowMs: number,
): Result<readonly Reminder[]> {
  const { name, time, payload } = wanted;
  const everyMs = 'everyMs' in time ? time.everyMs : undefined;
  const delayMs = 'everyMs' in time ? time.everyMs : time.afterMs;
  const leastMs = everyMs === undefined ? 0 : REMINDER_MS_MIN;
  if (!isSafeName(name))
    return failure('ARGUMENT_INVALID', {
      argument: 'name',
      found: JSON.stringify(name).slice(0, 100),
      expected: 'letters, digits, ".", "_", "-", 64 characters at most',
    });
  if (!(delayMs >= leastMs && delayMs <= REMINDER_MS_MAX))
    return failure('ARGUMENT_INVALID', {
      argument: 'time',
      found: JSON.stringify(time),
      expected: `everyMs from ${REMINDER_MS_MIN}, or afterMs from 0, ten years at most`,
    });
  const others = reminders.filter((reminder) => reminder.name !== name);
  if (others.length >= LIMITS.virtualReminders)
    return failure('OVERLOADED', { reason: `${others.length} reminders are set already` });
  const before = reminders.find((reminder) => reminder.name === name);
  const reminder: Reminder = {
    name,
    dueAtMs: Math.round(nowMs + delayMs),
    sequence: before?.sequence ?? 1,
    ...(everyMs === undefined ? {} : { everyMs }),
    ...(payload === undefined ? {} : { payload }),
  };
  return success([...others, reminder]);
}

/** After it fired. A period that nobody was there for is left out: the next time is the first that is yet to come. */
export function withoutFired(
  reminders: readonly Reminder[],
  fired: Reminder,
  nowMs: number,
): readonly Reminder[] {
  const { everyMs } = fired;
  return reminders.flatMap((reminder) => {
    if (reminder !== fired) return [reminder];
    if (everyMs === undefined) return [];
    const periods = Math.max(1, Math.floor((nowMs - fired.dueAtMs) / everyMs) + 1);
    const dueAtMs = fired.dueAtMs + periods * everyMs;
    return [{ ...fired, dueAtMs, sequence: fired.sequence + 1 }];
  });
}

/** The one that comes first. */
export const earliest = (reminders: readonly Reminder[]): Reminder | undefined =>
  reminders.reduce<Reminder | undefined>(
    (first, reminder) => (first && first.dueAtMs <= reminder.dueAtMs ? first : reminder),
    undefined,
  );
