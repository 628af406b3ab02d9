/** Poisoned built-ins: the prelude took its own before the skill came, and what a skill changes dies with its run. */
import { describe, expect, test } from 'vitest';
import {
  type Attack,
  handlerOf,
  runRequest,
  sandboxWorld,
  testAttacks,
} from '../support/sandbox.ts';

const poisoned = (name: string, source: string): Attack => ({
  name,
  source,
  verdicts: ['contained', 'denied', 'harmless'],
});
const unharmed = (name: string, source: string): Attack => ({
  ...poisoned(name, source),
  verdicts: ['harmless'],
});

describe('a skill that poisons', () => {
  const world = sandboxWorld();

  testAttacks(world, [
    unharmed(
      'toJSON still returns its own data',
      "for (const p of [Object, Array, String, Number]) p.prototype.toJSON = () => 'ESCAPE!'; return { a: [1, 'b'] };",
    ),
    unharmed(
      'JSON, Object and Reflect is copied all the same',
      "for (const o of [JSON, Object, Reflect, Array]) for (const k of Reflect.ownKeys(o)) try { o[k] = () => 'ESCAPE!'; } catch {} return { a: 1 };",
    ),
    unharmed(
      'Promise gets its result through',
      "Promise.prototype.then = () => 'ESCAPE!'; globalThis.Promise = null; return 1;",
    ),
    unharmed(
      'indexes of every array',
      "for (let i = 0; i < 8; i++) Object.defineProperty(Array.prototype, i, { get() { return 'ESCAPE!'; }, set() { globalThis.hit = 1; } }); await ctx.kv.get('k').catch(() => {}); return globalThis.hit ?? 'ok';",
    ),
    unharmed(
      'every name by deleting it',
      'for (const k of Reflect.ownKeys(globalThis)) try { delete globalThis[k]; } catch {} return 1;',
    ),
    poisoned(
      'descriptors',
      "for (const k of ['get', 'value', 'enumerable', 'ok', 'kind', 'unit', 'grants', 'then']) Object.defineProperty(Object.prototype, k, { configurable: true, get() { return 'ESCAPE!'; } }); await ctx.kv.get('k'); return { a: 1 };",
    ),
    poisoned(
      'species',
      'class P extends Promise { static get [Symbol.species]() { return function (f) { f(() => {}, () => {}); return {}; }; } } P.resolve(1).finally(() => {}); return 1;',
    ),
    poisoned(
      'with endless recursion',
      "for (const k of ['then', 'message', 'stack', 'length']) Object.defineProperty(Object.prototype, k, { get() { const g = () => g(); return g(); } }); return { a: 1 };",
    ),
  ]);

  test('leaves nothing to the next run of the same host', async () => {
    const host = await world.lease();
    const request = runRequest(
      handlerOf(
        "const before = globalThis.left ?? {}.left ?? Array.left ?? null; globalThis.left = Object.prototype.left = Array.left = 'secret'; return before;",
      ),
    );
    expect((await host.run(request)).result).toEqual({ ok: true, value: null });
    expect((await host.run(request)).result).toEqual({ ok: true, value: null });
    host.dispose();
  });

  test('may still use its own world freely', async () => {
    const report = await world.attack(
      handlerOf(`Array.prototype.last = function () { return this[this.length - 1]; };
        class Mine { toString() { return 'mine'; } } Mine.prototype.extra = 1;
        const o = {}; o.toString = () => 'own'; o.constructor = 1;
        return [[1, 2].last(), String(new Mine()), String(o), Object.isFrozen(Object.prototype)];`),
    );
    expect(report.result).toEqual({ ok: true, value: [2, 'mine', 'own', false] });
  });
});
