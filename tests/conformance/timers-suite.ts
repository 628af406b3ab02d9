/** What every body of the `Timers` port promises. Nothing is asked of the machine's speed: only that nothing comes too early. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock, TimerHandle, Timers } from '../../src/contracts/index.ts';
import type { Passing } from './passing.ts';

export interface TimersWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly passing: Passing;
  /** The event loop does nothing for at least this long; what falls due meanwhile has its turn afterwards. */
  readonly stall: (ms: number) => Promise<void>;
}

export interface TimersBody {
  readonly name: string;
  readonly open: () => TimersWorld;
}

export function timersSuite({ name, open }: TimersBody): void {
  describe(`timers: ${name}`, () => {
    let world: TimersWorld;
    let log: string[];
    const note = (what: string) => () => void log.push(what);
    beforeEach(() => {
      world = open();
      log = [];
    });
    const logged = (count: number) =>
      world.passing.until(`${count} have fired`, () => log.length >= count);
    /** Time for whatever would be wrong to happen. */
    const passOn = () => world.passing.pass(20);

    describe('after', () => {
      test('fires once, and not before its time', async () => {
        const { clock, timers } = world;
        for (const delayMs of [1, 5, 12]) {
          const startMs = clock.monotonicMs();
          let elapsedMs = -1;
          let fired = 0;
          timers.after(delayMs, () => {
            fired++;
            elapsedMs = clock.monotonicMs() - startMs;
          });
          await world.passing.until('it has fired', () => fired > 0);
          await passOn();
          expect(fired).toBe(1);
          expect(elapsedMs).toBeGreaterThanOrEqual(delayMs);
        }
      });

      test.each([0, -1, -1_000])('of %i ms fires in a later turn', async (delayMs) => {
        world.timers.after(delayMs, note('fired'));
        expect(log).toEqual([]);
        queueMicrotask(note('microtask'));
        await logged(2);
        expect(log).toEqual(['microtask', 'fired']);
      });

      test('fires in the order of time, whatever the order of calls', async () => {
        world.timers.after(15, note('third'));
        world.timers.after(5, note('first'));
        world.timers.after(10, note('second'));
        await logged(3);
        expect(log).toEqual(['first', 'second', 'third']);
      });

      test('fires what is due at one time in the order of the calls', async () => {
        const names = Array.from({ length: 50 }, (_, at) => `timer ${at}`);
        for (const each of names) world.timers.after(3, note(each));
        await logged(names.length);
        expect(log).toEqual(names);
      });

      test('lets promises settle between two that are due at one time', async () => {
        world.timers.after(3, () => {
          note('first')();
          void Promise.resolve().then(() => Promise.resolve().then(note('promise')));
        });
        world.timers.after(3, note('second'));
        await logged(3);
        expect(log).toEqual(['first', 'promise', 'second']);
      });

      test('takes new ones from one that fires, which come in a later turn', async () => {
        world.timers.after(1, () => {
          world.timers.after(0, note('next'));
          note('first')();
          queueMicrotask(note('microtask'));
        });
        await logged(3);
        expect(log).toEqual(['first', 'microtask', 'next']);
      });
    });

    describe('cancel', () => {
      test('keeps a timer from firing, and leaves the others', async () => {
        const handles = [1, 2, 3].map((at) => world.timers.after(3, note(`timer ${at}`)));
        handles[1]?.cancel();
        await logged(2);
        await passOn();
        expect(log).toEqual(['timer 1', 'timer 3']);
      });

      test('of one that has fired, and a second time, does nothing', async () => {
        const fired = world.timers.after(1, note('fired'));
        const cancelled = world.timers.after(1, note('cancelled'));
        cancelled.cancel();
        cancelled.cancel();
        await logged(1);
        fired.cancel();
        fired.cancel();
        await passOn();
        expect(log).toEqual(['fired']);
      });

      test('works from one that fires, on itself and on one due at the same time', async () => {
        const handles: TimerHandle[] = [];
        handles.push(
          world.timers.after(3, () => {
            note('first')();
            for (const handle of handles) handle.cancel();
          }),
        );
        handles.push(world.timers.after(3, note('second')));
        world.timers.after(4, note('last'));
        await logged(2);
        await passOn();
        expect(log).toEqual(['first', 'last']);
      });

      test('works on one whose time came while the event loop stood still', async () => {
        let second: TimerHandle | undefined;
        world.timers.after(2, () => {
          note('first')();
          second?.cancel();
        });
        second = world.timers.after(4, note('second'));
        world.timers.after(6, note('third'));
        await world.stall(10);
        await logged(2);
        await passOn();
        expect(log).toEqual(['first', 'third']);
      });
    });

    describe('immediate', () => {
      test('fires once in a later turn, after the promises of this one', async () => {
        world.timers.immediate(note('immediate'));
        void Promise.resolve().then(() => Promise.resolve().then(note('promise')));
        expect(log).toEqual([]);
        await logged(2);
        await passOn();
        expect(log).toEqual(['promise', 'immediate']);
      });

      test('keeps the order of calls, with the promises of each before the next', async () => {
        for (const each of ['a', 'b', 'c']) {
          world.timers.immediate(() => {
            note(each)();
            void Promise.resolve().then(note(`promise of ${each}`));
          });
        }
        await logged(6);
        expect(log).toEqual(['a', 'promise of a', 'b', 'promise of b', 'c', 'promise of c']);
      });

      test('that is called from one that fires comes in the turn after', async () => {
        world.timers.immediate(() => {
          note('first')();
          world.timers.immediate(note('nested'));
        });
        world.timers.immediate(note('second'));
        await logged(3);
        expect(log).toEqual(['first', 'second', 'nested']);
      });
    });
  });
}
