import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FramePort, NodeId, StreamAddress, ThreadName } from '../../../src/contracts/index.ts';
import {
  SimulatedLife,
  type SimulatedStreams,
  seededRandom,
  simulatedStreams,
  simulatedTime,
} from '../../../src/host/index.ts';
import {
  DirectLinks,
  type Peer,
  PeerSessions,
  RefusedPackets,
  simulatedIdentity,
} from '../../../src/transport/index.ts';
import { newExchangeKey, proofOf, sessionKeys } from '../../../src/transport/session-keys.ts';
import { type BusFaults, lossyBus, NO_FAULTS } from '../../support/lossy-bus.ts';
import { recordingLog } from '../../support/systems.ts';

const peer = (node: string): Peer => ({ node: node as NodeId, thread: 'main' as ThreadName });
const [ALPHA, BETA] = [peer('n-alpha'), peer('n-beta')];

async function world(seed: string, faults: BusFaults = NO_FAULTS, delayMsMax = 0) {
  const time = simulatedTime();
  const random = seededRandom(seed);
  const bus = lossyBus(time, random.fork('bus'), faults);
  const streams = simulatedStreams(time, random.fork('streams'));
  Object.assign(streams.latency, { delayMs: 0, jitterMs: delayMsMax });
  const begin = async (self: Peer, machine = 'machine') => {
    const received: number[] = [];
    const closed: string[] = [];
    const ports: FramePort[] = [];
    const listen = (port: FramePort): FramePort => {
      ports.push(port);
      port.onFrame((frame) => received.push(Buffer.from(frame).readDoubleLE(0)));
      port.onClose((reason) => closed.push(reason));
      return port;
    };
    const { clock, timers } = time;
    const sessions = new PeerSessions({
      self,
      cluster: 'test',
      bus: bus.join(),
      clock,
      timers,
      random: random.fork(self.node),
      onPeer: (_peer, port) => void listen(port),
      identity: simulatedIdentity(self.node),
      epoch: 0,
      refused: new RefusedPackets({ timers, log: recordingLog().log }),
    });
    const direct = await DirectLinks.start({
      sessions,
      streams: streams.join(self.node, new SimulatedLife(), machine),
      timers,
      random: random.fork(`${self.node}/direct`),
      log: recordingLog().log,
      host: '192.0.2.1',
    });
    if (!direct.ok) throw new Error(direct.error.message);
    return { sessions, received, closed, ports, dial: (to: Peer) => listen(sessions.open(to)) };
  };
  return { time, bus, streams, begin };
}

/** The two no longer hear each other, and are not told. */
const deafen = ({ cut }: SimulatedStreams): void => {
  cut(ALPHA.node, BETA.node);
  cut(BETA.node, ALPHA.node);
};
const frame = (id: number): Uint8Array => {
  const made = Buffer.alloc(64);
  made.writeDoubleLE(id, 0);
  return made;
};
const upTo = (n: number): number[] => Array.from({ length: n }, (_, id) => id);

describe('direct links', () => {
  it('take over from the bus on one machine, and carry everything then', async () => {
    const { time, bus, begin } = await world('one');
    const [alpha, beta] = [await begin(ALPHA), await begin(BETA)];
    const there = alpha.dial(BETA);
    there.post(frame(0));
    await time.advance(100);
    expect(alpha.sessions.status()).toMatchObject([{ path: 'unix' }]);
    expect(beta.sessions.status()).toMatchObject([{ path: 'unix' }]);
    bus.seen.length = 0;
    for (const id of upTo(50)) there.post(frame(id + 1));
    await time.advance(100);
    expect(beta.received).toEqual(upTo(51));
    expect(bus.seen).toEqual([]);
  });

  it('dial by TLS between machines', async () => {
    const { time, begin } = await world('two');
    const [alpha, beta] = [await begin(ALPHA, 'here'), await begin(BETA, 'there')];
    alpha.dial(BETA).post(frame(0));
    await time.advance(500);
    expect([...alpha.sessions.status(), ...beta.sessions.status()]).toMatchObject([
      { path: 'tls' },
      { path: 'tls' },
    ]);
  });

  it('lose, repeat and reorder nothing however often streams come and break', async () => {
    const faults = fc.record({
      loss: fc.constantFrom(0, 0.1),
      repeat: fc.constantFrom(0, 0.1),
      delayMsMax: fc.integer({ min: 0, max: 30 }),
    });
    const breaks = fc.array(fc.constantFrom('break', 'deaf', 'hear', 'send', 'wait'), {
      minLength: 5,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(fc.string(), faults, fc.nat(20), breaks, async (seed, how, delay, steps) => {
        const { time, streams, begin } = await world(seed, how, delay);
        const [alpha, beta] = [await begin(ALPHA), await begin(BETA)];
        const there = alpha.dial(BETA);
        let [sent, answered] = [0, 0];
        for (const step of steps) {
          for (let each = 0; each < 5; each++) there.post(frame(sent++));
          for (let each = 0; each < 3; each++) beta.ports[0]?.post(frame(answered++));
          if (beta.ports.length === 0) answered = 0;
          if (step === 'break') streams.breakAll();
          if (step === 'deaf') deafen(streams);
          if (step === 'hear') streams.heal();
          await time.advance(step === 'wait' ? 700 : 7);
        }
        await time.advance(20_000);
        expect(beta.received).toEqual(upTo(sent));
        expect(alpha.received).toEqual(upTo(answered));
        expect([...alpha.closed, ...beta.closed]).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('go back to the bus when a stream carries nothing any more, and come back later', async () => {
    const { time, streams, begin } = await world('deaf');
    const [alpha, beta] = [await begin(ALPHA), await begin(BETA)];
    const there = alpha.dial(BETA);
    there.post(frame(0));
    await time.advance(2_000);
    deafen(streams);
    there.post(frame(1));
    await time.advance(3_000);
    expect(beta.received).toEqual([0, 1]);
    expect(alpha.sessions.status()).toMatchObject([{ path: 'nats' }]);
    streams.heal();
    await time.advance(70_000);
    expect(alpha.sessions.status()).toMatchObject([{ path: 'unix' }]);
    expect(streams.opened()).toBe(2);
  });

  it('are refused to whoever does not hold the key', async () => {
    const { time, streams, begin } = await world('key');
    const [alpha] = [await begin(ALPHA), await begin(BETA)];
    alpha.dial(BETA).post(frame(0));
    await time.advance(100);
    const from = streams.join('n-stranger', new SimulatedLife(), 'machine');
    const dial = async (address: StreamAddress) => {
      const dialled = from.dial(address, { name: '1', key: Buffer.alloc(32, 1) });
      await time.advance(1);
      return dialled;
    };
    const ended: string[] = [];
    for (const who of ['one that guesses', 'one that is silent']) {
      const address = { kind: 'unix', path: '/sockets/1/link' } as const;
      const stranger = await dial(address);
      if (!stranger.ok) throw new Error('not dialled');
      stranger.value.onClose(() => ended.push(who));
      const guess = Buffer.concat([Buffer.from([48, 0, 0, 0]), Buffer.alloc(48, 0x53)]);
      if (who === 'one that guesses') stranger.value.write(guess);
    }
    await time.advance(50);
    expect(ended).toEqual(['one that guesses']);
    await time.advance(3_000);
    expect(ended).toEqual(['one that guesses', 'one that is silent']);
    const tls = { kind: 'tls', host: '192.0.2.1', port: 20_001 } as const;
    expect(await dial(tls)).toMatchObject({ ok: false });
    expect(alpha.sessions.status()).toMatchObject([{ path: 'unix' }]);
  });
});

describe('the keys of a session', () => {
  const end = (seed: string, id: number) => {
    const exchange = newExchangeKey(seededRandom(seed));
    const publicKey = Buffer.alloc(32, id);
    const keys = { exchange, publicKey, half: exchange.public };
    return { ...keys, id, subject: `skein.test.${seed}`, wire: [3, 4] as const };
  };
  const secrets = (mine: ReturnType<typeof end>, yours: ReturnType<typeof end>) => {
    const { direct, send, receive } = sessionKeys(mine.exchange, mine, yours);
    return [direct, send.export(), receive.export()];
  };

  it('are the same at both ends, others for every session, and one for each direction', () => {
    const [mine, yours] = [end('a', 1), end('b', 2)];
    const [direct, send, receive] = secrets(mine, yours);
    expect(secrets(yours, mine)).toEqual([direct, receive, send]);
    expect(send).not.toEqual(receive);
    for (const other of [end('b', 3), end('c', 2), { ...yours, publicKey: Buffer.alloc(32) }]) {
      for (const secret of secrets(mine, other))
        expect([direct, send, receive]).not.toContainEqual(secret);
    }
    expect(proofOf(direct as Buffer, 1)).not.toEqual(proofOf(direct as Buffer, 2));
    expect(() => secrets(mine, { ...yours, half: Buffer.alloc(32) })).toThrow();
    expect(() => secrets(mine, { ...yours, half: Buffer.alloc(5) })).toThrow();
  });
});
