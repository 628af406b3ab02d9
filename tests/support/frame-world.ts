/**
 * A node's entries from the bus, with the real gates, decoders and kernel behind them, on a bus in memory and virtual time; and a peer
 * with a good key that sends whatever bytes it is given: as they are, as the body of a gossip packet, as a statement in one, as
 * the frame of a session, as the body of a hello.
 */

import { Gossip, voiceOf } from '../../src/cluster/index.ts';
import { encodeGossip } from '../../src/cluster/membership/gossip-codec.ts';
import type { FramePort, NodeId, ThreadName } from '../../src/contracts/index.ts';
import {
  portsOf,
  SimulatedLife,
  seededRandom,
  simulatedBus,
  simulatedTime,
} from '../../src/host/index.ts';
import { ActorRef, ActorSystem, defineActor, joinBus } from '../../src/kernel/index.ts';
import { signedBytes } from '../../src/transport/hello.ts';
import {
  encodeForeign,
  PeerSessions,
  RefusedPackets,
  SealedDatagrams,
  simulatedIdentity,
  subjectOf,
  WIRE_VERSIONS,
} from '../../src/transport/index.ts';
import { newPacket, PACKET, PACKET_HEAD_BYTES, shortHead } from '../../src/transport/packet.ts';
import { recordingLog } from './systems.ts';

const CLUSTER = 'test';
const NODE = 'n-node' as NodeId;
const PEER = 'n-peer' as NodeId;
const MAIN = 'main' as ThreadName;
const facts = { labels: {}, load: 0, wire: WIRE_VERSIONS, state: 'ready', skills: '' } as const;
const gossipOf = (node: string): string => `skein.${CLUSTER}.gossip.${node}`;
const SUBJECTS = {
  thread: subjectOf(CLUSTER, { node: NODE, thread: MAIN }),
  gossip: gossipOf(NODE),
  all: gossipOf('all'),
} as const;

export type Way =
  | 'bare to the thread'
  | 'bare to gossip'
  | 'bare to all'
  | 'in a signed hello'
  | 'in a signed call'
  | 'as a frame of a session'
  | 'as a body of gossip'
  | 'as a statement of gossip';
export const WAYS: readonly Way[] = [
  'bare to the thread',
  'bare to gossip',
  'bare to all',
  'in a signed hello',
  'in a signed call',
  'as a frame of a session',
  'as a body of gossip',
  'as a statement of gossip',
];

export interface FrameWorld {
  /** Sends it and lets 30 ms pass. @returns what the node did: packets that it refused, packets in answer, changes of its view */
  readonly send: (way: Way, bytes: Uint8Array) => Promise<Effect>;
  /** Whether a good message on each entry is still taken. */
  readonly works: () => Promise<boolean>;
  /** Valid packets of every kind as they were on the bus to the node, by their entry. */
  readonly seen: readonly { readonly subject: string; readonly packet: Uint8Array }[];
  readonly inject: (subject: string, packet: Uint8Array) => void;
  readonly advance: (ms: number) => Promise<void>;
  readonly refused: () => number;
  readonly logLines: () => number;
  /** Messages of actors that arrived, and changes of who is a member. */
  readonly taken: () => number;
}

export interface Effect {
  readonly refused: number;
  readonly reasons: readonly string[];
  readonly answers: number;
  readonly changes: number;
}

/** `skewMs`: how far the clocks of the peers are off from that of the node. */
export async function frameWorld(seed: string, skewMs = 0): Promise<FrameWorld> {
  const time = simulatedTime();
  const random = seededRandom(seed);
  const bus = simulatedBus(time, random.fork('bus'));
  const { clock, timers } = time;
  const { log, lines } = recordingLog();
  const nodeLife = new SimulatedLife();
  let changes = 0;
  let received = 0;
  const gossip = new Gossip({
    self: NODE,
    identity: simulatedIdentity(NODE),
    epoch: 1,
    cluster: CLUSTER,
    facts,
    bus: bus.join(NODE, nodeLife),
    ports: portsOf(nodeLife, time, random.fork('gossip')),
    log,
    onChange: () => changes++,
    // So that what it says by itself is not taken for an answer.
    times: { probeMs: 1e9, answerMs: 1e9, rememberMs: 1e9, helloMs: 1e9 },
  });
  const ports = portsOf(nodeLife, time, random.fork('node'));
  const system = new ActorSystem({ node: NODE, thread: MAIN, epoch: 1, ports, log });
  const identity = simulatedIdentity(NODE);
  const sessions = joinBus(system, { cluster: CLUSTER, bus: bus.join(NODE, nodeLife), identity });
  const counter = defineActor({
    kind: 'counter',
    initial: () => ({}),
    receive: { count: () => void received++ },
  });
  const local = system.spawn(counter, undefined, { name: 'counter' });
  const counterRef = new ActorRef(NODE, MAIN, local.path, local.incarnation);

  const seen: { subject: string; packet: Uint8Array }[] = [];
  const outside = bus.join('outside', new SimulatedLife());
  for (const subject of Object.values(SUBJECTS))
    outside.subscribe(subject, (packet) => seen.push({ subject, packet }));
  let answers = 0;
  let answersOfGossip = 0;
  for (const subject of [
    gossipOf('n-none'),
    gossipOf(PEER),
    subjectOf(CLUSTER, { node: PEER, thread: MAIN }),
  ])
    outside.subscribe(subject, () => answers++);

  const peerLife = new SimulatedLife();
  const key = simulatedIdentity(PEER).key;
  const skewed = {
    wallMs: () => clock.wallMs() + skewMs,
    monotonicMs: () => clock.monotonicMs() + Math.max(0, skewMs),
  };
  const common = { identity: simulatedIdentity(PEER), epoch: 1, clock: skewed, timers };
  const datagrams = new SealedDatagrams({
    ...common,
    self: { node: PEER, thread: 'gossip' as ThreadName },
    subjectOf: gossipOf,
    bus: bus.join(PEER, peerLife),
    random: random.fork('datagrams'),
    refused: new RefusedPackets({ timers, log: recordingLog().log }),
    onMet: () => undefined,
    onCall: () => undefined,
    onPacket: () => answersOfGossip++,
  });
  const peerSessions = new PeerSessions({
    ...common,
    self: { node: PEER, thread: MAIN },
    cluster: CLUSTER,
    bus: bus.join(PEER, peerLife),
    random: random.fork('sessions'),
    refused: new RefusedPackets({ timers, log: recordingLog().log }),
    onPeer: () => undefined,
  });
  const otherSystem = new ActorSystem({
    node: 'n-good' as NodeId,
    thread: MAIN,
    ports: { ...portsOf(new SimulatedLife(), time, random.fork('good')), clock: skewed },
    log: recordingLog().log,
  });
  joinBus(otherSystem, {
    cluster: CLUSTER,
    bus: bus.join('n-good', new SimulatedLife()),
    identity: simulatedIdentity('n-good' as NodeId),
    epoch: 1,
  });
  const voice = voiceOf(PEER, simulatedIdentity(PEER), CLUSTER);
  let incarnation = 1;
  const own = () => voice.self({ status: 'alive', incarnation: incarnation++, facts });
  const tell = () =>
    datagrams.send(NODE, encodeGossip({ kind: 'hello', digest: null, said: [own()] }));
  const refused = (): number =>
    [gossip.refused(), sessions.refused()]
      .flatMap((counts) => Object.values(counts))
      .reduce((sum, count) => sum + count, 0);
  const reasons = (): readonly (readonly [string, number])[] => {
    const sums = new Map<string, number>();
    for (const counts of [gossip.refused(), sessions.refused()]) {
      for (const [reason, count] of Object.entries(counts))
        sums.set(reason, (sums.get(reason) ?? 0) + count);
    }
    return [...sums];
  };

  let port: FramePort | undefined;
  let portEnded = true;
  const session = async (): Promise<FramePort> => {
    if (port && !portEnded) return port;
    portEnded = false;
    port = peerSessions.open({ node: NODE, thread: MAIN });
    port.onFrame(() => undefined);
    port.onClose(() => {
      portEnded = true;
    });
    await time.advance(20);
    return port;
  };
  let signedSeq = 1e6;
  const signed = (subject: string, bytes: Uint8Array, from: number): Uint8Array => {
    const head = { ...shortHead(PACKET.hello, { from, to: 0 }), seq: ++signedSeq };
    const packet = newPacket(head, bytes.byteLength + 64);
    packet.set(bytes, PACKET_HEAD_BYTES);
    packet.set(key.sign(signedBytes(packet, subject)), PACKET_HEAD_BYTES + bytes.byteLength);
    return packet;
  };
  const statement = (bytes: Uint8Array): Uint8Array => {
    const domain = Buffer.from(`skein member 1\0${CLUSTER}\0`);
    return Buffer.concat([bytes, key.sign(Buffer.concat([domain, bytes]))]);
  };
  const deliver = async (way: Way, bytes: Uint8Array): Promise<void> => {
    switch (way) {
      case 'bare to the thread':
        return outside.publish(SUBJECTS.thread, bytes);
      case 'bare to gossip':
        return outside.publish(SUBJECTS.gossip, bytes);
      case 'bare to all':
        return outside.publish(SUBJECTS.all, bytes);
      case 'in a signed hello':
        return outside.publish(SUBJECTS.thread, signed(SUBJECTS.thread, bytes, 77));
      case 'in a signed call':
        return outside.publish(SUBJECTS.all, signed(SUBJECTS.all, bytes, 0));
      case 'as a frame of a session':
        return (await session()).post(bytes);
      case 'as a body of gossip':
        return datagrams.send(NODE, bytes);
      case 'as a statement of gossip':
        return datagrams.send(
          NODE,
          encodeForeign({ kind: 'hello', digest: null, said: [statement(bytes)] }),
        );
    }
  };

  tell();
  await session();
  await time.advance(1_000);
  const world: FrameWorld = {
    seen,
    taken: () => received + changes,
    inject: (subject, packet) => outside.publish(subject, packet),
    advance: (ms) => time.advance(ms),
    refused,
    logLines: () => lines.filter(({ message }) => message === 'packets were refused').length,
    send: async (way, bytes) => {
      if (way === 'as a frame of a session') await session();
      // A session that ends says so, and who is asked whether it is there says that it is: both are no answers to a frame.
      const answered = (): number => {
        if (way === 'as a frame of a session') return 0;
        return way.endsWith('of gossip') ? answersOfGossip : answers;
      };
      // A large frame is several packets, and those that come after their session has ended are stale.
      const judged = () =>
        reasons().filter(([reason]) => way !== 'as a frame of a session' || reason !== 'stale');
      const count = () => judged().reduce((sum, [, each]) => sum + each, 0);
      const before = [count(), answered(), changes] as const;
      const known = new Map(judged());
      await deliver(way, bytes);
      await time.advance(30);
      const grown = judged().filter(([reason, count]) => count > (known.get(reason) ?? 0));
      return {
        refused: count() - before[0],
        reasons: grown.map(([reason]) => reason),
        answers: answered() - before[1],
        changes: changes - before[2],
      };
    },
    works: async () => {
      const before = { received, changes };
      tell();
      otherSystem.tell(counterRef, 'count', undefined);
      await time.advance(100);
      return received === before.received + 1 && changes === before.changes + 1;
    },
  };
  return world;
}
