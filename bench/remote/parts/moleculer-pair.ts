/** Moleculer over its NATS transporter with JSON, its fastest serializer here: emit for a tell, call for an ask. */
import { BATCH, BATCHES_ON_THE_WAY, type Item, item } from '../../threads/parts/load.ts';
import { startFar } from './far-kind.ts';

interface Broker {
  readonly start: () => Promise<void>;
  readonly createService: (schema: object) => object;
  readonly waitForServices: (name: string, limitMs: number, pollMs: number) => Promise<unknown>;
  readonly call: (action: string, params: unknown) => Promise<unknown>;
  readonly emit: (event: string, payload: unknown) => Promise<unknown>;
}

interface Context<T> {
  readonly params: T;
}

const WAIT_MS = 10_000;

async function broker(nodeID: string, url: string): Promise<Broker> {
  const name = 'moleculer';
  const { default: moleculer } = (await import(name)) as {
    readonly default: { readonly ServiceBroker: new (options: object) => Broker };
  };
  return new moleculer.ServiceBroker({
    nodeID,
    transporter: url,
    serializer: 'JSON',
    logger: false,
  });
}

export async function startFarBroker(url: string): Promise<void> {
  const far = await broker('far', url);
  let count = 0;
  far.createService({
    name: 'far',
    actions: {
      add: ({ params }: Context<{ readonly value: number }>) => params.value + 1,
      /** Both sides have to know each other before events find their way. */
      ready: () => far.waitForServices('near', WAIT_MS, 10),
    },
    events: {
      item: ({ params: { id } }: Context<Item>) => {
        if (id === 0) count = 0;
        if (id !== count) throw new Error(`item ${id} came as number ${count}`);
        if (++count % BATCH === 0) void far.emit('more', { count });
      },
    },
  });
  await far.start();
}

export interface MoleculerPair {
  readonly send: (n: number) => Promise<void>;
  readonly ask: (value: number) => Promise<unknown>;
}

export async function startMoleculerPair(): Promise<MoleculerPair> {
  const near = await broker('near', await startFar('Moleculer'));
  let counted = (_count: number): void => undefined;
  near.createService({
    name: 'near',
    events: { more: ({ params }: Context<{ readonly count: number }>) => counted(params.count) },
  });
  await near.start();
  await near.waitForServices('far', WAIT_MS, 10);
  await near.call('far.ready', {});
  return {
    send: (n) =>
      new Promise((resolve) => {
        let sent = 0;
        const batch = (): void => {
          for (let each = 0; each < BATCH && sent < n; each++) void near.emit('item', item(sent++));
        };
        counted = (count) => (count === n ? resolve() : batch());
        for (let each = 0; each < BATCHES_ON_THE_WAY; each++) batch();
      }),
    ask: (value) => near.call('far.add', { value }),
  };
}
