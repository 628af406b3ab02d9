/**
 * How many values a second are written and read again? Through the codec of a link between threads, which writes heads and
 * addresses too and learns each shape once, with the one copy of a frame that a ring makes; beside JSON, plain msgpack and
 * structured clone of the bare value, and beside the strict codec between nodes, with all its checks.
 *
 *     node bench/codec/codec.ts
 */
import { deserialize, serialize } from 'node:v8';
import { pack, unpack } from 'msgpackr';
import { betweenNodes, betweenThreads, type Dialect } from '../../src/transport/dialect.ts';
import type { RefText } from '../../src/transport/foreign-value.ts';
import { LinkDecoder } from '../../src/transport/link-decoder.ts';
import { LinkEncoder } from '../../src/transport/link-encoder.ts';
import type { UserMessage } from '../../src/transport/wire-message.ts';
import { contest, type Question } from '../harness/contest.ts';
import { countTo, type Run, rate } from '../harness/measure.ts';
import type { Measured } from '../harness/statistics.ts';
import { BATCH, type Item, item } from '../threads/parts/load.ts';

type Make = (id: number) => Item;

const { name, price, tags, isNew } = item(0);

/** About 200 bytes as JSON; written out, since a spread would cost more than the codec. */
const stockedItem: Make = (id) => ({
  id,
  name,
  price,
  tags,
  isNew,
  maker: { name: 'Wood and Sons', city: 'Lyon', since: 1974 },
  sizesCm: [58.5, 61, 92],
  stock: 17,
});

const measured = (run: Run): Promise<Measured> => rate(run, { step: BATCH, scale: 1e6 });

class Address {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
const refs: RefText = {
  isRef: (value) => value instanceof Address,
  write: (ref) => (ref as Address).text,
  read: (text) => new Address(text),
};

/** Frames leave when they are full or a batch ends, as they do at the end of a turn. */
function throughLink(dialect: Dialect, ends: UserEnds, make: Make): Promise<Measured> {
  let read = 0;
  const unexpected = (): never => {
    throw new Error('nothing but messages was sent');
  };
  const onUser = ({ payload }: UserMessage): void => {
    if ((payload as Item).id === read) read++;
  };
  const events = { onUser, onAnswer: unexpected, onOther: unexpected };
  const decoder = new LinkDecoder(events, dialect.reader());
  const encoder = new LinkEncoder(
    (frame) => decoder.decode(new Uint8Array(frame)),
    dialect.writer(),
  );
  const message: Omit<UserMessage, 'payload'> = {
    ...ends,
    type: 'item',
    askId: 0,
    leftMs: undefined,
    trace: undefined,
    sentAtMs: 0,
  };
  return measured(async (n) => {
    const { counted, done } = countTo(n);
    read = 0;
    for (let sent = 0; sent < n; sent++) {
      const encoded = encoder.user({ ...message, payload: make(sent) });
      if (!encoded.ok) throw new Error(encoded.reason);
      if ((sent + 1) % BATCH === 0) encoder.flush();
    }
    done(read);
    await counted;
  });
}

type UserEnds = Pick<UserMessage, 'target' | 'sender'>;

const through =
  (copy: (value: Item) => unknown) =>
  (make: Make): Promise<Measured> =>
    measured(async (n) => {
      const { counted, done } = countTo(n);
      let read = 0;
      for (let sent = 0; sent < n; sent++) if ((copy(make(sent)) as Item).id === read) read++;
      done(read);
      await counted;
    });

const codecs = {
  Skein: (make: Make) =>
    throughLink(betweenThreads, { target: ['counter'], sender: ['sender'] }, make),
  JSON: through((value) => JSON.parse(JSON.stringify(value))),
  msgpackr: through((value) => unpack(pack(value))),
  'v8.serialize': through((value) => deserialize(serialize(value))),
  'Skein between nodes': (make: Make) =>
    throughLink(
      betweenNodes(refs),
      { target: new Address('counter'), sender: new Address('sender') },
      make,
    ),
} as const;

const question = (metric: string, make: Make): Question => ({
  suite: 'codec',
  metric,
  unit: 'M values/s',
  contestants: Object.fromEntries(
    Object.entries(codecs).map(([codec, measure]) => [codec, () => measure(make)]),
  ),
});

await contest(import.meta.filename, [
  question('write and read, 100 B', item),
  question('write and read, 200 B', stockedItem),
]);
