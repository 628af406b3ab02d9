import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeGossip, encodeGossip } from '../../../src/cluster/membership/gossip-codec.ts';
import { LocalHealth } from '../../../src/cluster/membership/local-health.ts';
import {
  type MemberReport,
  type MemberStatus,
  overrides,
} from '../../../src/cluster/membership/member.ts';
import { Membership } from '../../../src/cluster/membership/membership.ts';
import { Rumours, timesToTell } from '../../../src/cluster/membership/rumours.ts';
import { Suspicion, suspicionMs } from '../../../src/cluster/membership/suspicion.ts';
import type { NodeId } from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';

const id = (name: string): NodeId => `n-${name}` as NodeId;
const facts = {
  labels: { zone: 'a' },
  load: 0.5,
  wire: [1, 2] as const,
  state: 'ready' as const,
  skills: '',
};
const report = (
  node: string,
  status: MemberStatus,
  incarnation: number,
  by = node,
): MemberReport => ({
  node: id(node),
  status,
  incarnation,
  by: id(by),
  facts,
});
const statuses = fc.constantFrom<MemberStatus>('alive', 'suspect', 'dead', 'left');
const reports = fc.record({ status: statuses, incarnation: fc.nat(5) });

describe('which of two reports counts', () => {
  it('does not depend on the order in which they come', () => {
    fc.assert(
      fc.property(fc.array(reports, { minLength: 1, maxLength: 8 }), fc.nat(), (list, seed) => {
        const last = (order: typeof list) =>
          order.reduce((known, next) => (overrides(next, known) ? next : known));
        const random = seededRandom(seed);
        const shuffled = list.toSorted(() => random.next() - 0.5);
        expect(last(shuffled)).toEqual(last(list));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('is the later incarnation, and of the same the worse news', () => {
    expect(overrides(report('a', 'alive', 2), report('a', 'dead', 1))).toBe(true);
    expect(overrides(report('a', 'alive', 1), report('a', 'suspect', 1))).toBe(false);
    expect(overrides(report('a', 'suspect', 1), report('a', 'alive', 1))).toBe(true);
    expect(overrides(report('a', 'suspect', 1), report('a', 'dead', 1))).toBe(false);
  });
});

describe('a suspicion', () => {
  const limits = { minMs: 1_000, maxMs: 6_000, confirmations: 3 };

  it('is the shorter the more confirm it, and never shorter than its least', () => {
    const times = [0, 1, 2, 3, 9].map((heard) => suspicionMs(limits, heard));
    expect(times[0]).toBe(6_000);
    expect(times[3]).toBe(1_000);
    expect(times[4]).toBe(1_000);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it('counts each voice once, and not that of the first again', () => {
    const suspicion = new Suspicion(id('a'), 0, limits);
    expect([id('a'), id('b'), id('b'), id('c')].map((by) => suspicion.confirm(by))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('rumours', () => {
  it('are told so many times each, the least told first', () => {
    const rumours = new Rumours();
    for (const name of ['a', 'b', 'c']) rumours.add(report(name, 'alive', 1));
    const told = new Map<string, number>();
    for (let round = 0; round < 100; round++) {
      for (const { node } of rumours.take(2, 10)) told.set(node, (told.get(node) ?? 0) + 1);
    }
    expect([...told.values()]).toEqual(Array(3).fill(timesToTell(10)));
  });

  it('go first to whom they are about', () => {
    const rumours = new Rumours();
    for (const name of ['a', 'b', 'c']) rumours.add(report(name, 'suspect', 1));
    expect(rumours.take(1, 10, id('c'))[0]?.node).toBe('n-c');
  });

  it('about a member replace what was told of it before', () => {
    const rumours = new Rumours();
    rumours.add(report('a', 'suspect', 1));
    rumours.add(report('a', 'alive', 2));
    expect(rumours.take(8, 10).map(({ status }) => status)).toEqual(['alive']);
  });
});

describe('doubt in oneself', () => {
  it('makes a node wait longer, within bounds, and goes again', () => {
    const health = new LocalHealth();
    expect(health.scale(100)).toBe(100);
    health.worse(100);
    expect(health.scale(100)).toBe(900);
    for (let each = 0; each < 8; each++) health.better();
    health.better();
    expect(health.score).toBe(0);
  });
});

describe('a member', () => {
  const member = (times = {}) =>
    new Membership({
      self: id('a'),
      incarnation: 1,
      facts,
      random: seededRandom(1),
      nowMs: 0,
      ...times,
    });

  it('refutes what is said of it with a higher incarnation', () => {
    const self = member();
    self.receive(id('b'), { kind: 'ping', seq: 1, rumours: [report('a', 'suspect', 7, 'c')] }, 1);
    expect(self.statusOf(id('a'))).toMatchObject({ status: 'alive', incarnation: 8 });
  });

  it('is not led to an incarnation beyond all others', () => {
    const self = member();
    const forged = report('a', 'dead', Number.MAX_SAFE_INTEGER, 'c');
    self.receive(id('b'), { kind: 'hello', rumours: [forged] }, 1);
    expect(self.statusOf(id('a'))).toMatchObject({ status: 'alive', incarnation: 1 });
  });

  it('does nothing more once it has left', () => {
    const self = member();
    expect(self.leave()).toMatchObject([{ to: 'all', message: { kind: 'hello' } }]);
    expect(self.advance(10_000)).toEqual([]);
    expect(self.receive(id('b'), { kind: 'ping', seq: 1, rumours: [] }, 10_000)).toEqual([]);
  });

  it('gives others the time that it has itself stood still', () => {
    const self = member();
    self.advance(0);
    self.receive(id('b'), { kind: 'hello', rumours: [report('b', 'alive', 1)] }, 1);
    self.receive(id('b'), { kind: 'hello', rumours: [report('b', 'suspect', 1, 'c')] }, 2);
    self.advance(10);
    self.advance(60_000);
    expect(self.statusOf(id('b'))?.status).toBe('suspect');
    for (let nowMs = 60_000; nowMs < 70_000; nowMs += 20) self.advance(nowMs);
    expect(self.statusOf(id('b'))?.status).toBe('dead');
  });
});

describe('gossip on the wire', () => {
  it('is read as it was written', () => {
    const message = { kind: 'ping', seq: 3, rumours: [report('b', 'suspect', 2, 'c')] } as const;
    const envelope = { from: id('a'), message };
    expect(decodeGossip(encodeGossip(envelope))).toEqual(envelope);
  });

  it('is refused with a sentence when anything of it is changed into what it cannot be', () => {
    const base = { from: id('a'), message: { kind: 'ping', seq: 3, rumours: [] } };
    for (const wrong of [
      { ...base, from: 'somebody' },
      { ...base, more: 1 },
      { ...base, message: { ...base.message, seq: -1 } },
      { ...base, message: { ...base.message, kind: 'pong' } },
      {
        ...base,
        message: { ...base.message, rumours: [{ ...report('b', 'alive', 1), status: 'well' }] },
      },
      { ...base, message: { ...base.message, rumours: Array(17).fill(report('b', 'alive', 1)) } },
      {
        ...base,
        message: {
          kind: 'sync',
          members: Array(201).fill(report('b', 'alive', 1)),
          isReply: false,
        },
      },
    ]) {
      expect(typeof decodeGossip(encodeGossip(wrong as never))).toBe('string');
    }
  });

  it('never throws, whatever bytes come', () => {
    const sound = encodeGossip({
      from: id('a'),
      message: { kind: 'sync', members: [report('b', 'alive', 1)], isReply: true },
    });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.nat(sound.length - 1),
        fc.nat(255),
        (noise, at, byte) => {
          decodeGossip(noise);
          const changed = Uint8Array.from(sound);
          changed[at] = byte;
          decodeGossip(changed);
        },
      ),
      { seed: 2, numRuns: 2_000 },
    );
  });
});
