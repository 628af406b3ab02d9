/** What is thrown: a skill's error keeps its name and message, and nothing else of it is believed. */
import { describe, expect, test } from 'vitest';
import { type Attack, handlerOf, sandboxWorld, testAttacks } from '../support/sandbox.ts';

const thrown = (name: string, source: string, module = false): Attack => ({
  name,
  source,
  module,
  verdicts: ['contained'],
  codes: ['SKILL_THREW'],
});

describe('a skill that throws', () => {
  const world = sandboxWorld();

  testAttacks(world, [
    thrown(
      'a proxy whose traps never return',
      'throw new Proxy({}, { get() { for (;;); }, getPrototypeOf() { for (;;); }, ownKeys() { for (;;); } });',
    ),
    thrown(
      'an error named by a symbol',
      "const e = new Error('x'); e.name = Symbol('n'); throw e;",
    ),
    thrown(
      'an error with getters',
      "const e = new Error('x'); for (const k of ['name', 'message', 'stack']) Object.defineProperty(e, k, { get() { for (;;); } }); throw e;",
    ),
    thrown(
      'half of a character',
      "const e = new Error('\\ud800'.repeat(3000)); e.name = '\\udfff'; throw e;",
    ),
    thrown('undefined', 'throw undefined;'),
    thrown('a function', "throw () => 'ESCAPE!';"),
    thrown(
      'an error without a prototype',
      'const e = new Error(); Object.setPrototypeOf(e, null); throw e;',
    ),
    thrown('a frozen error', 'throw Object.freeze(new Error());'),
    thrown('while it loads', "export default () => 1;\nthrow new TypeError('x');", true),
    thrown('a proxy while it loads', 'export default () => 1;\nthrow new Proxy({}, {});', true),
    {
      name: 'after its answer, unheard',
      source: "Promise.resolve().then(() => { throw new Error('late'); }); return 1;",
      verdicts: ['harmless'],
    },
  ]);

  test('keeps name and message of an ordinary error', async () => {
    const report = await world.attack(handlerOf("throw new TypeError('order 42 not found');"));
    expect(report.result).toMatchObject({
      error: { code: 'SKILL_THREW', details: { name: 'TypeError', message: 'order 42 not found' } },
    });
    expect(report.exit).toBeUndefined();
  });

  test('may log half of a character, which becomes a whole one', async () => {
    const lines: string[] = [];
    const report = await world.attack(handlerOf("ctx.log.info('a\\ud800'); return 1;"), {
      effects: { log: ({ message }) => void lines.push(message) },
    });
    expect([report.result, lines]).toEqual([{ ok: true, value: 1 }, ['a\ufffd']]);
  });

  test('keeps the name that a class of errors gives itself', async () => {
    const report = await world.attack(
      handlerOf(
        "class Mine extends Error { constructor(m) { super(m); this.name = 'Mine'; } } throw new Mine('m');",
      ),
    );
    expect(report.result).toMatchObject({ error: { details: { name: 'Mine', message: 'm' } } });
  });

  test('cannot forge lines or orders to a terminal', async () => {
    const evil = 'ok\\r\\n{"level":"fatal"}\\n\\u001b[2J\\u0007\\u0000\\u202e\\u2028\\u009b31m';
    const lines: string[] = [];
    const report = await world.attack(
      handlerOf(`ctx.log.info('${evil}', { '${evil}': ['${evil}'] }); throw new Error('${evil}');`),
      { effects: { log: (line) => void lines.push(line.message, JSON.stringify(line.fields)) } },
    );
    const shown = [...lines, report.result.ok ? '' : report.result.error.message].join('');
    expect(lines).toHaveLength(2);
    expect(shown).toContain('\\u001b[2J');
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  test('shows no path of the machine in its stack', async () => {
    const report = await world.attack(handlerOf('throw new Error("x");'));
    const text = JSON.stringify(report.result);
    expect(text).toContain('skill.js');
    expect(text).not.toMatch(/node_modules|file:|\/src\//);
  });
});
