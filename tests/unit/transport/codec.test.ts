import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeId, ThreadName } from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';
import { ActorRef } from '../../../src/kernel/index.ts';
import { backoffDelayMs, decode, encode, type WireMessage } from '../../../src/transport/index.ts';

const message = (payload: unknown): WireMessage => ({
  kind: 'user',
  to: 'root/a',
  incarnation: 1,
  type: 'work',
  payload,
  sender: null,
  askId: 0,
  remainingMs: null,
  traceparent: null,
  sentAtMs: 0,
});

function roundTrip(payload: unknown): unknown {
  const encoded = encode(message(payload));
  if (!encoded.ok) throw new Error(encoded.reason);
  const [back] = decode(Uint8Array.from(encoded.bytes));
  return back?.kind === 'user' ? back.payload : undefined;
}

describe('the codec between threads', () => {
  it('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(JSON.stringify(roundTrip(value))).toBe(text);
      }),
    );
  });

  it('keeps dates, maps, sets, typed arrays, big integers and refs as what they are', () => {
    const ref = new ActorRef('n-x' as NodeId, 't1' as ThreadName, 'root/a', 7);
    const value = {
      d: new Date(5),
      m: new Map([['k', 1]]),
      s: new Set([1]),
      f: new Float64Array([1.5]),
      b: 2n ** 80n,
      ref,
    };
    const back = roundTrip(value) as typeof value;
    expect(back).toMatchObject({ d: value.d, m: value.m, s: value.s, f: value.f, b: value.b });
    expect(back.ref).toBeInstanceOf(ActorRef);
    expect(back.ref.address).toBe(ref.address);
    expect(back.ref.incarnation).toBe(7);
  });

  it('refuses what is no value, and the next message is whole', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const value of [
      () => 1,
      Symbol('s'),
      Promise.resolve(),
      new WeakMap(),
      cycle,
      { deep: [() => 1] },
    ]) {
      expect(encode(message(value)).ok).toBe(false);
      expect(roundTrip({ fine: [1, { two: 'x' }] })).toEqual({ fine: [1, { two: 'x' }] });
    }
  });

  it('reads several messages of one frame in their order', () => {
    const parts = [1, 2, 3].map((n) => encode(message({ n })));
    const bytes = parts.flatMap((part) => (part.ok ? [...part.bytes] : []));
    const payloads = decode(Uint8Array.from(bytes)).map((each) =>
      each.kind === 'user' ? each.payload : null,
    );
    expect(payloads).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });
});

it('backoff doubles up to its cap and adds no more than its jitter', () => {
  const random = seededRandom(1);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 1_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, minMs, jitterRatio) => {
        const maxMs = minMs * 16;
        const base = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 52));
        const delay = backoffDelayMs({ minMs, maxMs, jitterRatio }, attempt, random);
        expect(delay).toBeGreaterThanOrEqual(base);
        expect(delay).toBeLessThanOrEqual(base * (1 + jitterRatio));
      },
    ),
  );
});
