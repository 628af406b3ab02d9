import { expect, test } from 'vitest';
import { type TapedEffect, TapePlayer, TapeRecorder } from '../../../src/sandbox/effect-tape.ts';

const call = (seq: number, key = `k${seq}`) => ({ seq, name: 'kv.get', args: [key] });
const effect = (seq: number): TapedEffect => ({
  ...call(seq),
  answer: { ok: true, value: seq },
  atMs: seq,
});
const player = (...effects: TapedEffect[]) =>
  new TapePlayer({ seed: 's', startWallMs: 0, effects });

test('a tape holds the answers in the order they were given, then the calls left open', () => {
  const recorder = new TapeRecorder();
  for (const seq of [1, 2, 3]) recorder.called(call(seq));
  recorder.answered(3, { ok: true, value: 'c' }, 10);
  recorder.answered(1, { ok: true, value: 'a' }, 11);
  recorder.answered(1, { ok: true, value: 'again' }, 12);
  expect(recorder.tape('s', 5)).toEqual({
    seed: 's',
    startWallMs: 5,
    effects: [
      { ...call(3), answer: { ok: true, value: 'c' }, atMs: 10 },
      { ...call(1), answer: { ok: true, value: 'a' }, atMs: 11 },
      call(2),
    ],
  });
});

test('a player waits with an answer until the answers before it are due', () => {
  const tape = player(effect(2), effect(1), effect(3));
  expect(tape.call(call(1))).toEqual([]);
  expect(tape.call(call(2))).toMatchObject([{ seq: 2 }, { seq: 1 }]);
  expect(tape.call(call(3))).toMatchObject([{ seq: 3 }]);
  expect(tape.missing()).toBeUndefined();
});

test('a player never answers what was never answered', () => {
  const tape = player(effect(1), call(2));
  expect(tape.call(call(1))).toHaveLength(1);
  expect(tape.call(call(2))).toEqual([]);
});

test('a player tells another call, another argument and a call too many', () => {
  expect(player(effect(1)).call(call(1, 'x'))).toEqual({
    at: 1,
    found: 'kv.get ["x"]',
    expected: 'kv.get ["k1"]',
  });
  expect(player(effect(1)).call({ ...call(1), name: 'kv.set' })).toMatchObject({
    found: 'kv.set ["k1"]',
  });
  expect(player().call(call(1))).toMatchObject({ expected: 'no further call' });
  expect(player(effect(1)).missing()).toMatchObject({ at: 1, found: 'the end of the run' });
});

test('the order of keys in an argument makes no difference', () => {
  const taped = { ...effect(1), args: [{ a: 1, b: 2 }] };
  expect(player(taped).call({ ...call(1), args: [{ b: 2, a: 1 }] })).toHaveLength(1);
});

test('an argument is compared to its end, and shown cut and printable', () => {
  const long = 'x'.repeat(1_000);
  const taped = { ...effect(1), args: [`${long}a`] };
  expect(player(taped).call({ ...call(1), args: [`${long}b`] })).toMatchObject({ at: 1 });
  const [found] = [player(taped).call({ ...call(1), args: ['\u2028\u202e'] })];
  expect(found).toMatchObject({ found: String.raw`kv.get ["\u2028\u202e"]` });
  expect((found as { expected: string }).expected.length).toBeLessThan(310);
});
