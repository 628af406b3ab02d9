/** What every body of the `Threads` port promises. On each thread runs `thread-main.ts`. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FramePort, ThreadExit, ThreadHandle, Threads } from '../../src/contracts/index.ts';
import { type Passing, settled } from './passing.ts';
import { frameOf, wordsOf } from './thread-main.ts';

export interface ThreadsWorld {
  readonly threads: Threads;
  readonly passing: Passing;
}

export interface ThreadsBody {
  readonly name: string;
  readonly open: () => ThreadsWorld;
}

const HEAP_MIB = 64;

interface Told {
  readonly handle: ThreadHandle;
  readonly said: string[];
  readonly closed: string[];
  readonly order: (...words: readonly (string | number)[]) => void;
  readonly hears: (line: string) => Promise<void>;
}

export function threadsSuite({ name, open }: ThreadsBody): void {
  describe(`threads: ${name}`, () => {
    let world: ThreadsWorld;
    beforeEach(() => {
      world = open();
    });
    afterEach(() => world.threads.close());

    const start = (thread: string, boot: unknown = {}): Told => {
      const handle = world.threads.start({ name: thread, boot, heapMiB: HEAP_MIB });
      const said: string[] = [];
      const closed: string[] = [];
      handle.control.onFrame((frame) => said.push(wordsOf(frame).join(' ')));
      handle.control.onClose((reason) => closed.push(reason));
      return {
        handle,
        said,
        closed,
        order: (...words) => handle.control.post(frameOf(...words)),
        hears: (line) => world.passing.until(`"${line}" of ${thread}`, () => said.includes(line)),
      };
    };
    const exitOf = ({ handle }: Told): Promise<ThreadExit> =>
      settled(world.passing, 'the thread has ended', handle.exited);
    const numbers = (count: number) => Array.from({ length: count }, (_, id) => `number ${id}`);

    describe('start', () => {
      test('runs the main module, each thread with what it was given', async () => {
        const [one, two] = [start('t1', { id: 1 }), start('t2', { id: 2, list: [null, 'x'] })];
        one.order('boot');
        two.order('boot');
        await one.hears('boot {"id":1}');
        await two.hears('boot {"id":2,"list":[null,"x"]}');
        expect([one.said[0], two.said[0]]).toEqual(['started', 'started']);
      });

      test('gives the thread a copy: what it changes is its own', async () => {
        const boot = { list: [1, 2] };
        const thread = start('t1', boot);
        thread.order('changeBoot');
        thread.order('boot');
        await thread.hears('boot {"list":[1,2,99]}');
        expect(boot).toEqual({ list: [1, 2] });
      });

      test('of what does not survive structured clone is a thread that threw', async () => {
        const thread = start('t1', { call: () => 1 });
        expect(await exitOf(thread)).toMatchObject({ kind: 'threw' });
        expect(thread.said).toEqual([]);
      });

      test('of a main that throws at once is a thread that threw', async () => {
        const exit = await exitOf(start('t1', { isThrowing: true }));
        expect(exit).toMatchObject({ kind: 'threw', message: 'RangeError: thrown at the start' });
      });

      test('gives it ports of its own', async () => {
        const thread = start('t1');
        thread.order('timer', 10);
        await world.passing.until('its timer fires', () => thread.said.length >= 2);
        const [, elapsedMs] = (thread.said[1] ?? '').split(' ');
        expect(Number(elapsedMs)).toBeGreaterThan(8);
      });
    });

    describe('control', () => {
      test('carries frames both ways in order, those from before the thread runs too', async () => {
        const thread = start('t1');
        for (let id = 0; id < 100; id++) thread.order('echo', id);
        await thread.hears('echo 99');
        const wanted = Array.from({ length: 100 }, (_, id) => `echo ${id}`);
        expect(thread.said).toEqual(['started', ...wanted]);
      });

      test('carries copies: each side may write over its bytes at once', async () => {
        const thread = start('t1');
        const memory = Buffer.alloc(64);
        for (let id = 0; id < 50; id++) {
          const length = memory.write(`echo ${id}`);
          thread.handle.control.post(memory.subarray(0, length));
          memory.fill(0xff);
        }
        thread.order('count', 50);
        await thread.hears('number 49');
        const echoes = Array.from({ length: 50 }, (_, id) => `echo ${id}`);
        expect(thread.said).toEqual(['started', ...echoes, ...numbers(50)]);
      });

      test('brings all that a thread said before it ended, then tells its end once', async () => {
        const thread = start('t1');
        thread.order('count', 200);
        thread.order('finish');
        await world.passing.until('the end is told', () => thread.closed.length > 0);
        await exitOf(thread);
        await world.passing.pass(10);
        expect(thread.said).toEqual(['started', ...numbers(200)]);
        expect(thread.closed.length).toBe(1);
      });

      test('takes frames for a thread that has ended without a word', async () => {
        const thread = start('t1');
        thread.order('finish');
        await exitOf(thread);
        const before = thread.said.length;
        thread.order('echo', 'late');
        await world.passing.pass(10);
        expect(thread.said.length).toBe(before);
      });
    });

    describe('exited', () => {
      test('is "stopped" when the main is done', async () => {
        const thread = start('t1');
        thread.order('finish');
        expect(await exitOf(thread)).toEqual({ kind: 'stopped' });
      });

      test('is "threw" with message and stack when the main fails', async () => {
        const thread = start('t1');
        thread.order('fail', 'on-purpose');
        const exit = await exitOf(thread);
        expect(exit).toMatchObject({ kind: 'threw', message: 'RangeError: on-purpose' });
        expect(exit.kind === 'threw' && exit.stack).toContain('RangeError: on-purpose');
      });

      test('is "threw" when what was thrown is no error', async () => {
        const thread = start('t1');
        thread.order('failOddly');
        const exit = await exitOf(thread);
        expect(exit).toEqual({ kind: 'threw', message: 'no error at all' });
      });

      test('leaves the other threads as they were', async () => {
        const [one, two] = [start('t1'), start('t2')];
        await two.hears('started');
        one.order('fail', 'alone');
        await exitOf(one);
        two.order('echo', 'still-here');
        await two.hears('echo still-here');
        expect(two.closed).toEqual([]);
      });

      test('settles for each thread of a pool that is closed', async () => {
        const [one, two] = [start('t1'), start('t2')];
        await one.hears('started');
        await two.hears('started');
        await settled(world.passing, 'the pool is closed', world.threads.close());
        const kinds = [(await exitOf(one)).kind, (await exitOf(two)).kind];
        expect(kinds).toEqual(['threw', 'threw']);
        expect([one.closed.length, two.closed.length]).toEqual([1, 1]);
      });
    });

    describe('terminate', () => {
      const hung: ThreadExit = { kind: 'hung', silentMs: 1_234 };

      test('ends the thread with the reason that was given', async () => {
        const thread = start('t1');
        await thread.hears('started');
        thread.handle.terminate(hung);
        expect(await exitOf(thread)).toEqual(hung);
        await world.passing.until('the end is told', () => thread.closed.length > 0);
      });

      test('before the thread runs ends it all the same', async () => {
        const thread = start('t1');
        thread.handle.terminate(hung);
        expect(await exitOf(thread)).toEqual(hung);
        await world.passing.until('the end is told', () => thread.closed.length > 0);
        expect(thread.said).toEqual([]);
      });

      test('a second time changes nothing', async () => {
        const thread = start('t1');
        await thread.hears('started');
        thread.handle.terminate(hung);
        thread.handle.terminate({ kind: 'stopped' });
        expect(await exitOf(thread)).toEqual(hung);
        thread.handle.terminate({ kind: 'stopped' });
        expect(await exitOf(thread)).toEqual(hung);
      });

      test('of a thread that has ended changes nothing', async () => {
        const thread = start('t1');
        thread.order('finish');
        expect(await exitOf(thread)).toEqual({ kind: 'stopped' });
        thread.handle.terminate(hung);
        expect(await exitOf(thread)).toEqual({ kind: 'stopped' });
      });

      test('makes room for another thread of the name', async () => {
        const first = start('t1');
        await first.hears('started');
        first.handle.terminate(hung);
        await exitOf(first);
        const second = start('t1', { life: 2 });
        second.order('boot');
        await second.hears('boot {"life":2}');
        expect(first.said).toEqual(['started']);
      });
    });

    test('heartbeats grow while the thread lives, and stand still when it has ended', async () => {
      const { handle, order, hears } = start('t1');
      await hears('started');
      const first = handle.heartbeats();
      await world.passing.until('two beats', () => handle.heartbeats() >= first + 2);
      order('finish');
      await settled(world.passing, 'the end', handle.exited);
      const last = handle.heartbeats();
      await world.passing.pass(600);
      expect(handle.heartbeats()).toBe(last);
    });

    describe('a channel', () => {
      const connected = async (): Promise<readonly [Told, Told]> => {
        const [one, two] = [start('t1'), start('t2')];
        const [left, right] = world.threads.channel();
        one.handle.connect('t2', left);
        two.handle.connect('t1', right);
        await one.hears('met t2');
        await two.hears('met t1');
        return [one, two];
      };

      test('carries frames between two threads in order, both ways', async () => {
        const [one, two] = await connected();
        for (let id = 0; id < 100; id++) {
          one.order('to', 't2', id);
          two.order('to', 't1', id);
        }
        await one.hears('from t2 99');
        await two.hears('from t1 99');
        const from = (peer: string) => Array.from({ length: 100 }, (_, id) => `from ${peer} ${id}`);
        expect(one.said.slice(2)).toEqual(from('t2'));
        expect(two.said.slice(2)).toEqual(from('t1'));
      });

      test('keeps what one thread sends before the other knows of it', async () => {
        const [one, two] = [start('t1'), start('t2')];
        const [left, right] = world.threads.channel();
        one.handle.connect('t2', left);
        await one.hears('met t2');
        for (let id = 0; id < 10; id++) one.order('to', 't2', id);
        one.order('echo', 'sent');
        await one.hears('echo sent');
        two.handle.connect('t1', right);
        await two.hears('from t1 9');
        expect(two.said.filter((line) => line.startsWith('from'))).toEqual(
          Array.from({ length: 10 }, (_, id) => `from t1 ${id}`),
        );
      });

      test('has an end that can be opened here', async () => {
        const thread = start('t1');
        const [near, far] = world.threads.channel();
        const port: FramePort = world.threads.open(near);
        const said: string[] = [];
        port.onFrame((frame) => said.push(wordsOf(frame).join(' ')));
        thread.handle.connect('main', far);
        port.post(frameOf('hello'));
        await thread.hears('from main hello');
        thread.order('to', 'main', 'back');
        await world.passing.until('the answer is there', () => said.length > 0);
        expect(said).toEqual(['back']);
        port.close();
        await thread.hears('closed main');
      });

      test.each(['finish', 'fail'])('is closed when a thread ends by "%s"', async (how) => {
        const [one, two] = await connected();
        one.order('to', 't2', 'last');
        one.order(how, 'gone');
        await two.hears('closed t1');
        expect(two.said.slice(-2)).toEqual(['from t1 last', 'closed t1']);
      });

      test('is closed when a thread is terminated', async () => {
        const [one, two] = await connected();
        one.handle.terminate({ kind: 'stopped' });
        await two.hears('closed t1');
      });

      test('that one thread closes is closed for the other, and both live on', async () => {
        const [one, two] = await connected();
        one.order('hangUp', 't2');
        await two.hears('closed t1');
        two.order('to', 't1', 'late');
        for (const each of [one, two]) each.order('echo', 'alive');
        await one.hears('echo alive');
        await two.hears('echo alive');
        expect(one.said.some((line) => line.startsWith('from'))).toBe(false);
      });

      test('is one of many: each pair has its own', async () => {
        const all = ['t1', 't2', 't3'].map((thread) => [thread, start(thread)] as const);
        for (const [at, [a, left]] of all.entries()) {
          for (const [b, right] of all.slice(at + 1)) {
            const [one, other] = world.threads.channel();
            left.handle.connect(b, one);
            right.handle.connect(a, other);
          }
        }
        for (const [a, sender] of all)
          for (const [b, receiver] of all)
            if (a !== b) {
              await sender.hears(`met ${b}`);
              sender.order('to', b, `hello-from-${a}`);
              await receiver.hears(`from ${a} hello-from-${a}`);
            }
      });
    });
  });
}
