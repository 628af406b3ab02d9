import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodeGossip, encodeGossip } from '../../../src/cluster/membership/gossip-codec.ts';
import { voiceOf } from '../../../src/cluster/membership/statement.ts';
import { betweenNodes } from '../../../src/transport/dialect.ts';
import { decodeForeign, encodeForeign } from '../../../src/transport/foreign-codec.ts';
import type { RefText } from '../../../src/transport/foreign-value.ts';
import {
  type Hello,
  readHello,
  signatureOf,
  signedBytes,
  writeHello,
} from '../../../src/transport/hello.ts';
import { KnownKeys } from '../../../src/transport/known-keys.ts';
import { LinkDecoder } from '../../../src/transport/link-decoder.ts';
import { LinkEncoder } from '../../../src/transport/link-encoder.ts';
import { isSignedBy, nodeKeyOf } from '../../../src/transport/node-key.ts';
import {
  newPacket,
  PACKET,
  PACKET_HEAD_BYTES,
  readPacket,
  shortHead,
} from '../../../src/transport/packet.ts';
import { keysFrom, newExchangeKey, type SessionEnd } from '../../../src/transport/session-keys.ts';

/** Other languages are held to this file: what is in it does not change within a wire version. UPDATE_VECTORS=1 writes it anew. */
const FILE = new URL('../../fixtures/wire-vectors.json', import.meta.url);

class Ref {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
const refs: RefText = {
  isRef: (value) => value instanceof Ref,
  write: (ref) => (ref as Ref).text,
  read: (text) => new Ref(text),
};

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  ...[0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
  ...[-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, -(2 ** 53) + 1],
  ...[0.5, -0.25, 1.1, 1e100, 5e-324],
  ...['', 'a', 'ü', '日本', '😀', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(256)],
  [],
  [1, [2, [3]]],
  Array.from({ length: 16 }, (_, at) => at),
  {},
  { a: 1, b: { c: [null, true] } },
  Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`k${at}`, at])),
  { $actor: 'skein://n-aaaaaaaa/t1/root/orders#7' },
];

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function frameOf(send: (encoder: LinkEncoder) => void): string {
  const frames: string[] = [];
  const encoder = new LinkEncoder(
    (frame) => frames.push(hexOf(frame)),
    betweenNodes(refs).writer(),
  );
  send(encoder);
  encoder.flush();
  expect(frames).toHaveLength(1);
  return frames[0] ?? '';
}

const TARGET = 'skein://n-bbbbbbbb/main/root/echo#0';
const SENDER = 'skein://n-aaaaaaaa/t1/root/asker#4294967297';
const user = {
  target: new Ref(TARGET),
  sender: undefined,
  type: 'say',
  payload: { text: 'hello' },
  askId: 0,
  leftMs: undefined,
  trace: undefined,
  sentAtMs: 0,
};
const asked = { ...user, sender: new Ref(SENDER), payload: undefined, askId: 5, leftMs: 1_500 };
const $actor = (text: string) => ({ $actor: text });

const seeded = (first: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, at) => first + at);
const KEYS = [nodeKeyOf(seeded(1)), nodeKeyOf(seeded(101))] as const;
const SHARED = seeded(201);
const halfOf = (first: number): Uint8Array =>
  newExchangeKey({ next: () => 0, fork: () => undefined as never, bytes: () => seeded(first) })
    .public;
const ENDS = [
  { id: 7, thread: 'main', key: KEYS[0], half: halfOf(33) },
  { id: 2 ** 48 - 1, thread: 't1', key: KEYS[1], half: halfOf(133) },
].map(({ id, thread, key, half }) => ({
  ...{ id, thread, half, key, publicKey: key.publicKey, wire: [3, 4] as const },
  subject: `skein.shop.thread.${key.id}.${thread}`,
})) as [SessionEnd & { thread: string; key: (typeof KEYS)[number] }, SessionEnd];

function helloVector() {
  const [{ id, thread, half, key }, { subject }] = ENDS;
  const hello = {
    node: key.id,
    thread,
    epoch: 1_024,
    key: key.publicKey,
    half,
    direct: null,
    wire: [3, 4],
  } as unknown as Hello;
  const head = { ...shortHead(PACKET.hello, { from: id, to: 0 }), seq: 1 };
  const packet = writeHello(head, hello, { key, subject });
  const said = { ...hello, key: hexOf(hello.key), half: hexOf(half) };
  return { subject, said, signed: hexOf(signedBytes(packet, subject)), hex: hexOf(packet) };
}

const endsUpTo = (version: number): readonly [SessionEnd, SessionEnd] => {
  const [one, other] = ENDS.map((end) => ({ ...end, wire: [3, version] as const }));
  return [one as SessionEnd, other as SessionEnd];
};

/** `version`: the highest that both speak. */
function sealedVector(version: number) {
  const [sender, receiver] = endsUpTo(version);
  const head = { ...shortHead(PACKET.data, { from: sender.id, to: receiver.id }), seq: 1 };
  const packet = newPacket(head, 5);
  packet.set(Buffer.from('frame'), PACKET_HEAD_BYTES);
  const { send, sealing } = keysFrom(SHARED, sender, receiver);
  const endOf = ({ id, subject, publicKey, half, wire }: SessionEnd) => ({
    ...{ id, subject, publicKey: hexOf(publicKey), half: hexOf(half), wire },
  });
  return {
    version,
    ends: [endOf(sender), endOf(receiver)],
    shared: hexOf(SHARED),
    key: hexOf(send.export()),
    number: 3,
    packet: hexOf(packet),
    hex: hexOf(sealing.seal(packet, send, 3)),
  };
}

/** Of a member of the cluster `shop`: what it says of itself, and what it claims of another. */
function statementVectors() {
  const [{ key }] = ENDS;
  const voice = voiceOf(key.id, { key, book: new KnownKeys() }, 'shop');
  const facts = {
    labels: { zone: 'a' },
    load: 0.5,
    wire: [3, 4],
    state: 'ready',
    skills: '0123456789abcdef',
  } as const;
  const self = voice.self({ status: 'alive', incarnation: 2 ** 34, facts });
  const claim = voice.claim({ node: KEYS[1].id, status: 'suspect', incarnation: 7 });
  const body = { node: key.id, status: self.status, incarnation: self.incarnation, facts };
  return {
    domain: hexOf(Buffer.from('skein member 1\0shop\0')),
    self: { said: { ...body, key: hexOf(key.publicKey) }, hex: hexOf(self.bytes) },
    claim: {
      said: { node: claim.node, status: claim.status, incarnation: 7, by: claim.by },
      hex: hexOf(claim.bytes),
    },
    message: hexOf(
      encodeGossip({
        kind: 'ping',
        seq: 3,
        digest: { count: 2, hash: 0xfedcba98 },
        said: [self, claim],
      }),
    ),
  };
}

const made = () => ({
  nodes: KEYS.map(({ id, publicKey }) => ({ publicKey: hexOf(publicKey), id })),
  hellos: [helloVector()],
  sealed: [sealedVector(3), sealedVector(4)],
  gossip: statementVectors(),
  bodies: VALUES.map((value) => ({ value, hex: hexOf(encodeForeign(value)) })),
  packets: [
    { kind: PACKET.hello, flags: 0, windowBytes: 0, from: 7, to: 0, seq: 0, ack: 0, ageMs: 0 },
    {
      kind: PACKET.data,
      flags: 1,
      windowBytes: 4_194_304,
      from: 7,
      to: 2 ** 48 - 1,
      seq: 3,
      ack: 2,
      ageMs: 700,
    },
    {
      kind: PACKET.ack,
      flags: 2,
      windowBytes: 1,
      from: 1,
      to: 2,
      seq: 9,
      ack: 2 ** 53 - 1,
      ageMs: 2 ** 32 - 1,
    },
  ].map((head) => {
    const packet = newPacket(head, 3);
    packet.fill(0xab, PACKET_HEAD_BYTES);
    return { head, hex: hexOf(packet) };
  }),
  frames: [
    {
      hex: frameOf((encoder) => {
        encoder.user(user);
        encoder.user(asked);
      }),
      messages: [
        { kind: 1, ask: 0, body: user.payload, target: $actor(TARGET), type: 'say', sender: null },
        {
          kind: 1,
          ask: 5,
          body: null,
          target: $actor(TARGET),
          type: 'say',
          sender: $actor(SENDER),
          leftMs: 1_500,
        },
      ],
    },
    {
      hex: frameOf((encoder) => encoder.answer(5, { kind: 'answered', value: [1, 'two'] })),
      messages: [{ kind: 2, ask: 5, body: [1, 'two'] }],
    },
  ],
});

it('has the wire between nodes as the vectors hold it, and reads them back', () => {
  if (process.env.UPDATE_VECTORS) writeFileSync(FILE, `${JSON.stringify(made(), null, 1)}\n`);
  const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as ReturnType<typeof made>;
  expect(vectors).toEqual(JSON.parse(JSON.stringify(made())));
  for (const { value, hex } of vectors.bodies) {
    expect(decodeForeign(Buffer.from(hex, 'hex'))).toEqual(value);
  }
  for (const { head, hex } of vectors.packets) {
    expect(readPacket(Buffer.from(hex, 'hex'))).toEqual(head);
  }
  for (const { subject, said, hex } of vectors.hellos) {
    const packet = Buffer.from(hex, 'hex');
    const read = readHello(packet);
    if (!read.ok) throw new Error(read.error.message);
    const { key, half, ...rest } = read.value;
    expect({ ...rest, key: hexOf(key), half: hexOf(half) }).toEqual(said);
    expect(isSignedBy(key, signedBytes(packet, subject), signatureOf(packet))).toBe(true);
  }
  const { domain, self, claim, message } = vectors.gossip;
  const gossip = decodeGossip(Buffer.from(message, 'hex'));
  if (!gossip.ok) throw new Error(gossip.error.message);
  expect(gossip.value.said.map(({ bytes }) => hexOf(bytes))).toEqual([self.hex, claim.hex]);
  for (const { bytes } of gossip.value.said) {
    const [body, signature] = [bytes.subarray(0, -64), bytes.subarray(-64)];
    const signed = Buffer.concat([Buffer.from(domain, 'hex'), body]);
    expect(isSignedBy(KEYS[0].publicKey, signed, signature)).toBe(true);
  }
  for (const { version, packet, number, hex } of vectors.sealed) {
    const [sender, receiver] = endsUpTo(version);
    const { receive, sealing } = keysFrom(SHARED, receiver, sender);
    const opened = sealing.unseal(Buffer.from(hex, 'hex'), receive);
    expect(opened && [hexOf(opened.packet), opened.number]).toEqual([packet, number]);
  }
  const heard: unknown[] = [];
  const events = {
    onUser: (message: unknown) => heard.push(message),
    onAnswer: (askId: number, answer: unknown) => heard.push([askId, answer]),
    onOther: () => undefined,
  };
  for (const { hex } of vectors.frames) {
    new LinkDecoder(events, betweenNodes(refs).reader()).decode(Buffer.from(hex, 'hex'));
  }
  expect(heard).toEqual([user, asked, [5, { kind: 'answered', value: [1, 'two'] }]]);
});
