/** Memory: the heap, buffers beside it, strings, and what the engine keeps for the skill all count. */
import { describe, expect, test } from 'vitest';
import { type Attack, handlerOf, sandboxWorld, testAttacks } from '../support/sandbox.ts';

/** Time enough for memory to be the limit that is met. */
const patient = { resources: { cpuMs: 20_000, wallMs: 30_000 } };
const hungry = (name: string, source: string): Attack => ({
  name,
  source,
  verdicts: ['terminated'],
  codes: ['SKILL_HEAP_EXCEEDED'],
  options: patient,
});

describe('the memory limit ends', () => {
  const world = sandboxWorld();

  testAttacks(world, [
    hungry('a list that grows', 'const a = []; for (;;) a.push({ n: a.length });'),
    hungry('a map that grows', "const m = new Map(); for (let i = 0; ; i++) m.set('k' + i, [i]);"),
    hungry(
      'closures that hold one another',
      'let f = () => 0; for (;;) { const g = f, p = Array(64).fill(1); f = () => g() + p.length; }',
    ),
    hungry(
      'promises that nobody resolves',
      'const a = []; for (;;) { const p = new Promise(() => {}); p.then(() => 0); a.push(p); }',
    ),
    hungry(
      'buffers that are kept',
      'const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1));',
    ),
    hungry(
      'buffers that grow in place',
      'const a = []; for (;;) { const b = new ArrayBuffer(0, { maxByteLength: 1 << 25 }); b.resize(1 << 23); new Uint8Array(b).fill(1); a.push(b); }',
    ),
    hungry(
      'long texts that are kept',
      "const a = []; for (let i = 0; ; i++) { const s = String(i).padEnd(1 << 26, 'z'); s.charCodeAt(3); a.push(s); }",
    ),
    hungry(
      'a text that multiplies',
      "let s = 'a'.repeat(1e5); for (;;) s = s.replaceAll('a', 'a'.repeat(1000));",
    ),
    hungry('rejections that nobody handles', 'for (let i = 0; ; i++) Promise.reject(i);'),
    {
      name: 'formatters whose memory the engine does not count',
      source:
        "const a = []; for (;;) a.push(new Intl.DateTimeFormat('en', { dateStyle: 'full' }), new Intl.Collator('de'));",
      verdicts: ['terminated'],
      codes: ['SKILL_HEAP_EXCEEDED', 'SKILL_CPU_EXCEEDED'],
      options: { resources: { cpuMs: 5_000, wallMs: 20_000 } },
    },
    {
      name: 'shared memory, which does not exist',
      source:
        "return typeof SharedArrayBuffer + typeof Atomics + typeof WebAssembly === 'undefined'.repeat(3) ? 'absent' : 'ESCAPE!';",
      verdicts: ['denied'],
    },
  ]);

  test('marks a run that caught the refusal of a buffer', async () => {
    for (const source of [
      'const a = []; try { for (;;) a.push(new Float64Array(1 << 17)); } catch {} return a.length > 0;',
      'try { Uint8Array.from({ length: 2 ** 28 }); } catch {} return true;',
      'class Mine extends ArrayBuffer {} try { new Mine(2 ** 40); } catch {} return true;',
      'const b = new ArrayBuffer(8); try { b.transfer(2 ** 40); } catch {} return true;',
    ]) {
      const report = await world.attack(handlerOf(source));
      expect(report.result, source).toEqual({ ok: true, value: true });
      expect(report.limitTouched, source).toBe(true);
    }
  });

  test('leaves honest buffers as they are', async () => {
    const report = await world.attack(
      handlerOf(`class Vector extends Uint8Array {}
        const v = new Vector(4);
        return [v.map((x) => x + 1) instanceof Vector, Uint8Array.of(1, 2).slice(1).length, Uint8Array.name,
          new Float64Array([1, 2]).toReversed()[0], new ArrayBuffer(4).slice(2).byteLength,
          Object.prototype.toString.call(new Int16Array(1)), new Uint8Array(1).constructor === Uint8Array];`),
    );
    const value = [true, 1, 'Uint8Array', 2, 2, '[object Int16Array]', true];
    expect(report.result).toEqual({ ok: true, value });
    expect(report.limitTouched).toBe(false);
  });
});
