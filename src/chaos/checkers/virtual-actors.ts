/**
 * Virtual actors: one activation a key at every moment, with a token higher than those before; what was acknowledged is there for
 * everybody who asks later, until the state loses what it had acknowledged; nothing is done twice, nothing that was said not to be,
 * and nothing of a turn that failed; reminders come one after the other. When all is whole everybody is answered, and reminded.
 */
import type { Checker, Report } from '../checker.ts';
import { FAILED_ID } from '../virtual-counter.ts';
import type { CounterAsk } from '../virtual-facts.ts';

interface Asked {
  readonly key: string;
  readonly what: CounterAsk;
  readonly isCalm: boolean;
  /** Of a read: increments that were acknowledged before it. */
  readonly acknowledged: readonly number[];
}

interface Fired {
  readonly first: number;
  last: number;
}

/** Until everybody has met a new life of a node: what goes to the one before is lost with its session. */
const MET_MS = 10_000;
/** As the kernel says it of a message that was still in the mailbox. */
const NOT_WORKED_OFF = 'stopped before it received the message';

export function virtualActorsChecker(report: Report): Checker {
  const tokens = new Map<string, number>();
  const open = new Map<number, Asked>();
  const acknowledged = new Map<string, number[]>();
  const refused = new Set<number>();
  /** Of keys that had a reminder set when all was whole: how many had fired at the first look, and at the last. */
  const fired = new Map<string, Fired | undefined>();
  let hasLostWrites = false;
  let isCalm = false;
  let newLifeMs = Number.NEGATIVE_INFINITY;
  let lastId = 0;
  /** IDs up to this one may be gone with what the state has lost. */
  let excusedId = 0;
  const judge = (key: string, done: readonly number[], wanted: readonly number[]): void => {
    const times = new Set<number>();
    for (const id of done) {
      if (id === FAILED_ID) report('acknowledged work', `${key} keeps what a failed turn changed`);
      else if (times.has(id)) report('effects', `${id} of ${key} was done twice`);
      if (refused.has(id)) report('effects', `${id} of ${key} was said not to be done, and is`);
      times.add(id);
    }
    for (const id of wanted)
      if (id > excusedId && !times.has(id)) report('acknowledged work', `${id} of ${key} is lost`);
  };
  return {
    name: 'virtual actors',
    hear: (fact, nowMs) => {
      switch (fact.kind) {
        case 'node began':
          newLifeMs = nowMs;
          return;
        case 'phase':
          isCalm = fact.phase === 'calm';
          return;
        case 'state lost writes':
          hasLostWrites = true;
          excusedId = lastId;
          return;
        case 'stale route':
          if (isCalm && fact.reason.includes(NOT_WORKED_OFF))
            report('hand-over', `${fact.actor} left what was in its mailbox: ${fact.reason}`);
          return;
        case 'activations':
          if (fact.copies.length > 1)
            report('one owner', `${fact.key} is held by ${fact.copies.join(' and ')}`);
          return;
        case 'activation began': {
          const { copy, key, revision } = fact;
          const last = tokens.get(key) ?? 0;
          tokens.set(key, Math.max(last, revision));
          if (revision <= last && !hasLostWrites)
            report('one owner', `${copy} has token ${revision} of ${key}, after ${last}`);
          return;
        }
        case 'counter asked': {
          const { id, key, what } = fact;
          lastId = id;
          const known = what === 'read' ? [...(acknowledged.get(key) ?? [])] : [];
          return void open.set(id, { key, what, isCalm, acknowledged: known });
        }
        case 'counter found': {
          const { id, key, done, fired: times } = fact;
          judge(key, done, open.get(id)?.acknowledged ?? []);
          const at = times.findIndex((sequence, place) => sequence !== place + 1);
          if (at >= 0) report('reminders', `${times[at]} of ${key} came as number ${at + 1}`);
          if (!fired.has(key)) return;
          const before = fired.get(key);
          if (before) before.last = times.length;
          else fired.set(key, { first: times.length, last: times.length });
          return;
        }
        case 'counter told': {
          const { id, outcome, code } = fact;
          const asked = open.get(id);
          open.delete(id);
          if (!asked) return report('asks', `${id} was told twice`);
          const { key, what } = asked;
          if (what === 'increment' && outcome === 'not-delivered') refused.add(id);
          if (what === 'increment' && outcome === 'answered')
            acknowledged.set(key, [...(acknowledged.get(key) ?? []), id]);
          if (asked.isCalm && what === 'remindMe' && !fired.has(key)) fired.set(key, undefined);
          const isExcused = code === 'PEER_LOST' && nowMs - newLifeMs < MET_MS;
          if (asked.isCalm && isCalm && what !== 'fail' && outcome !== 'answered' && !isExcused)
            report('liveness', `${what} ${id} of ${key} ended ${outcome} (${code})`);
        }
      }
    },
    finish: () => {
      for (const [key, times] of fired)
        if (times && times.last <= times.first)
          report('reminders', `${key} is not reminded any more`);
    },
  };
}
