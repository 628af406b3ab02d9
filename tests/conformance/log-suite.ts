/** What every body of the `Log` port promises. A body is given with a way to see what was written. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../../src/contracts/index.ts';

export interface LogWorld {
  readonly log: Log;
  /** What was written: level, message, and the text of the line or the fields. */
  readonly lines: () => readonly {
    readonly level: string;
    readonly message: string;
    readonly shown: string;
  }[];
}

export interface LogBody {
  readonly name: string;
  readonly open: () => LogWorld;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export function logSuite({ name, open }: LogBody): void {
  describe(`log: ${name}`, () => {
    let world: LogWorld;
    beforeEach(() => {
      world = open();
    });
    const said = () => world.lines().map(({ level, message }) => [level, message]);

    test('writes a line for each call, with its level and message, in order', () => {
      for (const level of LEVELS) world.log[level](`a sentence at ${level}`);
      expect(said()).toEqual(LEVELS.map((level) => [level, `a sentence at ${level}`]));
    });

    test('writes the fields beside the message', () => {
      world.log.info('with fields', { url: 'nats://x', delayMs: 12.5, list: [1, 'two'] });
      const [line] = world.lines();
      expect(line?.message).toBe('with fields');
      for (const part of ['nats://x', '12.5', '[1,"two"]']) expect(line?.shown).toContain(part);
    });

    test('takes fields that cannot all be written, without a throw', () => {
      const cyclic: Record<string, unknown> = { name: 'cyclic' };
      cyclic.self = cyclic;
      world.log.warn('odd fields', { cyclic, big: 1n, nothing: undefined, call: () => 1 });
      world.log.warn('after');
      expect(said()).toEqual([
        ['warn', 'odd fields'],
        ['warn', 'after'],
      ]);
    });

    test('writes one line whatever the message and the fields hold', () => {
      const odd = 'two\nlines, %s %d, "quoted", \u202e, {}';
      world.log.error(odd, { odd });
      world.log.error('after');
      expect(world.lines().length).toBe(2);
    });

    test('leaves the fields as they are, and gives nothing back', () => {
      const fields = Object.freeze({ list: Object.freeze([1]) });
      expect(world.log.info('frozen', fields)).toBeUndefined();
      expect(fields).toEqual({ list: [1] });
    });

    test('can be called by a function that was taken from it', () => {
      const { info } = world.log;
      info('taken');
      expect(said()).toEqual([['info', 'taken']]);
    });
  });
}
