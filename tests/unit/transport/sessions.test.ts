import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type FramePort,
  LIMITS,
  type NodeId,
  type ThreadName,
} from '../../../src/contracts/index.ts';
import { seededRandom, simulatedTime } from '../../../src/host/index.ts';
import {
  type Peer,
  PeerSessions,
  RefusedPackets,
  simulatedIdentity,
  subjectOf,
} from '../../../src/transport/index.ts';
import { type BusFaults, type LossyBus, lossyBus, NO_FAULTS } from '../../support/lossy-bus.ts';
import { recordingLog } from '../../support/systems.ts';

const peer = (node: string): Peer => ({ node: node as NodeId, thread: 'main' as ThreadName });
const [ALPHA, BETA] = [peer('n-alpha'), peer('n-beta')];

interface End {
  readonly sessions: PeerSessions;
  readonly bus: ReturnType<LossyBus['join']>;
  readonly ports: FramePort[];
  readonly received: number[];
  readonly closed: string[];
}

function world(seed = 'sessions', faults: BusFaults = NO_FAULTS) {
  const time = simulatedTime();
  const random = seededRandom(seed);
  const bus = lossyBus(time, random.fork('bus'), faults);
  const begin = (self: Peer, life = 1): End => {
    const own = bus.join();
    const end = { ports: [], received: [], closed: [], ...recordingLog() };
    const sessions = new PeerSessions({
      self,
      cluster: 'test',
      bus: own,
      clock: time.clock,
      timers: time.timers,
      random: random.fork(`${self.node}/${life}`),
      onPeer: (_peer, port) => listen({ ...end, sessions, bus: own }, port),
      identity: simulatedIdentity(self.node),
      epoch: life,
      refused: new RefusedPackets({ timers: time.timers, log: end.log }),
    });
    return { ...end, sessions, bus: own };
  };
  return { time, bus, begin };
}

const frame = (id: number, bytes = 8): Uint8Array => {
  const made = Buffer.alloc(Math.max(8, bytes), id % 251);
  made.writeDoubleLE(id, 0);
  return made;
};

function listen(end: End, port: FramePort): void {
  end.ports.push(port);
  port.onFrame((bytes) => {
    const id = Buffer.from(bytes).readDoubleLE(0);
    expect(bytes.subarray(8).every((byte) => byte === id % 251)).toBe(true);
    end.received.push(id);
  });
  port.onClose((reason) => end.closed.push(reason));
}

function dial(end: End, to: Peer): FramePort {
  const port = end.sessions.open(to);
  listen(end, port);
  return port;
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, id) => id);

describe('sessions between nodes', () => {
  it('are one when both ends begin at the same time, whatever happens to their hellos', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const faults = { ...NO_FAULTS, loss: 0.3, repeat: 0.2, delayMsMax: 60 };
      const { time, begin, bus } = world(`glare ${seed}`, faults);
      const [alpha, beta] = [begin(ALPHA), begin(BETA)];
      const random = seededRandom(seed);
      const send = (end: End, to: Peer): void => {
        const port = dial(end, to);
        for (let id = 0; id < 5; id++) port.post(frame(id));
      };
      time.timers.after(random.next() * 200, () => send(alpha, BETA));
      time.timers.after(random.next() * 200, () => send(beta, ALPHA));
      await time.advance(5_000);
      bus.faults = NO_FAULTS;
      await time.advance(10_000);
      expect([seed, alpha.received, beta.received]).toEqual([
        seed,
        [0, 1, 2, 3, 4],
        [0, 1, 2, 3, 4],
      ]);
      expect([...alpha.closed, ...beta.closed]).toEqual([]);
    }
  });

  it('carry frames both ways, whole, once and in order, over a bus that loses, repeats and reorders', async () => {
    const faults = fc.record({
      loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
      repeat: fc.double({ min: 0, max: 0.3, noNaN: true }),
      delayMsMax: fc.integer({ min: 0, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        faults,
        fc.integer({ min: 1, max: 300 }),
        async (seed, how, n) => {
          const { time, bus, begin } = world(seed);
          const [alpha, beta] = [begin(ALPHA), begin(BETA)];
          const there = dial(alpha, BETA);
          // A handshake may fail when packets are lost; a session, once open, may not.
          await time.advance(10);
          bus.faults = how;
          for (const id of upTo(n)) {
            there.post(frame(id, id % 17 === 0 ? LIMITS.packetBytes + 100 : 8));
            if (id % 10 === 0) await time.advance(1);
          }
          await time.advance(2_000);
          for (const id of upTo(n)) beta.ports[0]?.post(frame(id));
          await time.advance(25_000);
          expect(beta.received).toEqual(upTo(n));
          expect(alpha.received).toEqual(upTo(n));
          expect([there.backlogBytes(), beta.ports[0]?.backlogBytes()]).toEqual([0, 0]);
          expect([...alpha.closed, ...beta.closed]).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  }, 30_000);

  it('open once when both ends call at the same time', async () => {
    const { time, begin } = world('both', { ...NO_FAULTS, delayMsMax: 5 });
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    dial(alpha, BETA).post(frame(0));
    dial(beta, ALPHA).post(frame(0));
    await time.advance(1_000);
    expect([alpha.received, beta.received]).toEqual([[0], [0]]);
    expect([alpha.closed, beta.closed]).toEqual([[], []]);
    expect(alpha.sessions.status()).toEqual([{ ...BETA, path: 'nats', backlogBytes: 0 }]);
  });

  it('send again what an outage took, when the bus is back', async () => {
    const { time, begin } = world();
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    const there = dial(alpha, BETA);
    there.post(frame(0));
    await time.advance(100);
    alpha.bus.cut();
    for (const id of [1, 2, 3]) there.post(frame(id));
    await time.advance(20_000);
    expect(beta.received).toEqual([0]);
    alpha.bus.mend();
    await time.advance(10);
    expect(beta.received).toEqual([0, 1, 2, 3]);
  });

  it('fill a hole of a thousand packets with few more than that, not with its square', async () => {
    const { time, bus, begin } = world('hole');
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    const there = dial(alpha, BETA);
    await time.advance(100);
    bus.faults = { ...NO_FAULTS, loss: 1 };
    for (const id of upTo(1_000)) {
      there.post(frame(id));
      if (id % 25 === 0) await time.advance(250);
    }
    bus.faults = NO_FAULTS;
    const before = bus.seen.length;
    // The receiver is told of the hole by what comes next, as after an outage from which its end came back later.
    for (const id of upTo(40)) {
      there.post(frame(1_000 + id));
      await time.advance(10);
    }
    await time.advance(2_000);
    expect(beta.received).toEqual(upTo(1_040));
    expect(bus.seen.length - before).toBeLessThan(5_000);
  });

  it('tell how long a frame has waited at both ends: a deadline in it is that much nearer', async () => {
    const { time, begin } = world();
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    const there = dial(alpha, BETA);
    there.post(frame(0));
    await time.advance(100);
    const ages: number[] = [];
    beta.ports[0]?.onFrame((_frame, ageMs = -1) => ages.push(Math.round(ageMs)));
    there.post(frame(1));
    await time.advance(100);
    alpha.bus.cut();
    there.post(frame(2));
    await time.advance(1_000);
    alpha.bus.mend();
    await time.advance(100);
    expect(ages).toEqual([0, 1_000]);
  });

  it('hold back what the window does not allow, and no more than that is on its way', async () => {
    const { time, begin, bus } = world();
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    const there = dial(alpha, BETA);
    await time.advance(100);
    beta.bus.cut();
    bus.seen.length = 0;
    const frames = (LIMITS.peerWindowBytes / LIMITS.packetBytes) * 3;
    for (const id of upTo(frames)) there.post(frame(id, LIMITS.packetBytes));
    await time.advance(50);
    const bytes = bus.seen.reduce((sum, packet) => sum + packet.byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(LIMITS.peerWindowBytes);
    expect(there.backlogBytes()).toBeGreaterThan(frames * LIMITS.packetBytes);
    beta.bus.mend();
    await time.advance(20_000);
    expect(beta.received).toEqual(upTo(frames));
    expect(there.backlogBytes()).toBe(0);
  });

  it('end on the old side when a peer began anew, and a new one serves it', async () => {
    const { time, begin } = world();
    const [alpha, first] = [begin(ALPHA), begin(BETA)];
    dial(alpha, BETA).post(frame(0));
    await time.advance(100);
    first.bus.cut();
    const second = begin(BETA, 2);
    dial(second, ALPHA).post(frame(7));
    await time.advance(1_000);
    expect(alpha.closed).toEqual(['n-beta/main began anew']);
    expect(alpha.received).toEqual([7]);
    alpha.ports[1]?.post(frame(8));
    await time.advance(100);
    expect([first.received, second.received]).toEqual([[0], [8]]);
  });

  it('end when the peer began anew and says nothing by itself', async () => {
    const { time, begin } = world();
    const [alpha, first] = [begin(ALPHA), begin(BETA)];
    const there = dial(alpha, BETA);
    there.post(frame(0));
    await time.advance(100);
    first.bus.cut();
    const second = begin(BETA, 2);
    there.post(frame(1));
    await time.advance(1_000);
    expect(alpha.closed).toEqual(['the other end has ended it']);
    expect(second.received).toEqual([]);
    dial(alpha, BETA).post(frame(2));
    await time.advance(100);
    expect(second.received).toEqual([2]);
  });

  it('end when nobody answers, and when a peer falls silent', async () => {
    const { time, begin } = world();
    const alpha = begin(ALPHA);
    dial(alpha, BETA).post(frame(0));
    await time.advance(LIMITS.peerConnectMs + 2_000);
    expect(alpha.closed[0]).toMatch(/^n-beta\/main did not answer in \d+ ms$/);
    const beta = begin(BETA);
    dial(alpha, BETA).post(frame(1));
    await time.advance(100);
    expect(beta.received).toEqual([1]);
    beta.bus.cut();
    await time.advance(LIMITS.peerSilentMs + 6_000);
    expect(alpha.closed[1]).toMatch(/^nothing was heard for \d+ ms$/);
  });

  it('live on without traffic', async () => {
    const { time, begin } = world();
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    const there = dial(alpha, BETA);
    there.post(frame(0));
    await time.advance(10 * LIMITS.peerSilentMs);
    there.post(frame(1));
    await time.advance(100);
    expect(beta.received).toEqual([0, 1]);
    expect([alpha.closed, beta.closed]).toEqual([[], []]);
  });

  it('tell the other end when one closes', async () => {
    const { time, begin } = world();
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    dial(alpha, BETA).post(frame(0));
    await time.advance(100);
    await alpha.sessions.close();
    await time.advance(100);
    expect(beta.closed).toEqual(['the other end has ended it']);
    expect(beta.sessions.status()).toEqual([]);
  });

  it('neither open nor end by packets of an earlier life', async () => {
    const { time, begin, bus } = world();
    const [alpha, first] = [begin(ALPHA), begin(BETA)];
    dial(first, ALPHA).post(frame(0));
    await time.advance(100);
    const old = [...bus.seen];
    first.bus.cut();
    const second = begin(BETA, 2);
    dial(second, ALPHA).post(frame(1));
    await time.advance(1_000);
    expect(alpha.received).toEqual([0, 1]);
    for (const packet of old) bus.inject(subjectOf('test', ALPHA), packet);
    await time.advance(LIMITS.peerConnectMs * 2);
    second.ports[0]?.post(frame(2));
    await time.advance(100);
    expect(alpha.received).toEqual([0, 1, 2]);
    expect(second.closed).toEqual([]);
  });

  it('refuse what is no packet, and go on', async () => {
    const { time, begin, bus } = world();
    const [alpha, beta] = [begin(ALPHA), begin(BETA)];
    const subject = subjectOf('test', BETA);
    dial(alpha, BETA).post(frame(0));
    await time.advance(100);
    const before = beta.received.length;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => void bus.inject(subject, junk)),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...bus.seen),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (packet, changes) => {
          const changed = packet.slice();
          for (const [at, byte] of changes) changed[at % 40] = byte;
          bus.inject(subject, changed);
        },
      ),
      { numRuns: 2_000 },
    );
    const counts = Object.values(beta.sessions.refused());
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(2_000);
    expect(beta.received.length).toBeGreaterThanOrEqual(before);
  });
});
