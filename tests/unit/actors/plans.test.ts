import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { planChunks, readChunk, resolveReferences } from '../../../src/actors/index.ts';
import { readPlan } from '../../../src/runtime/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-chunks-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a plan', () => {
  const faults: readonly (readonly [string, string, string])[] = [
    [
      'an unknown field',
      'plan: p\nsteps:\n  - id: a\n    skil: hello\n    skill: hello\n',
      'line 4, /steps/0/skil: found unknown field skil',
    ],
    ['a missing field', 'plan: p\nsteps:\n  - id: a\n', 'line 3, /steps/0: found no skill'],
    [
      'a cycle',
      'plan: p\nsteps:\n  - {id: a, skill: s, needs: [b]}\n  - {id: b, skill: s, needs: [a]}\n',
      'line 3, /steps/0: found a cycle: a > b',
    ],
    [
      'a reference to nothing',
      'plan: p\nsteps:\n  - id: a\n    skill: s\n    input: ${steps.zz.x}\n',
      'line 5, /steps/0/input: found step zz',
    ],
    [
      'item outside forEach',
      'plan: p\nsteps:\n  - id: a\n    skill: s\n    input: ${item}\n',
      '/steps/0/input: found ${item}',
    ],
    [
      'a quorum over the replicas',
      'plan: p\nsteps:\n  - {id: a, skill: s, verify: {replicas: 2, quorum: 3}}\n',
      '/steps/0/verify/quorum: found 3',
    ],
    [
      'a repeated id',
      'plan: p\nsteps:\n  - {id: a, skill: s}\n  - {id: a, skill: s}\n',
      'line 4, /steps/1/id: found a second step a',
    ],
    ['broken YAML', 'plan: [p\nsteps: 1', 'expected YAML or JSON'],
    ['broken JSON', '{"plan": "p", "steps": [}', 'expected YAML or JSON'],
    ['no plan at all', '42', 'expected'],
  ];

  it.each(faults)('with %s is refused with place, found and expected', (_what, text, message) => {
    const plan = readPlan(text, 'plan.yaml');
    expect(plan.ok).toBe(false);
    if (!plan.ok) {
      expect(plan.error.code).toBe('PLAN_INVALID');
      expect(plan.error.message).toContain(message);
      expect(plan.error.message).toContain('plan.yaml');
    }
  });

  it('never makes the reader throw, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(typeof readPlan(text).ok).toBe('boolean');
      }),
    );
  });
});

describe('references', () => {
  const scope = {
    input: { a: [{ b: 1 }], name: 'x' },
    steps: { one: { two: true } },
    item: 'i',
    index: 3,
  };

  it('become values alone and text within text', () => {
    const template = {
      v: '${input.a[0].b}',
      t: 'n=${input.name} ${index}',
      w: ['${steps.one}'],
      item: '${item}',
    };
    expect(resolveReferences(template, scope)).toEqual({
      ok: true,
      value: { v: 1, t: 'n=x 3', w: [{ two: true }], item: 'i' },
    });
  });

  it.each([
    '${input.zz}',
    '${input.constructor}',
    '${input.__proto__}',
    '${steps.one.toString}',
    '${process.env}',
    '${}',
  ])('%s gives a reason, never an inherited value', (template) => {
    expect(resolveReferences(template, scope).ok).toBe(false);
  });

  it('leave a value without references as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('${') && !text.includes('__proto__') && !text.includes('-0'));
        expect(JSON.stringify(resolveReferences(value, scope))).toBe(
          JSON.stringify({ ok: true, value }),
        );
      }),
    );
  });
});

describe('pieces of a file', () => {
  it('together are the file, none is too long, and no character is cut', async () => {
    const file = join(folder, 'text.txt');
    const text = fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.constant('\n'),
        fc.constant('é€😀'.repeat(30)),
      ),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 16, max: 300 }), async (parts, chunkBytes) => {
        const whole = Buffer.from(parts.join('')).toString('utf8');
        writeFileSync(file, whole);
        const chunks = await planChunks(file, chunkBytes);
        if (!chunks.ok) throw new Error(chunks.error.message);
        const pieces = await Promise.all(chunks.value.map(readChunk));
        const read = pieces.map((piece) => (piece.ok ? piece.value : '')).join('');
        expect(read).toBe(whole);
        expect(chunks.value.every(({ bytes }) => bytes <= chunkBytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('of a file that is not there are a typed failure', async () => {
    expect(await planChunks(join(folder, 'nothing'), 1_024)).toMatchObject({
      ok: false,
      error: { code: 'FILE_UNREADABLE' },
    });
  });
});
