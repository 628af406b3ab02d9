import { describe, expect, it } from 'vitest';
import type { FramePort, NodeId, ThreadName } from '../../../src/contracts/index.ts';
import { seededRandom, simulatedTime } from '../../../src/host/index.ts';
import {
  PeerSessions,
  RefusedPackets,
  SealedDatagrams,
  simulatedIdentity,
  type WireRange,
} from '../../../src/transport/index.ts';
import { newExchangeKey, sessionKeys } from '../../../src/transport/session-keys.ts';
import { commonVersion, isWireRange } from '../../../src/transport/wire-versions.ts';
import { lossyBus } from '../../support/lossy-bus.ts';
import { recordingLog } from '../../support/systems.ts';

function world() {
  const time = simulatedTime();
  const random = seededRandom('versions');
  const bus = lossyBus(time, random.fork('bus'));
  const common = (name: string, thread: string, wire: WireRange) => {
    const { log, lines } = recordingLog();
    const { clock, timers } = time;
    const refused = new RefusedPackets({ timers, log });
    const self = { node: name as NodeId, thread: thread as ThreadName };
    const identity = simulatedIdentity(self.node);
    const own = { self, identity, epoch: 1, bus: bus.join(), refused, wire };
    return { lines, parts: { ...own, clock, timers, random: random.fork(name) } };
  };
  const node = (name: string, wire: WireRange) => {
    const { lines, parts } = common(name, 'main', wire);
    const received: number[] = [];
    const closed: string[] = [];
    const listen = (port: FramePort): FramePort => {
      port.onFrame((frame) => received.push(frame[0] as number));
      port.onClose((reason) => closed.push(reason));
      return port;
    };
    const sessions = new PeerSessions({
      ...parts,
      cluster: 'test',
      onPeer: (_peer, port) => void listen(port),
    });
    const { self } = parts;
    const dial = (to: typeof self) => listen(sessions.open(to));
    return { self, sessions, received, closed, lines, dial };
  };
  const member = (name: string, wire: WireRange) => {
    const { lines, parts } = common(name, 'gossip', wire);
    const heard: string[] = [];
    const datagrams = new SealedDatagrams({
      ...parts,
      subjectOf: (to) => `test.${to}`,
      onMet: (from) => heard.push(`met ${from}`),
      onPacket: (from, body) => heard.push(`${from} ${body[0]}`),
      onCall: (from) => heard.push(`call ${from}`),
    });
    return { lines, heard, datagrams, refused: parts.refused };
  };
  return { time, node, member };
}

const RANGES: readonly (readonly [WireRange, WireRange, number | undefined])[] = [
  [[2, 3], [2, 3], 3],
  [[2, 3], [3, 4], 3],
  [[2, 2], [2, 3], 2],
  [[2, 3], [4, 5], undefined],
  [[2, 2], [3, 3], undefined],
];

describe('the version of the wire between two nodes', () => {
  it.each(RANGES)('of %j and %j is %j', (ours, theirs, expected) => {
    for (const [one, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const common = commonVersion('n-b/main', one, other);
      expect(common.ok ? common.value : undefined).toBe(expected);
      if (!common.ok) expect(common.error.code).toBe('WIRE_VERSION_MISMATCH');
    }
  });

  it('is part of the keys, with all that both told of it', () => {
    const end = (id: number, wire: WireRange) => {
      const exchange = newExchangeKey(seededRandom(`end ${id}`));
      const publicKey = Buffer.alloc(32, id);
      return { exchange, id, subject: `s.${id}`, publicKey, half: exchange.public, wire };
    };
    const key = (one: WireRange, other: WireRange): string => {
      const [mine, yours] = [end(1, one), end(2, other)];
      const { send } = sessionKeys(mine.exchange, mine, yours);
      expect(sessionKeys(yours.exchange, yours, mine).receive.export()).toEqual(send.export());
      return send.export().toString('hex');
    };
    expect(key([3, 3], [3, 4])).toBe(key([3, 3], [3, 4]));
    expect(key([3, 3], [3, 4])).not.toBe(key([3, 3], [3, 3]));
    expect(key([3, 4], [3, 4])).not.toBe(key([3, 3], [3, 3]));
    expect(key([3, 4], [3, 4])).not.toBe(key([4, 4], [3, 4]));
  });

  it('is a range of two numbers and nothing else', () => {
    expect(
      [
        [2, 3],
        [0, 0],
      ].every(isWireRange),
    ).toBe(true);
    const wrong = [
      2,
      '2-3',
      [3, 2],
      [2],
      [2, 3, 4],
      [2.5, 3],
      [-1, 3],
      [2, 65_536],
      ['2', '3'],
      null,
    ];
    expect(wrong.filter(isWireRange)).toEqual([]);
  });
});

describe('nodes of adjacent versions', () => {
  it.each([
    [
      [3, 4],
      [4, 5],
    ],
    [
      [3, 4],
      [3, 3],
    ],
  ] as const)('%j and %j send each other messages and gossip', async (ours, theirs) => {
    const { time, node, member } = world();
    const [alpha, beta] = [node('n-a', ours), node('n-b', theirs)];
    alpha.dial(beta.self).post(Buffer.from([1]));
    beta.dial(alpha.self).post(Buffer.from([2]));
    const [one, other] = [member('n-c', ours), member('n-d', theirs)];
    one.datagrams.send('n-d' as NodeId, Buffer.from([3]));
    await time.advance(1_000);
    expect([alpha.received, beta.received]).toEqual([[2], [1]]);
    expect(other.heard).toEqual(['met n-c', 'n-c 3']);
    expect(one.heard).toEqual(['met n-d']);
    for (const { lines } of [alpha, beta, one, other]) expect(lines).toEqual([]);
  });
});

describe('nodes without a common version', () => {
  const REASONS = [
    'n-b/main speaks version 5-6 of the wire, this node 3-4: none in common',
    'n-a/main speaks version 3-4 of the wire, this node 5-6: none in common',
  ];

  it('open no session, and each says once why', async () => {
    const { time, node } = world();
    const [alpha, beta] = [node('n-a', [3, 4]), node('n-b', [5, 6])];
    for (let each = 0; each < 5; each++) {
      alpha.dial(beta.self).post(Buffer.from([1]));
      await time.advance(1_500);
    }
    expect(beta.received).toEqual([]);
    expect(alpha.closed).toEqual(Array(5).fill(REASONS[0]));
    for (const [at, { lines, sessions, self }] of [alpha, beta].entries()) {
      const other = [beta, alpha][at]?.self.node;
      expect(sessions.status()).toEqual([]);
      expect(sessions.mismatches()).toEqual({ [`${other}/main`]: REASONS[at] });
      expect(sessions.refused()).toEqual({ version: expect.any(Number) });
      const told = lines.filter(({ level }) => level === 'error');
      expect([self.node, told]).toMatchObject([
        self.node,
        [{ fields: { code: 'WIRE_VERSION_MISMATCH', reason: REASONS[at] } }],
      ]);
    }
  });

  it('take no gossip of each other, and each says once why', async () => {
    const { time, member } = world();
    const [alpha, beta] = [member('n-a', [3, 4]), member('n-b', [5, 6])];
    for (let each = 0; each < 5; each++) {
      alpha.datagrams.call(null);
      alpha.datagrams.send('n-b' as NodeId, Buffer.from([1]));
      await time.advance(10_000);
    }
    for (const { heard, lines, refused } of [alpha, beta]) {
      expect(heard).toEqual([]);
      expect(Object.keys(refused.mismatches())).toHaveLength(1);
      expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    }
  });
});
