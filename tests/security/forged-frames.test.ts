import { describe, expect, it } from 'vitest';
import type { FramePort, NodeId, ThreadName } from '../../src/contracts/index.ts';
import { seededRandom, simulatedTime } from '../../src/host/index.ts';
import { type Hello, keyOf, writeHello } from '../../src/transport/hello.ts';
import {
  type Identity,
  KnownKeys,
  keyText,
  newSeed,
  nodeKeyOf,
  type Peer,
  PeerSessions,
  RefusedPackets,
  subjectOf,
  WIRE_VERSIONS,
} from '../../src/transport/index.ts';
import {
  newPacket,
  PACKET,
  PACKET_FLAG,
  PACKET_HEAD_BYTES,
  readPacket,
  shortHead,
} from '../../src/transport/packet.ts';
import { SEAL_BYTES } from '../../src/transport/sealing.ts';
import { newExchangeKey } from '../../src/transport/session-keys.ts';
import { lossyBus } from '../support/lossy-bus.ts';
import { recordingLog } from '../support/systems.ts';

interface Life {
  readonly epoch?: number;
  readonly trustedKeys?: readonly string[];
}

function world(seed = 'forged') {
  const time = simulatedTime();
  const random = seededRandom(seed);
  const bus = lossyBus(time, random.fork('bus'));
  const identityOf = (name: string, trustedKeys?: readonly string[]): Identity => ({
    key: nodeKeyOf(newSeed(random.fork(name))),
    book: new KnownKeys(trustedKeys),
  });
  const begin = (name: string, { epoch = 1, trustedKeys }: Life = {}) => {
    const identity = identityOf(name, trustedKeys);
    const self: Peer = { node: identity.key.id, thread: 'main' as ThreadName };
    const received: number[] = [];
    const closed: string[] = [];
    const ports: FramePort[] = [];
    const listen = (port: FramePort): FramePort => {
      ports.push(port);
      port.onFrame((frame) => received.push(frame[0] as number));
      port.onClose((reason) => closed.push(reason));
      return port;
    };
    const { log, lines } = recordingLog();
    const sessions = new PeerSessions({
      self,
      identity,
      epoch,
      cluster: 'test',
      bus: bus.join(),
      clock: time.clock,
      timers: time.timers,
      random: random.fork(`${name}/${epoch}`),
      onPeer: (_peer, port) => void listen(port),
      refused: new RefusedPackets({ timers: time.timers, log }),
    });
    const refused = () => sessions.refused();
    const dial = (to: Peer): FramePort => listen(sessions.open(to));
    const subject = subjectOf('test', self);
    return { self, identity, sessions, received, closed, ports, lines, refused, dial, subject };
  };
  /** Alpha has sent 1 to beta; what was on the bus for beta is `packets`. */
  const met = async () => {
    const [alpha, beta] = [begin('alpha'), begin('beta')];
    const there = alpha.dial(beta.self);
    there.post(Buffer.from([1]));
    await time.advance(100);
    expect(beta.received).toEqual([1]);
    const ofKind = (kind: number, from = alpha) => {
      const id =
        beta.ports[0] &&
        bus.seen.map((packet) => readPacket(packet)).find((head) => head?.kind === PACKET.data)
          ?.from;
      return bus.seen.filter((packet) => {
        const head = readPacket(packet);
        return head?.kind === kind && (head.from === id) === (from === alpha);
      });
    };
    /** Injected to beta, with the counts that this adds. */
    const attack = (...packets: readonly Uint8Array[]) => {
      const before = beta.refused();
      for (const packet of packets) bus.inject(beta.subject, packet);
      return Object.fromEntries(
        Object.entries(beta.refused())
          .map(([reason, count]) => [reason, count - (before[reason as 'forged'] ?? 0)] as const)
          .filter(([, count]) => count !== 0),
      );
    };
    const stillWorks = async () => {
      there.post(Buffer.from([200]));
      beta.ports[0]?.post(Buffer.from([201]));
      await time.advance(100);
      expect([beta.received.at(-1), alpha.received.at(-1)]).toEqual([200, 201]);
      expect([...alpha.closed, ...beta.closed]).toEqual([]);
    };
    return { alpha, beta, there, ofKind, attack, stillWorks };
  };
  return { time, bus, random, begin, met, identityOf };
}

const half = newExchangeKey(seededRandom('half')).public;
const helloOf = (self: Peer, key: Uint8Array, more: Partial<Hello> = {}): Hello => ({
  ...self,
  epoch: 1,
  key,
  half,
  direct: null,
  wire: WIRE_VERSIONS,
  ...more,
});
const invitation = { ...shortHead(PACKET.hello, { from: 77, to: 0 }), seq: 1_000 };
const flipped = (packet: Uint8Array, bit: number): Uint8Array => {
  const copy = new Uint8Array(packet);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
};

describe('what is not authentic', () => {
  it('opens no session: a hello without a signature, or with one of zeros', async () => {
    const { begin, met } = world();
    const { beta, attack, stillWorks } = await met();
    const stranger = begin('stranger');
    const { key } = stranger.identity;
    const signed = writeHello(invitation, helloOf(stranger.self, key.publicKey), {
      key,
      subject: beta.subject,
    });
    const bare = signed.slice(0, signed.byteLength - 64);
    const zeros = Buffer.concat([bare, Buffer.alloc(64)]);
    expect(attack(zeros)).toEqual({ forged: 1 });
    expect(attack(bare)).toEqual({ malformed: 1 });
    expect(attack(newPacket(invitation, 8))).toEqual({ unsigned: 1 });
    expect(beta.sessions.status()).toHaveLength(1);
    expect(attack(signed)).toEqual({});
    await stillWorks();
  });

  it('opens no session under the ID of another node', async () => {
    const { begin, met } = world();
    const { alpha, beta, attack, stillWorks } = await met();
    const { key } = begin('stranger').identity;
    const way = { key, subject: beta.subject };
    const borrowed = helloOf(alpha.self, key.publicKey, { epoch: 9 });
    expect(attack(writeHello(invitation, borrowed, way))).toEqual({ 'wrong key': 1 });
    const shown = helloOf(alpha.self, alpha.identity.key.publicKey, { epoch: 9 });
    expect(attack(writeHello(invitation, shown, way))).toEqual({ forged: 1 });
    await stillWorks();
  });

  it('opens no session when it was said to somebody else, in another cluster, or before', async () => {
    const { met } = world();
    const { alpha, beta, ofKind, attack, stillWorks } = await met();
    const { key } = alpha.identity;
    const hello = helloOf(alpha.self, key.publicKey);
    for (const subject of [alpha.subject, subjectOf('other', beta.self)]) {
      expect(attack(writeHello(invitation, hello, { key, subject }))).toEqual({ forged: 1 });
    }
    const hellos = ofKind(PACKET.hello);
    expect(hellos.length).toBeGreaterThan(0);
    expect(attack(...hellos, ...hellos)).toEqual({ replayed: 2 * hellos.length });
    const early = helloOf(alpha.self, key.publicKey, { epoch: 0 });
    const stale = writeHello(invitation, early, { key, subject: beta.subject });
    expect(attack(stale)).toEqual({ stale: 1 });
    await stillWorks();
  });

  it('ends no session: a reset without a MAC, or signed by a third node', async () => {
    const { begin, met } = world();
    const { alpha, beta, ofKind, attack, stillWorks } = await met();
    const { from = 0, to = 0 } = readPacket(ofKind(PACKET.data)[0] as Uint8Array) ?? {};
    const reset = shortHead(PACKET.reset, { from, to });
    expect(attack(newPacket(reset, 0))).toEqual({ unsigned: 1 });
    const { self, identity } = begin('stranger');
    const way = { key: identity.key, subject: beta.subject };
    const signed = { ...reset, seq: 1, flags: PACKET_FLAG.signed };
    attack(writeHello(signed, helloOf(self, identity.key.publicKey), way));
    const borrowed = helloOf(alpha.self, alpha.identity.key.publicKey);
    expect(attack(writeHello({ ...signed, seq: 999 }, borrowed, way))).toEqual({ forged: 1 });
    await stillWorks();
  });

  it('is refused with any one bit of a packet changed', async () => {
    const { met } = world();
    const { beta, ofKind, attack, stillWorks } = await met();
    const received = [...beta.received];
    for (const packet of [...ofKind(PACKET.data), ...ofKind(PACKET.ack)].slice(0, 2)) {
      for (let bit = 0; bit < packet.byteLength * 8; bit++) {
        const counts = attack(flipped(packet, bit));
        expect(Object.values(counts), `bit ${bit}: ${JSON.stringify(counts)}`).toEqual([1]);
      }
    }
    for (const packet of ofKind(PACKET.hello).slice(0, 1)) {
      for (let bit = 0; bit < packet.byteLength * 8; bit += 7) {
        const counts = attack(flipped(packet, bit));
        expect(Object.values(counts), `bit ${bit}: ${JSON.stringify(counts)}`).toEqual([1]);
      }
    }
    expect(beta.received).toEqual(received);
    await stillWorks();
  });

  it('is refused with its MAC cut, left away, or too long', async () => {
    const { met } = world();
    const { beta, ofKind, attack, stillWorks } = await met();
    const [data] = ofKind(PACKET.data) as [Uint8Array];
    for (let cut = 1; cut <= SEAL_BYTES + 1; cut++) {
      const counts = attack(data.subarray(0, data.byteLength - cut));
      expect(Object.keys(counts)).toEqual([cut <= 1 ? 'forged' : 'unsigned']);
    }
    expect(attack(data.subarray(0, PACKET_HEAD_BYTES))).toEqual({ unsigned: 1 });
    expect(attack(Buffer.concat([data, Buffer.alloc(1)]))).toEqual({ forged: 1 });
    expect(attack(Buffer.alloc(2 ** 20, data))).toEqual({ 'too large': 1 });
    expect(beta.received).toEqual([1]);
    await stillWorks();
  });

  it('is refused when it is a packet that came before, or one of another session', async () => {
    const { time, begin, met, bus } = world();
    const { alpha, beta, ofKind, attack, stillWorks } = await met();
    const data = ofKind(PACKET.data);
    expect(attack(...data, ...data)).toEqual({ replayed: 2 * data.length });
    bus.seen.length = 0;
    const gamma = begin('gamma');
    alpha.dial(gamma.self).post(Buffer.from([7]));
    await time.advance(100);
    const other = bus.seen.find((packet) => readPacket(packet)?.kind === PACKET.data);
    const renamed = newPacket(readPacket(data[0] as Uint8Array) as never, 0);
    const moved = Buffer.concat([renamed, (other as Uint8Array).subarray(PACKET_HEAD_BYTES)]);
    expect(attack(other as Uint8Array, moved)).toEqual({ stale: 1, forged: 1 });
    const { from = 0, to = 0 } = readPacket(data[0] as Uint8Array) ?? {};
    const reflected = new Uint8Array(data[0] as Uint8Array);
    new DataView(reflected.buffer).setFloat64(8, to, true);
    new DataView(reflected.buffer).setFloat64(16, from, true);
    bus.inject(alpha.subject, reflected);
    expect(alpha.refused()).toMatchObject({ forged: 1 });
    expect(beta.received).toEqual([1]);
    await stillWorks();
  });

  it('makes no storm of lines, and nothing grows', async () => {
    const { time, begin, bus, met } = world();
    const { alpha, beta, ofKind, attack, stillWorks } = await met();
    const { key } = begin('stranger').identity;
    const way = { key, subject: beta.subject };
    const [data] = ofKind(PACKET.data) as [Uint8Array];
    const publicKey = alpha.identity.key.publicKey;
    beta.lines.length = 0;
    const started = time.clock.monotonicMs();
    for (let each = 0; each < 10_000; each++) {
      const node = `n-${each}` as NodeId;
      const bad = [
        flipped(data, each % (data.byteLength * 8)),
        newPacket(shortHead(PACKET.data, { from: each + 1, to: each + 2 }), 32),
        writeHello(invitation, helloOf(alpha.self, publicKey, { epoch: each + 2 }), way),
        writeHello(invitation, helloOf({ ...alpha.self, node }, publicKey), way),
      ];
      bus.inject(beta.subject, bad[each % bad.length] as Uint8Array);
      if (each % 10 === 0) await time.advance(1);
    }
    const seconds = Math.ceil((time.clock.monotonicMs() - started) / 1_000);
    const { forged = 0, ...others } = beta.refused();
    const total = Object.values(others).reduce((sum, count) => sum + count, forged);
    expect(total).toBe(10_000);
    await time.advance(1_000);
    expect(beta.lines.length).toBeLessThanOrEqual(2 * (seconds + 1));
    for (const { message, fields } of beta.lines) {
      expect(message).toBe('packets were refused');
      expect(Object.keys(fields.bySender as object).length).toBeLessThanOrEqual(9);
    }
    expect(JSON.stringify(beta.lines)).toContain(keyOf(alpha.self));
    expect(beta.sessions.status()).toHaveLength(1);
    expect(attack()).toEqual({});
    await stillWorks();
  });

  it('has no more signatures checked than the rate allows, and open sessions live on', async () => {
    const { begin, met } = world();
    const { alpha, beta, attack, stillWorks } = await met();
    const way = { key: begin('stranger').identity.key, subject: beta.subject };
    const borrowed = helloOf(alpha.self, alpha.identity.key.publicKey);
    const forged = writeHello(invitation, borrowed, way);
    const counts = attack(...Array.from({ length: 3_000 }, () => forged));
    expect(counts.forged).toBeLessThanOrEqual(2_000);
    expect(counts['too many']).toBeGreaterThanOrEqual(1_000);
    await stillWorks();
  });

  it('comes from nobody who is not on the list of keys, where there is one', async () => {
    const { time, begin, identityOf } = world();
    const friend = keyText(identityOf('alpha').key.publicKey);
    const beta = begin('beta', { trustedKeys: [friend] });
    const [alpha, stranger] = [begin('alpha'), begin('stranger')];
    alpha.dial(beta.self).post(Buffer.from([1]));
    stranger.dial(beta.self).post(Buffer.from([2]));
    await time.advance(1_000);
    expect(beta.received).toEqual([1]);
    expect(Object.keys(beta.refused())).toEqual(['wrong key']);
    expect(beta.lines[0]?.fields).toMatchObject({
      bySender: { [keyOf(stranger.self)]: expect.anything() },
    });
  });
});
