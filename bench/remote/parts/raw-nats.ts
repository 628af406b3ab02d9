/** The baseline: NATS itself, one publish a message and one request an ask, bodies as JSON. */
import { connect } from '@nats-io/transport-node';
import { BATCH, BATCHES_ON_THE_WAY, type Item, item } from '../../threads/parts/load.ts';
import { startFar } from './far-kind.ts';

const encode = (value: unknown): string => JSON.stringify(value);
const decode = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

/** The far side: it counts items, in order, and adds one to what it is asked. */
export async function respond(url: string): Promise<void> {
  const connection = await connect({ servers: url });
  let count = 0;
  connection.subscribe('item', {
    callback: (_error, message) => {
      const { id } = decode(message.data) as Item;
      if (id === 0) count = 0;
      if (id !== count) throw new Error(`item ${id} came as number ${count}`);
      if (++count % BATCH === 0) connection.publish('more', encode(count));
    },
  });
  connection.subscribe('add', {
    callback: (_error, message) => {
      message.respond(encode((decode(message.data) as number) + 1));
    },
  });
  await connection.flush();
}

export interface RawPair {
  readonly send: (n: number) => Promise<void>;
  readonly ask: (value: number) => Promise<unknown>;
}

export async function startRawPair(): Promise<RawPair> {
  const connection = await connect({ servers: await startFar('raw NATS') });
  let counted = (_count: number): void => undefined;
  connection.subscribe('more', {
    callback: (_error, message) => counted(decode(message.data) as number),
  });
  await connection.flush();
  return {
    send: (n) =>
      new Promise((resolve) => {
        let sent = 0;
        const batch = (): void => {
          for (let each = 0; each < BATCH && sent < n; each++) {
            connection.publish('item', encode(item(sent++)));
          }
        };
        counted = (count) => (count === n ? resolve() : batch());
        for (let each = 0; each < BATCHES_ON_THE_WAY; each++) batch();
      }),
    ask: async (value) => decode((await connection.request('add', encode(value))).data),
  };
}
