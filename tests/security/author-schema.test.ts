/** The author's own schemas are hostile too: they are evaluated in the host, and the watchdog covers that. */
import { describe, expect, test } from 'vitest';
import { handlerOf, sandboxWorld } from '../support/sandbox.ts';

const ECHO = handlerOf('return input;');

describe('a schema', () => {
  const world = sandboxWorld();

  test('whose pattern backtracks for ever ends at the wall limit', async () => {
    const report = await world.attack(ECHO, {
      manifest: { input: { type: 'string', pattern: '^(a+)+$' } },
      input: `${'a'.repeat(60)}!`,
      resources: { wallMs: 300 },
    });
    expect(report.result).toMatchObject({ error: { code: 'SKILL_WALL_EXCEEDED' } });
    expect(report.exit).toEqual({ kind: 'wall' });
  });

  test('that refers to itself without end is refused', async () => {
    const report = await world.attack(ECHO, { manifest: { input: { $ref: '#' } } });
    expect(report.result).toMatchObject({ error: { code: 'SKILL_REFUSED' } });
  });

  test('with a pattern that is none is refused', async () => {
    const report = await world.attack(ECHO, {
      manifest: { output: { type: 'string', pattern: '(' } },
      input: 'x',
    });
    expect(report.result).toMatchObject({ error: { code: 'SKILL_REFUSED' } });
  });

  test('that names __proto__ changes no prototype', async () => {
    const input = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["constructor"]}',
    );
    await world.attack(ECHO, { manifest: { input } });
    expect(({} as Record<string, unknown>).type).toBeUndefined();
  });

  test('refuses an input by the place that differs', async () => {
    const report = await world.attack(ECHO, {
      manifest: {
        input: { type: 'object', properties: { at: { type: 'array', items: { type: 'number' } } } },
      },
      input: { at: [1, 'two'] },
    });
    expect(report.result).toMatchObject({
      error: { code: 'INPUT_INVALID', details: { pointer: '/at/1', found: '"two"' } },
    });
  });

  test('is not asked about an input over its size', async () => {
    const report = await world.attack(ECHO, {
      input: 'x'.repeat(2_000),
      resources: { inputBytes: 1_000 },
    });
    expect(report.result).toMatchObject({
      error: { code: 'SKILL_INPUT_TOO_LARGE', details: { used: 2_002 } },
    });
  });
});
