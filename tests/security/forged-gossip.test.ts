import { describe, expect, it } from 'vitest';
import { Gossip, type MemberReport, voiceOf } from '../../src/cluster/index.ts';
import { decodeGossip, encodeGossip } from '../../src/cluster/membership/gossip-codec.ts';
import type { Statement } from '../../src/cluster/membership/statement.ts';
import type { NodeId, ThreadName } from '../../src/contracts/index.ts';
import {
  portsOf,
  SimulatedLife,
  seededRandom,
  simulatedBus,
  simulatedTime,
} from '../../src/host/index.ts';
import {
  RefusedPackets,
  SealedDatagrams,
  simulatedIdentity,
  WIRE_VERSIONS,
} from '../../src/transport/index.ts';
import { recordingLog } from '../support/systems.ts';

const CLUSTER = 'test';
const subjectOf = (to: string): string => `skein.${CLUSTER}.gossip.${to}`;
const facts = { labels: {}, load: 0, wire: WIRE_VERSIONS, state: 'ready', skills: '' } as const;
const idOf = (at: number): NodeId => `n-${at}` as NodeId;

interface Change extends Pick<MemberReport, 'node' | 'status'> {
  readonly seenBy: NodeId;
}

function world(size: number, seed: string) {
  const time = simulatedTime();
  const random = seededRandom(seed);
  const bus = simulatedBus(time, random.fork('bus'));
  const changes: Change[] = [];
  /** All that was on the bus, as whoever has captured it sees it. */
  const seen: { readonly subject: string; readonly packet: Uint8Array }[] = [];
  const outside = bus.join('outside', new SimulatedLife());
  const nodes = new Map<
    NodeId,
    { gossip: Gossip; life: SimulatedLife; lines: { message: string }[] }
  >();
  let lives = 0;
  const start = (id: NodeId) => {
    const life = new SimulatedLife();
    const { log, lines } = recordingLog();
    const onChange = ({ node, status }: MemberReport) => changes.push({ seenBy: id, node, status });
    const own = { self: id, identity: simulatedIdentity(id), epoch: ++lives, cluster: CLUSTER };
    const ports = portsOf(life, time, random.fork(`${id} ${lives}`));
    const gossip = new Gossip({ ...own, facts, bus: bus.join(id, life), ports, log, onChange });
    nodes.set(id, { gossip, life, lines });
    return gossip;
  };
  for (const to of [...Array.from({ length: size + 3 }, (_, at) => idOf(at + 1)), 'all']) {
    const subject = subjectOf(to);
    outside.subscribe(subject, (packet) => seen.push({ subject, packet }));
  }
  for (let at = 1; at <= size; at++) start(idOf(at));
  const viewOf = (id: NodeId): readonly string[] =>
    (nodes.get(id)?.gossip.members() ?? []).map(({ node, status }) => `${node} ${status}`).sort();
  const refused = (id: NodeId) => nodes.get(id)?.gossip.refused() ?? {};
  return { time, random, bus, outside, seen, changes, nodes, start, viewOf, refused };
}

const alive = (...at: number[]): readonly string[] => at.map((each) => `n-${each} alive`);
const sum = (counts: object): number =>
  Object.values(counts).reduce((total: number, count) => total + (count as number), 0);

describe('whoever has the bus and no key', () => {
  it('changes nothing by sending again whatever was ever sent, to whomever', async () => {
    const { time, outside, seen, changes, nodes, start, viewOf, refused } = world(4, 'replay');
    await time.advance(10_000);
    nodes.get(idOf(3))?.gossip.close();
    nodes.get(idOf(4))?.life.die();
    await time.advance(120_000);
    expect(viewOf(idOf(1))).toEqual(alive(1, 2));
    const recorded = [...seen];
    expect(recorded.length).toBeGreaterThan(500);
    changes.length = 0;
    // Of a node that begins now, nobody has recorded anything that it would take.
    start(idOf(5));
    await time.advance(2_000);
    expect(changes.map(({ seenBy, node }) => `${seenBy} ${node}`).sort()).toEqual([
      'n-1 n-5',
      'n-2 n-5',
      'n-5 n-1',
      'n-5 n-2',
    ]);
    for (let at = 0; at < recorded.length; at += 50) {
      for (const { subject, packet } of recorded.slice(at, at + 50)) {
        for (const to of [subject, subjectOf('n-5'), subjectOf('n-1'), subjectOf('all')])
          outside.publish(to, packet);
      }
      await time.advance(200);
    }
    await time.advance(5_000);
    expect(changes).toHaveLength(4);
    for (const at of [1, 2, 5]) expect(viewOf(idOf(at))).toEqual(alive(1, 2, 5));
    for (const at of [1, 2, 5]) expect(sum(refused(idOf(at)))).toBeGreaterThan(100);
  });

  it('changes nothing by packets that are changed, unsigned, or signed by a key of its own', async () => {
    const { time, random, outside, seen, changes, viewOf, refused, nodes } = world(3, 'forge');
    await time.advance(5_000);
    const recorded = seen.slice(-300);
    changes.length = 0;
    const stranger = simulatedIdentity(idOf(99));
    const voice = voiceOf(idOf(1), stranger, CLUSTER);
    const said: readonly Statement[] = [
      voice.self({ status: 'left', incarnation: 2 ** 40, facts }),
      voice.claim({ node: idOf(2), status: 'dead', incarnation: 2 * 2 ** 24 }),
    ];
    const bare = encodeGossip({ kind: 'sync', said, known: null, isReply: true });
    let sent = 0;
    for (let round = 0; round < 100; round++) {
      for (const { subject, packet } of recorded.slice(round * 3, round * 3 + 3)) {
        const changed = new Uint8Array(packet);
        const at = Math.floor(random.next() * changed.length);
        changed[at] = (changed[at] as number) ^ (1 << (round % 8));
        outside.publish(subject, changed);
        outside.publish(subject, packet.subarray(0, at));
        outside.publish(subject, bare);
        sent += 3;
      }
      outside.publish(subjectOf('all'), said[0]?.bytes ?? bare);
      await time.advance(50);
    }
    await time.advance(3_000);
    expect(changes).toEqual([]);
    for (const at of [1, 2, 3]) expect(viewOf(idOf(at))).toEqual(alive(1, 2, 3));
    const counts = [1, 2, 3].map((at) => refused(idOf(at)));
    expect(counts.reduce((total, each) => total + sum(each), 0)).toBeGreaterThanOrEqual(sent);
    expect(sent).toBeGreaterThan(300);
    // One line a second at most, however many packets.
    for (const { lines } of nodes.values()) {
      expect(
        lines.filter(({ message }) => message === 'packets were refused').length,
      ).toBeLessThanOrEqual(8);
    }
  });

  it('keeps members from nothing by a flood', async () => {
    const { time, outside, seen, changes, viewOf } = world(3, 'flood');
    await time.advance(5_000);
    const hello = seen.find(({ subject }) => subject === subjectOf('all'));
    const sealed = seen.filter(({ subject }) => subject === subjectOf('n-2')).at(-1);
    if (!hello || !sealed) throw new Error('nothing was recorded');
    changes.length = 0;
    for (let tick = 0; tick < 400; tick++) {
      for (let each = 0; each < 10; each++) {
        for (const { subject, packet } of [hello, sealed]) {
          const forged = new Uint8Array(packet);
          // A number that has not come yet, under a signature or seal of another.
          new DataView(forged.buffer).setFloat64(24, 10_000 + tick * 10 + each, true);
          outside.publish(subject, forged);
        }
      }
      await time.advance(10);
    }
    expect(changes).toEqual([]);
    expect(viewOf(idOf(2))).toEqual(alive(1, 2, 3));
  });
});

describe('a member that lies', () => {
  /** One with a key of its own that has met the others and says what it likes, signed. */
  async function liar(of: ReturnType<typeof world>, id: NodeId) {
    const { time, bus, random } = of;
    const life = new SimulatedLife();
    const identity = simulatedIdentity(id);
    const { log } = recordingLog();
    const { clock, timers } = time;
    const heard = new Map<NodeId, number>();
    const datagrams: SealedDatagrams = new SealedDatagrams({
      self: { node: id, thread: 'gossip' as ThreadName },
      identity,
      epoch: 1,
      subjectOf,
      bus: bus.join(id, life),
      clock,
      timers,
      random: random.fork('liar'),
      refused: new RefusedPackets({ timers, log }),
      onMet: () => undefined,
      onCall: () => undefined,
      onPacket: (from, body) => {
        const message = decodeGossip(body);
        if (!message.ok) return;
        for (const each of message.value.said)
          if (each.kind === 'self') heard.set(each.node, each.incarnation);
        // It answers, so that it stays a member itself.
        if (message.value.kind === 'ping')
          datagrams.send(
            from,
            encodeGossip({
              kind: 'ack',
              seq: message.value.seq,
              digest: { count: 1, hash: 0 },
              said: [],
            }),
          );
      },
    });
    const voice = voiceOf(id, identity, CLUSTER);
    const own = voice.self({ status: 'alive', incarnation: 1, facts });
    datagrams.call(own.bytes);
    await time.advance(1_000);
    const tell = (to: NodeId, said: readonly Statement[]) =>
      datagrams.send(to, encodeGossip({ kind: 'hello', digest: null, said: [own, ...said] }));
    tell(idOf(1), []);
    await time.advance(1_000);
    return { voice, heard, tell, datagrams };
  }

  it('buries nobody who is alive, by whatever it claims', async () => {
    const of = world(5, 'liar');
    const { time, changes, viewOf } = of;
    await time.advance(3_000);
    const { voice, heard, tell } = await liar(of, idOf(8));
    changes.length = 0;
    let suspicions = 0;
    for (let round = 0; round < 300; round++) {
      for (let at = 1; at <= 5; at++) {
        const node = idOf(1 + ((at + round) % 5));
        const incarnation = heard.get(node) ?? 0;
        tell(idOf(at), [
          voice.claim({ node, incarnation, status: 'dead' }),
          voice.claim({ node, incarnation, status: 'suspect' }),
        ]);
      }
      await time.advance(100);
    }
    suspicions = changes.filter(({ status }) => status === 'suspect').length;
    expect(suspicions).toBeGreaterThan(0);
    expect(changes.filter(({ status }) => status === 'dead' || status === 'left')).toEqual([]);
    await time.advance(10_000);
    for (let at = 1; at <= 5; at++) {
      expect(viewOf(idOf(at)).filter((each) => !each.startsWith('n-8'))).toEqual(
        alive(1, 2, 3, 4, 5),
      );
    }
  });

  it('neither raises the dead nor speaks for another, and its packets are counted', async () => {
    const of = world(4, 'raiser');
    const { time, changes, nodes, viewOf, refused } = of;
    await time.advance(3_000);
    const { heard, tell } = await liar(of, idOf(8));
    nodes.get(idOf(4))?.life.die();
    await time.advance(10_000);
    changes.length = 0;
    const incarnation = (heard.get(idOf(4)) ?? 0) + 1;
    const key = simulatedIdentity(idOf(8));
    const forged = voiceOf(idOf(4), key, CLUSTER).self({ status: 'alive', incarnation, facts });
    const claim = voiceOf(idOf(2), key, CLUSTER).claim({
      node: idOf(3),
      incarnation: heard.get(idOf(3)) ?? 0,
      status: 'dead',
    });
    for (let at = 1; at <= 3; at++) tell(idOf(at), [forged, claim]);
    await time.advance(1_000);
    expect(changes.filter(({ node }) => node !== 'n-8')).toEqual([]);
    for (let at = 1; at <= 3; at++) {
      expect(viewOf(idOf(at)).filter((each) => !each.startsWith('n-8'))).toEqual(alive(1, 2, 3));
      expect(refused(idOf(at)).forged).toBeGreaterThan(0);
    }
  });
});
