import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeGossip, encodeGossip } from '../../../src/cluster/membership/gossip-codec.ts';
import { LocalHealth } from '../../../src/cluster/membership/local-health.ts';
import { type MemberStatus, overrides } from '../../../src/cluster/membership/member.ts';
import { Membership } from '../../../src/cluster/membership/membership.ts';
import { Rumours, timesToTell } from '../../../src/cluster/membership/rumours.ts';
import {
  type Claim,
  readStatement,
  type SelfStatement,
  STATEMENT_BYTES_MAX,
  type Statement,
  voiceOf,
} from '../../../src/cluster/membership/statement.ts';
import { Suspicion, suspicionMs } from '../../../src/cluster/membership/suspicion.ts';
import { syncPieces } from '../../../src/cluster/membership/sync-pieces.ts';
import { LIMITS, type NodeId } from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';
import { encodeForeign, simulatedIdentity, simulatedKey } from '../../../src/transport/index.ts';

const id = (name: string): NodeId => `n-${name}` as NodeId;
const facts = {
  labels: { zone: 'a' },
  load: 0.5,
  wire: [1, 2] as const,
  state: 'ready' as const,
  skills: '',
};
const voice = (name: string, cluster = 'test') =>
  voiceOf(id(name), simulatedIdentity(id(name)), cluster);
const says = (
  node: string,
  status: SelfStatement['status'],
  incarnation: number,
  cluster?: string,
): SelfStatement => voice(node, cluster).self({ status, incarnation, facts });
const claims = (
  by: string,
  node: string,
  status: Claim['status'],
  incarnation: number,
  cluster?: string,
): Claim => voice(by, cluster).claim({ node: id(node), status, incarnation });
const digest = { count: 1, hash: 7 };
const report = (status: MemberStatus, incarnation: number) => ({ status, incarnation });
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
    expect(overrides(report('alive', 2), report('dead', 1))).toBe(true);
    expect(overrides(report('alive', 1), report('suspect', 1))).toBe(false);
    expect(overrides(report('suspect', 1), report('alive', 1))).toBe(true);
    expect(overrides(report('suspect', 1), report('dead', 1))).toBe(false);
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
    for (const name of ['a', 'b', 'c']) rumours.add(id(name), [says(name, 'alive', 1)]);
    const told = new Map<string, number>();
    for (let round = 0; round < 100; round++) {
      for (const { node } of rumours.take(2, 10)) told.set(node, (told.get(node) ?? 0) + 1);
    }
    expect([...told.values()]).toEqual(Array(3).fill(timesToTell(10)));
  });

  it('go first to whom they are about', () => {
    const rumours = new Rumours();
    for (const name of ['a', 'b', 'c']) rumours.add(id(name), [claims('d', name, 'suspect', 1)]);
    expect(rumours.take(1, 10, id('c'))[0]?.node).toBe('n-c');
  });

  it('about a member replace what was told of it before', () => {
    const rumours = new Rumours();
    rumours.add(id('a'), [claims('d', 'a', 'suspect', 1)]);
    rumours.add(id('a'), [says('a', 'alive', 2)]);
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
  const member = () =>
    new Membership({
      self: id('a'),
      voice: voice('a'),
      incarnation: 1,
      facts,
      random: seededRandom(1),
      nowMs: 0,
    });
  const hello = (...said: readonly Statement[]) => ({ kind: 'hello', digest: null, said }) as const;
  /** One that knows b, c and d. */
  const acquainted = () => {
    const self = member();
    const all = ['b', 'c', 'd'].map((name) => says(name, 'alive', 1));
    self.advance(0);
    self.receive(id('b'), hello(...all), 1);
    return self;
  };
  const forgedBy = (outputs: readonly { readonly kind: string }[]) =>
    outputs.filter(({ kind }) => kind === 'forged');

  it('refutes what is claimed of it with a higher incarnation', () => {
    const self = acquainted();
    self.receive(id('b'), hello(claims('c', 'a', 'suspect', 1)), 1);
    expect(self.statusOf(id('a'))).toMatchObject({ status: 'alive', incarnation: 2 });
    self.receive(id('b'), hello(claims('c', 'a', 'dead', 2)), 2);
    expect(self.statusOf(id('a'))).toMatchObject({ status: 'alive', incarnation: 3 });
  });

  it('says that it is alive when it is told what it said in an earlier life', () => {
    const self = acquainted();
    self.receive(id('b'), hello(says('a', 'left', 7)), 1);
    expect(self.statusOf(id('a'))).toMatchObject({ status: 'alive', incarnation: 8 });
  });

  it('is not led to an incarnation that it never told', () => {
    const self = acquainted();
    const far = Number.MAX_SAFE_INTEGER - 1;
    self.receive(id('b'), hello(claims('c', 'a', 'dead', far), claims('c', 'b', 'dead', far)), 1);
    expect(self.statusOf(id('a'))).toMatchObject({ status: 'alive', incarnation: 1 });
    expect(self.statusOf(id('b'))).toMatchObject({ status: 'alive', incarnation: 1 });
  });

  it('does nothing more once it has left', () => {
    const self = member();
    expect(self.leave()).toMatchObject([{ to: 'all', message: { kind: 'hello' } }]);
    expect(self.advance(10_000)).toEqual([]);
    expect(self.receive(id('b'), { kind: 'ping', seq: 1, digest, said: [] }, 10_000)).toEqual([]);
  });

  it('gives others the time that it has itself stood still', () => {
    const self = acquainted();
    self.receive(id('b'), hello(claims('c', 'b', 'suspect', 1)), 2);
    self.advance(10);
    self.advance(60_000);
    expect(self.statusOf(id('b'))?.status).toBe('suspect');
    for (let nowMs = 60_000; nowMs < 70_000; nowMs += 20) self.advance(nowMs);
    expect(self.statusOf(id('b'))?.status).toBe('dead');
  });

  it('believes nobody who speaks in the name of another', () => {
    const signedBy = (name: string, said: object, cluster = 'test'): Statement => {
      const body = encodeForeign(said);
      const domain = Buffer.from(`skein member 1\0${cluster}\0`);
      const signature = simulatedKey(id(name)).sign(Buffer.concat([domain, body]));
      const read = readStatement(Buffer.concat([body, signature]));
      if (!read.ok) throw new Error(read.error.message);
      return read.value;
    };
    const keyOf = (name: string) => simulatedKey(id(name)).publicKey;
    const alive = { node: id('c'), status: 'alive', incarnation: 9, facts, key: keyOf('c') };
    const claim = { node: id('c'), status: 'suspect', incarnation: 1, by: id('d') };
    const forgeries = [
      signedBy('b', alive),
      signedBy('b', { ...alive, key: keyOf('b') }),
      signedBy('b', { ...alive, status: 'left', incarnation: 1 }),
      signedBy('c', alive, 'other'),
      signedBy('b', { ...alive, node: id('a'), key: keyOf('a') }),
      signedBy('b', claim),
      signedBy('b', { ...claim, status: 'dead' }),
      signedBy('b', { ...claim, node: id('a') }),
      signedBy('d', claim, 'other'),
    ];
    const taken = acquainted();
    expect(forgedBy(taken.receive(id('b'), hello(signedBy('c', alive)), 2))).toEqual([]);
    expect(taken.statusOf(id('c'))).toMatchObject({ incarnation: 9 });
    for (const [at, forged] of forgeries.entries()) {
      const self = acquainted();
      expect([at, forgedBy(self.receive(id('b'), hello(forged), 2)).length]).toEqual([at, 1]);
      for (const name of ['a', 'b', 'c', 'd']) {
        expect(self.statusOf(id(name))).toMatchObject({ status: 'alive', incarnation: 1 });
      }
    }
  });

  it('takes a claim of death for one voice, and none of one that is no member', () => {
    const self = acquainted();
    self.receive(id('b'), hello(claims('x', 'c', 'suspect', 1), claims('c', 'c', 'dead', 1)), 2);
    expect(self.statusOf(id('c'))?.status).toBe('alive');
    self.receive(id('b'), hello(claims('b', 'c', 'dead', 1)), 3);
    expect(self.statusOf(id('c'))).toMatchObject({ status: 'suspect', by: 'n-b' });
    self.receive(id('b'), hello(says('c', 'alive', 2)), 4);
    expect(self.statusOf(id('c'))).toMatchObject({ status: 'alive', incarnation: 2 });
  });

  it('takes an answer of nobody but whom it asked, or had asked for it', () => {
    const self = acquainted();
    let seq = 0;
    let asked: string | undefined;
    for (let nowMs = 0; asked === undefined; nowMs += 20) {
      for (const output of self.advance(nowMs)) {
        if (output.kind !== 'send' || output.message.kind !== 'ping') continue;
        seq = output.message.seq;
        asked = output.to;
      }
    }
    const other = ['b', 'c', 'd'].map(id).find((node) => node !== asked) as NodeId;
    const startMs = 2_000;
    self.receive(other, { kind: 'ack', seq, digest, said: [] }, 301);
    for (let nowMs = 320; nowMs < startMs; nowMs += 20) self.advance(nowMs);
    expect(self.statusOf(asked as NodeId)?.status).toBe('suspect');
  });
});

describe('gossip on the wire', () => {
  const said = [says('b', 'alive', 2), claims('c', 'b', 'suspect', 2)];
  const message = { kind: 'ping', seq: 3, digest, said } as const;
  const soundOf = <T>(result: { ok: true; value: T } | { ok: false }): T => {
    if (!result.ok) throw new Error('refused');
    return result.value;
  };

  it('is read as it was written', () => {
    const read = soundOf(decodeGossip(encodeGossip(message)));
    const plain = (statements: readonly Statement[]) =>
      statements.map(({ bytes, ...rest }) => ({
        ...rest,
        hex: Buffer.from(bytes).toString('hex'),
      }));
    expect({ ...read, said: plain(read.said) }).toEqual({ ...message, said: plain(said) });
  });

  it('is refused with a sentence when anything of it is changed into what it cannot be', () => {
    const [self, claim] = said as [SelfStatement, Claim];
    const bytesOf = (value: unknown) => ({
      bytes: Buffer.concat([encodeForeign(value), Buffer.alloc(64)]),
    });
    const { kind: _self, bytes: _bytes, ...own } = self;
    const { kind: _claim, bytes: _more, ...claimed } = claim;
    const base = { kind: 'ping', seq: 3, digest, said: [] };
    for (const wrong of [
      { ...base, more: 1 },
      { ...base, seq: -1 },
      { ...base, kind: 'pong' },
      { ...base, said: Array(33).fill(self) },
      { ...base, digest: { count: 1 } },
      { ...base, digest: { count: 1, hash: 2 ** 32 } },
      { ...base, known: null },
      { kind: 'sync', said: Array(201).fill(claim), known: null, isReply: false },
      { kind: 'sync', said: [], known: new Uint8Array(5), isReply: false },
      {
        kind: 'sync',
        said: [],
        known: new Uint8Array(4 * LIMITS.clusterNodes + 4),
        isReply: false,
      },
      { kind: 'sync', said: [], isReply: false },
      { ...base, said: [{ bytes: 'text' }] },
      { ...base, said: [{ bytes: new Uint8Array(STATEMENT_BYTES_MAX + 1) }] },
      ...[
        { ...own, status: 'well' },
        { ...own, status: 'dead' },
        { ...own, more: 1 },
        { ...own, key: new Uint8Array(31) },
        { ...own, node: 'somebody' },
        { ...own, incarnation: -1 },
        { ...own, facts: { ...facts, more: 1 } },
        { ...own, facts: { ...facts, load: -1 } },
        { ...claimed, status: 'alive' },
        { ...claimed, facts },
        { ...claimed, by: 'somebody' },
        [],
      ].map((value) => ({ ...base, said: [bytesOf(value)] })),
    ]) {
      const read = decodeGossip(encodeGossip(wrong as never));
      expect([wrong, read.ok]).toEqual([wrong, false]);
      if (!read.ok) expect(read.error.code).toBe('FRAME_INVALID');
    }
    expect(decodeGossip(encodeGossip({ ...base, said: [bytesOf(own)] } as never)).ok).toBe(true);
  });

  it('never throws, whatever bytes come', () => {
    const sound = encodeGossip({ kind: 'sync', said, known: null, isReply: true });
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

  it('comes in pieces that fit into a packet, a claim behind whom it is about', () => {
    const large = { ...says('b', 'alive', 1), bytes: new Uint8Array(5_000) };
    const pieces = syncPieces(
      Array.from({ length: 300 }, () => [large, claims('c', 'b', 'dead', 1)]),
    );
    expect(pieces.flat()).toHaveLength(600);
    for (const piece of pieces) {
      expect(piece[0]?.kind).toBe('self');
      expect(
        encodeGossip({ kind: 'sync', said: piece, known: null, isReply: true }).length,
      ).toBeLessThan(LIMITS.packetBytes);
    }
    const small = syncPieces(Array.from({ length: 500 }, () => [says('b', 'alive', 1)]));
    expect(small.map(({ length }) => length)).toEqual([200, 200, 100]);
  });
});
