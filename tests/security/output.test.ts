/** What comes out: plain JSON inside its bounds, copied once, or a refusal that names the place. */
import { describe, expect, test } from 'vitest';
import { type Attack, handlerOf, sandboxWorld, testAttacks } from '../support/sandbox.ts';

const refused = (name: string, source: string, code = 'SKILL_OUTPUT_INVALID'): Attack => ({
  name,
  source,
  verdicts: ['denied'],
  codes: [code],
});
const tooLarge = (name: string, source: string) => refused(name, source, 'SKILL_OUTPUT_TOO_LARGE');

describe('the output', () => {
  const world = sandboxWorld();

  testAttacks(world, [
    tooLarge('a text over the byte limit', "return 'A'.repeat(1 << 27);"),
    tooLarge(
      'a text whose bytes are more than its characters',
      "return '\\u20ac'.repeat(400_000);",
    ),
    tooLarge('a key over the byte limit', "return { ['k'.repeat(1 << 25)]: 1 };"),
    tooLarge('a sparse list', 'const a = []; a[2 ** 32 - 2] = 1; return a;'),
    tooLarge('a list over the value limit', 'return Array(100_001).fill(0);'),
    tooLarge(
      'nesting over the depth limit',
      'let a = []; for (let i = 0; i < 4e5; i++) a = [a]; return a;',
    ),
    tooLarge(
      'a small graph that unfolds without end',
      'let a = [1]; for (let i = 0; i < 40; i++) a = [a, a]; return a;',
    ),
    refused('a cycle', 'const a = { b: [] }; a.b.push(a); return a;'),
    refused('a getter', 'return { get x() { return 1; } };'),
    refused(
      'a getter in a list',
      "return Object.defineProperty([1], 0, { get() { return 'ESCAPE!'; } });",
    ),
    refused('a number that JSON has no word for', 'return { n: [1, NaN] };'),
    refused('a big integer', 'return 1n;'),
    refused('a function', 'return { f() {} };'),
    refused('a map', 'return { m: new Map() };'),
    refused('a date', 'return new Date();'),
    refused(
      'a detached view',
      'const b = new ArrayBuffer(8), v = new Uint8Array(b); b.transfer(); return v;',
    ),
    refused(
      'a view that lies about its length',
      'return new (class extends Uint8Array { get length() { return 2 ** 40; } })(8);',
    ),
    refused(
      'a revoked proxy',
      'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return [proxy];',
    ),
    refused('half of a character', "return ['\\ud800'];"),
    refused(
      'a key that would set a prototype',
      `return JSON.parse('{"a":[{"__proto__":{"polluted":1}}]}');`,
    ),
  ]);

  test('is copied once, so that a value cannot change between check and use', async () => {
    const report = await world.attack(
      handlerOf(`let reads = 0;
        return new Proxy({}, { ownKeys: () => ['amount'], getPrototypeOf: () => Object.prototype,
          getOwnPropertyDescriptor: () => ({ value: ++reads, enumerable: true, configurable: true }) });`),
    );
    expect(report.result).toEqual({ ok: true, value: { amount: 1 } });
  });

  test('names the place and the kind of what it refuses', async () => {
    const report = await world.attack(handlerOf('return { items: [{ at: new Date(0) }] };'));
    expect(report.result).toMatchObject({
      error: { message: 'output of attack: /items/0/at: found a Date, expected plain JSON data' },
    });
  });

  test('is checked against the schema of the author', async () => {
    const manifest = {
      output: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } },
    };
    const wrong = await world.attack(handlerOf("return { n: 'one' };"), { manifest });
    expect(wrong.result).toMatchObject({
      error: { code: 'SKILL_OUTPUT_INVALID', details: { pointer: '/n' } },
    });
    const right = await world.attack(handlerOf('return { n: 1 };'), { manifest });
    expect(right.result).toEqual({ ok: true, value: { n: 1 } });
  });

  test('keeps the habits of JSON for what is undefined', async () => {
    const report = await world.attack(
      handlerOf('return { a: undefined, b: [undefined, , 1], c: -0 };'),
    );
    expect(report.result).toEqual({ ok: true, value: { b: [null, null, 1], c: 0 } });
  });

  test('has one hash for one meaning, whatever the order of its keys', async () => {
    const [left, right] = await Promise.all([
      world.attack(handlerOf('return { a: 1, b: 2 };')),
      world.attack(handlerOf('return { b: 2, a: 1 };')),
    ]);
    expect(left.outputHash).toMatch(/^[0-9a-f]{64}$/);
    expect(left.outputHash).toBe(right.outputHash);
  });
});
