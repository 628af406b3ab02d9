import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CorrelationId,
  type NodeId,
  skeinError,
  type ThreadName,
} from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';
import { ActorRef } from '../../../src/kernel/index.ts';
import { type Answer, backoffDelayMs, type UserMessage } from '../../../src/transport/index.ts';
import { LinkDecoder } from '../../../src/transport/link-decoder.ts';
import { LinkEncoder } from '../../../src/transport/link-encoder.ts';

interface Pair {
  readonly encoder: LinkEncoder;
  readonly got: UserMessage[];
  readonly answers: [number, Answer][];
  readonly frames: number[];
}

/** An encoder whose frames a decoder reads at once, as one link does. */
function pair(): Pair {
  const got: UserMessage[] = [];
  const answers: [number, Answer][] = [];
  const frames: number[] = [];
  const decoder = new LinkDecoder({
    onUser: (message) => got.push(message),
    onAnswer: (askId, answer) => answers.push([askId, answer]),
    onOther: () => undefined,
  });
  const encoder = new LinkEncoder((frame) => {
    frames.push(frame.byteLength);
    decoder.decode(Uint8Array.from(frame));
  });
  return { encoder, got, answers, frames };
}

const target = new ActorRef('n-x' as NodeId, 't1' as ThreadName, 'root/a', 7);
const message = (payload: unknown, more: Partial<UserMessage> = {}): UserMessage => ({
  target,
  sender: undefined,
  type: 'work',
  payload,
  askId: 0,
  leftMs: undefined,
  trace: undefined,
  sentAtMs: 0,
  ...more,
});

const link = pair();
function roundTrip(payload: unknown): unknown {
  const encoded = link.encoder.user(message(payload));
  if (!encoded.ok) throw new Error(encoded.reason);
  link.encoder.flush();
  return link.got.pop()?.payload;
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
      expect(link.encoder.user(message(value)).ok).toBe(false);
      expect(roundTrip({ fine: [1, { two: 'x' }] })).toEqual({ fine: [1, { two: 'x' }] });
    }
  });

  it('keeps every field of the head, whatever is there and what is not', () => {
    const { encoder, got } = pair();
    const sender = new ActorRef('n-x' as NodeId, 'main' as ThreadName, 'root/b', 3);
    const trace = fc.record({
      correlationId: fc.stringMatching(/^[0-9a-f]{32}$/) as fc.Arbitrary<CorrelationId>,
      spanId: fc.stringMatching(/^[0-9a-f]{16}$/),
      sampled: fc.boolean(),
    });
    const field = fc.record({
      sender: fc.constantFrom(undefined, sender),
      type: fc.string({ minLength: 1, maxLength: 20 }),
      askId: fc.nat(2 ** 32 - 1),
      leftMs: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
      trace: fc.option(trace, { nil: undefined }),
    });
    fc.assert(
      fc.property(field, fc.jsonValue(), (fields, value) => {
        const payload = { value: [value] };
        const sent = message(payload, { ...fields, sentAtMs: fields.trace ? 5.25 : 0 });
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        expect(encoder.user(sent).ok).toBe(true);
        encoder.flush();
        const back = got.pop() as UserMessage;
        expect({ ...back, payload: JSON.stringify(back.payload) }).toEqual({
          ...sent,
          payload: JSON.stringify(payload),
        });
      }),
      { seed: 21 },
    );
  });

  it('keeps order and values over many frames, shapes, names and sizes, and through a refusal', () => {
    const { encoder, got, frames } = pair();
    const sent: unknown[] = [];
    const targets = Array.from(
      { length: 20_000 },
      (_, i) => new ActorRef('n-x' as NodeId, 't1' as ThreadName, `root/a${i}`, i + 1),
    );
    for (let i = 0; i < 40_000; i++) {
      const shape = i % 400;
      const payload = { [`key${shape}`]: i, text: 'x'.repeat(i % 1_000 === 0 ? 200_000 : i % 90) };
      if (i % 100 === 7) encoder.user(message({ [`bad${i}`]: () => 1 }));
      expect(encoder.user(message(payload, { target: targets[i % 20_000] as ActorRef })).ok).toBe(
        true,
      );
      sent.push(payload);
      if (i % 37 === 0) encoder.flush();
    }
    encoder.flush();
    expect(got.length).toBe(sent.length);
    for (const [i, { payload, target: to }] of got.entries()) {
      if (i % 97 !== 0) continue;
      expect(payload).toEqual(sent[i]);
      expect((to as ActorRef).path).toBe(`root/a${i % 20_000}`);
    }
    expect(frames.length).toBeGreaterThan(500);
  });

  it('gives the same object for the same target, so that it is looked up once', () => {
    const { encoder, got } = pair();
    for (let i = 0; i < 3; i++) encoder.user(message(i));
    encoder.flush();
    expect(new Set(got.map((each) => each.target)).size).toBe(1);
  });

  it('carries answers of all three kinds', () => {
    const { encoder, answers } = pair();
    const error = skeinError('OVERLOADED', { reason: 'x' });
    const all: Answer[] = [
      { kind: 'answered', value: { a: [undefined, 1] } },
      { kind: 'not-delivered', error },
      { kind: 'unknown', error },
    ];
    for (const [id, answer] of all.entries()) encoder.answer(id + 1, answer);
    encoder.flush();
    expect(answers).toEqual(all.map((answer, id) => [id + 1, answer]));
  });

  it('refuses a frame that was cut or is of another kind', () => {
    const decoder = new LinkDecoder({
      onUser: () => undefined,
      onAnswer: () => undefined,
      onOther: () => undefined,
    });
    const frames: Uint8Array[] = [];
    const encoder = new LinkEncoder((frame) => frames.push(Uint8Array.from(frame)));
    encoder.user(message({ a: 1 }));
    encoder.flush();
    const [frame = new Uint8Array()] = frames;
    expect(() => decoder.decode(frame.slice(0, -8))).toThrow();
    expect(() =>
      decoder.decode(Uint8Array.from(frame, (byte, at) => (at === 0 ? 99 : byte))),
    ).toThrow();
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
