/** Built-ins that no engine timeout reaches, and programs that abort the engine: one host process is lost, nothing else. */
import { describe, expect, test } from 'vitest';
import {
  type Attack,
  handlerOf,
  runRequest,
  sandboxWorld,
  testAttacks,
} from '../support/sandbox.ts';

const stuck = (name: string, source: string): Attack => ({
  name,
  source,
  verdicts: ['terminated', 'contained'],
});

describe('only a kill from outside ends', () => {
  const world = sandboxWorld();

  testAttacks(world, [
    stuck(
      'a search through 2^53 slots',
      'return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);',
    ),
    stuck(
      'a search from the end',
      'return Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);',
    ),
    stuck(
      'a fill of 2^53 slots',
      'return Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1).length;',
    ),
    stuck('a reverse of a sparse array', 'return new Array(2 ** 31 + 1).reverse().length;'),
    stuck('a match array over the engine cap', "return 'b'.repeat(2 ** 28).match(/b/g).length;"),
    stuck('a split of a huge text', "return 'b'.repeat(2 ** 28).split('').length;"),
    stuck(
      'integers of a million digits',
      'let x = 7n ** 1000000n; for (let i = 0; i < 40; i++) x *= x; return String(x).length;',
    ),
    stuck('a set of ten million numbers', 'return new Set(Array(1e7).keys()).size;'),
    stuck(
      'collation of long texts',
      "const s = 'ab'.repeat(1 << 23); for (;;) s.localeCompare(s + 'c');",
    ),
    stuck('a parser fed with nesting', "return eval('['.repeat(3e6) + ']'.repeat(3e6)).length;"),
  ]);

  test('the host process is reported as gone, with the limit as its exit', async () => {
    const host = await world.lease();
    const exited = new Promise((resolve) => host.onExit(resolve));
    const endless = handlerOf('return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);');
    const report = await host.run(runRequest(endless));
    expect(report.exit).toEqual({ kind: 'cpu' });
    expect(report.limitTouched).toBe(true);
    expect(await exited).toEqual({ kind: 'cpu' });
    expect(host.isAlive()).toBe(false);
  });
});
