/** What every body of the `Processes` port promises. A body is given as a function that starts one of `process-main.ts`. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessExit, ProcessHandle } from '../../src/contracts/index.ts';
import type { Passing } from './passing.ts';

export interface ProcessOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface ProcessesWorld {
  readonly passing: Passing;
  /** Starts a process that runs the main of that name. */
  readonly start: (main: string, options?: ProcessOptions) => ProcessHandle;
  /** Starts a file that does not exist. */
  readonly startMissing: () => ProcessHandle;
}

export interface ProcessesBody {
  readonly name: string;
  /** A folder that exists, other than the one that the suite runs in. */
  readonly folder: string;
  readonly open: () => ProcessesWorld;
}

interface Watched {
  readonly handle: ProcessHandle;
  readonly events: string[];
  readonly exits: ProcessExit[];
  readonly bytes: () => Buffer;
  readonly stderr: () => string;
}

export function processesSuite({ name, folder, open }: ProcessesBody): void {
  describe(`processes: ${name}`, () => {
    let world: ProcessesWorld;
    let running: ProcessHandle[] = [];
    beforeEach(() => {
      world = open();
    });
    afterEach(() => {
      for (const handle of running) handle.kill();
      running = [];
    });

    const watch = (handle: ProcessHandle): Watched => {
      running.push(handle);
      const [data, complaints]: Uint8Array[][] = [[], []];
      const events: string[] = [];
      const exits: ProcessExit[] = [];
      handle.onData((bytes) => {
        data?.push(Uint8Array.from(bytes));
        events.push('data');
      });
      handle.onStderr((bytes) => complaints?.push(Uint8Array.from(bytes)));
      handle.onExit((exit) => {
        exits.push(exit);
        events.push('exit');
      });
      return {
        handle,
        events,
        exits,
        bytes: () => Buffer.concat(data ?? []),
        stderr: () => Buffer.concat(complaints ?? []).toString(),
      };
    };
    const start = (main: string, options?: ProcessOptions) => watch(world.start(main, options));
    const has = (child: Watched, count: number) =>
      world.passing.until(`${count} bytes are there`, () => child.bytes().byteLength >= count);
    const ended = (child: Watched) =>
      world.passing.until('it has ended', () => child.exits.length > 0);
    const passOn = () => world.passing.pass(20);

    test('runs a program, and says its number', async () => {
      const [one, two] = [start('deaf'), start('deaf')];
      await has(one, 1);
      await has(two, 1);
      expect(one.handle.pid).toBeGreaterThan(0);
      expect(two.handle.pid).not.toBe(one.handle.pid);
    });

    test('carries bytes both ways, whole and in order', async () => {
      const child = start('echo');
      const sent = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, at) => at % 251));
      for (let at = 0; at < sent.byteLength; at += 9_001)
        expect(child.handle.write(sent.subarray(at, at + 9_001))).toBe(true);
      await has(child, sent.byteLength);
      expect(Buffer.compare(child.bytes(), sent)).toBe(0);
      expect(child.exits).toEqual([]);
    });

    test('gives it its arguments and its folder, and no more of the environment than was said', async () => {
      const args = ['one', 'two words', '$HOME', '"quoted"'];
      const child = start('report', { args, env: { SAID: 'yes' }, cwd: folder });
      let report: { args?: string[]; env?: Record<string, string>; cwd?: string } = {};
      await world.passing.until('it reports', () => {
        try {
          report = JSON.parse(child.bytes().toString());
          return true;
        } catch {
          return false;
        }
      });
      expect(report).toEqual({ args, env: { SAID: 'yes' }, cwd: folder });
    });

    test('brings what it says on stderr, apart from its bytes', async () => {
      const child = start('complain');
      await ended(child);
      expect([child.stderr(), child.bytes().byteLength]).toEqual(['it is broken\n', 0]);
    });

    test.each([0, 1, 7, 255])('tells of an end with exit code %i, once', async (exitCode) => {
      const child = start('exitWith');
      child.handle.write(Uint8Array.of(exitCode));
      await ended(child);
      await passOn();
      expect(child.exits).toEqual([{ exitCode, signal: null }]);
    });

    test('tells of the end after the last of its bytes', async () => {
      const child = start('shout');
      await ended(child);
      expect(child.bytes().byteLength).toBe(1_000_000);
      expect(child.events.at(-1)).toBe('exit');
      expect(child.exits).toEqual([{ exitCode: 3, signal: null }]);
    });

    test('tells of the end who asks after it, and everybody who asked', async () => {
      const child = start('exitWith');
      const others: ProcessExit[] = [];
      child.handle.onExit((exit) => others.push(exit));
      child.handle.write(Uint8Array.of(5));
      await ended(child);
      child.handle.onExit((exit) => others.push(exit));
      await world.passing.until('all are told', () => others.length === 2);
      expect(others).toEqual([...child.exits, ...child.exits]);
    });

    test('takes no bytes for a process that has ended, and throws nothing', async () => {
      const child = start('exitWith');
      child.handle.write(Uint8Array.of(0));
      await ended(child);
      expect(child.handle.write(Uint8Array.of(1))).toBe(false);
      child.handle.kill();
      await passOn();
      expect(child.exits.length).toBe(1);
    });

    test.each(['deaf', 'spin', 'echo'])('kills a process that does "%s"', async (main) => {
      const child = start(main);
      if (main === 'echo') child.handle.write(Uint8Array.of(1));
      await has(child, 1);
      child.handle.kill();
      child.handle.kill();
      await ended(child);
      expect(child.exits).toEqual([{ exitCode: null, signal: 'SIGKILL' }]);
      expect(child.handle.write(Uint8Array.of(1))).toBe(false);
    });

    test('kills a process that has hardly begun', async () => {
      const child = start('spin');
      child.handle.kill();
      await ended(child);
      expect(child.exits).toEqual([{ exitCode: null, signal: 'SIGKILL' }]);
    });

    test('counts the bytes that the process has not read', async () => {
      const child = start('deaf');
      await has(child, 1);
      expect(child.handle.backlogBytes()).toBe(0);
      for (let each = 0; each < 8; each++) child.handle.write(new Uint8Array(1_000_000));
      await passOn();
      expect(child.handle.backlogBytes()).toBeGreaterThan(1_000_000);
      expect(child.handle.backlogBytes()).toBeLessThanOrEqual(8_000_000);
      child.handle.kill();
      await ended(child);
    });

    test('has no backlog when the process has read everything', async () => {
      const child = start('echo');
      child.handle.write(new Uint8Array(500_000));
      await has(child, 500_000);
      await world.passing.until('nothing is left', () => child.handle.backlogBytes() === 0);
    });

    test('of a file that does not exist has no number, and ends at once', async () => {
      const child = watch(world.startMissing());
      expect(child.handle.pid).toBeUndefined();
      await ended(child);
      await passOn();
      expect(child.exits).toEqual([{ exitCode: null, signal: null }]);
      expect(child.handle.write(Uint8Array.of(1))).toBe(false);
      child.handle.kill();
      expect(child.bytes().byteLength).toBe(0);
    });

    test('leaves the others as they are when one is killed', async () => {
      const [one, two] = [start('echo'), start('echo')];
      one.handle.kill();
      await ended(one);
      two.handle.write(Uint8Array.of(9));
      await has(two, 1);
      expect(two.exits).toEqual([]);
    });
  });
}
