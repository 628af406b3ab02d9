/** What every body of the `Streams` port promises. Bytes may come in pieces of any size; what is on its way at a close may be lost. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  ByteStream,
  Result,
  StreamAddress,
  StreamListener,
  Streams,
} from '../../src/contracts/index.ts';
import { codeIn, valueIn } from './journal-suite.ts';
import { type Passing, settled } from './passing.ts';

export interface StreamsWorld {
  readonly streams: Streams;
  readonly passing: Passing;
}

export interface StreamsBody {
  readonly name: string;
  readonly kind: StreamAddress['kind'];
  readonly open: () => StreamsWorld;
}

const KNOWN = { name: 'known', key: Buffer.alloc(32, 7) };
const TURN_MS = 20;

interface Heard {
  readonly stream: ByteStream;
  readonly bytes: () => Buffer;
  readonly closes: () => number;
}

export function streamsSuite({ name, kind, open }: StreamsBody): void {
  describe(`streams: ${name}`, () => {
    let world: StreamsWorld;
    let cleanUp: (() => Promise<void>)[] = [];
    beforeEach(() => {
      world = open();
    });
    afterEach(async () => {
      for (const each of cleanUp.reverse()) await settled(world.passing, 'cleaned up', each());
      cleanUp = [];
    });

    const wait = <T>(what: string, promise: Promise<T>) => settled(world.passing, what, promise);
    const newAddress = async (): Promise<StreamAddress> => {
      if (kind === 'tls') return { kind, host: '127.0.0.1', port: 0 };
      const folder = await wait('a folder', world.streams.socketFolder());
      cleanUp.push(folder.close);
      return { kind, path: `${folder.path}/link` };
    };
    const hear = (stream: ByteStream): Heard => {
      const pieces: Uint8Array[] = [];
      let closes = 0;
      stream.onData((bytes) => pieces.push(Uint8Array.from(bytes)));
      stream.onClose(() => closes++);
      return { stream, bytes: () => Buffer.concat(pieces), closes: () => closes };
    };
    const keyOf = (who: string) => (who === KNOWN.name ? KNOWN.key : undefined);
    const tryListen = (
      address: StreamAddress,
      onStream: (stream: ByteStream) => void,
    ): Promise<Result<StreamListener>> =>
      wait('listening', world.streams.listen(address, keyOf, onStream));
    const listen = async (onStream: (stream: ByteStream) => void, address?: StreamAddress) => {
      const listener = valueIn(await tryListen(address ?? (await newAddress()), onStream));
      cleanUp.push(listener.close);
      return listener;
    };
    const dial = (address: StreamAddress, credentials = KNOWN) =>
      wait('dialled', world.streams.dial(address, credentials));
    /** Two ends of one stream. */
    const connected = async (): Promise<
      readonly [Heard, Heard, { readonly listener: StreamListener }]
    > => {
      const welcomed: Heard[] = [];
      const listener = await listen((stream) => welcomed.push(hear(stream)));
      const near = hear(valueIn(await dial(listener.address)));
      await world.passing.until('it is welcomed', () => welcomed.length > 0);
      return [near, welcomed[0] as Heard, { listener }];
    };
    const has = (heard: Heard, count: number) =>
      world.passing.until(`${count} bytes are there`, () => heard.bytes().byteLength >= count);
    const closed = (heard: Heard) =>
      world.passing.until('the close is told', () => heard.closes() > 0);

    test('has the same name for the machine each time', () => {
      expect(world.streams.hostId()).toBe(world.streams.hostId());
      expect(world.streams.hostId()).not.toBe('');
    });

    describe('listen', () => {
      test('says where it listens, a port that was chosen included', async () => {
        const wanted = await newAddress();
        const { address } = await listen(() => undefined, wanted);
        if (address.kind === 'unix') expect(address).toEqual(wanted);
        else expect(address.port).toBeGreaterThan(0);
        expect(address.kind).toBe(kind);
      });

      test('fails with PORT_UNAVAILABLE where somebody listens, who is left in peace', async () => {
        let welcomed = 0;
        const { address } = await listen(() => welcomed++);
        expect(codeIn(await tryListen(address, () => undefined))).toBe('PORT_UNAVAILABLE');
        valueIn(await dial(address)).close();
        await world.passing.until('it is welcomed', () => welcomed === 1);
      });

      test('can be called again on an address that was closed', async () => {
        const first = await listen(() => undefined);
        await wait('closed', first.close());
        let welcomed = 0;
        await listen(() => welcomed++, first.address);
        valueIn(await dial(first.address)).close();
        await world.passing.until('it is welcomed', () => welcomed === 1);
      });

      if (kind === 'unix')
        test('fails with PORT_UNAVAILABLE outside of any folder', async () => {
          const address = { kind: 'unix', path: '/nowhere/at/all/link' } as const;
          expect(codeIn(await tryListen(address, () => undefined))).toBe('PORT_UNAVAILABLE');
        });

      test('welcomes each dialler with a stream of its own', async () => {
        const { address } = await listen((stream) =>
          stream.onData((bytes) => stream.write(Buffer.concat([Buffer.from('<'), bytes]))),
        );
        const all: Heard[] = [];
        for (const text of ['a', 'b', 'c']) {
          const heard = hear(valueIn(await dial(address)));
          heard.stream.write(Buffer.from(text));
          all.push(heard);
        }
        for (const heard of all) await has(heard, 2);
        expect(all.map((heard) => heard.bytes().toString())).toEqual(['<a', '<b', '<c']);
      });

      test('that is closed closes its streams, and can no longer be dialled', async () => {
        const [near, far, { listener }] = await connected();
        await wait('closed', listener.close());
        await closed(near);
        await closed(far);
        expect(codeIn(await dial(listener.address))).toBe('NODE_UNREACHABLE');
      });
    });

    describe('dial', () => {
      test('fails with NODE_UNREACHABLE where nobody listens', async () => {
        const { address, close } = await listen(() => undefined);
        await wait('closed', close());
        expect(codeIn(await dial(address))).toBe('NODE_UNREACHABLE');
      });

      if (kind === 'unix')
        test('fails when the folder is gone', async () => {
          const folder = await wait('a folder', world.streams.socketFolder());
          const { address } = await listen(() => undefined, {
            kind,
            path: `${folder.path}/link`,
          } as {
            kind: 'unix';
            path: string;
          });
          await wait('removed', folder.close());
          expect(codeIn(await dial(address))).toBe('NODE_UNREACHABLE');
        });

      if (kind === 'tls')
        test.each([
          ['a wrong key', { name: 'known', key: Buffer.alloc(32, 8) }],
          ['a name that is not known', { name: 'stranger', key: KNOWN.key }],
        ])('with %s is refused, and nobody hears of it', async (_what, credentials) => {
          let welcomed = 0;
          const { address } = await listen(() => welcomed++);
          expect(codeIn(await dial(address, credentials))).toBe('NODE_UNREACHABLE');
          await world.passing.pass(TURN_MS);
          expect(welcomed).toBe(0);
          valueIn(await dial(address)).close();
          await world.passing.until('the known one is welcomed', () => welcomed === 1);
        });

      if (kind === 'unix')
        test('asks for no key: the folder is the proof', async () => {
          let welcomed = 0;
          const { address } = await listen(() => welcomed++);
          valueIn(await dial(address, { name: 'stranger', key: Buffer.alloc(32) })).close();
          await world.passing.until('it is welcomed', () => welcomed === 1);
        });
    });

    describe('a stream', () => {
      test('carries bytes both ways at once, whole and in order', async () => {
        const [near, far] = await connected();
        const sent = [1, 2].map((seed) =>
          Buffer.from(Uint8Array.from({ length: 300_000 }, (_, at) => (at * seed) % 251)),
        );
        const [there = Buffer.of(), back = Buffer.of()] = sent;
        for (let at = 0; at < 300_000; at += 7_001) {
          near.stream.write(there.subarray(at, at + 7_001));
          far.stream.write(back.subarray(at, at + 7_001));
        }
        await has(far, there.byteLength);
        await has(near, back.byteLength);
        expect(Buffer.compare(far.bytes(), there)).toBe(0);
        expect(Buffer.compare(near.bytes(), back)).toBe(0);
      });

      test('calls nobody within a call of write, and takes no bytes as well', async () => {
        const [near, far] = await connected();
        near.stream.write(new Uint8Array(0));
        near.stream.write(Uint8Array.of(1, 2));
        expect(far.bytes().byteLength).toBe(0);
        await has(far, 2);
        expect([...far.bytes()]).toEqual([1, 2]);
      });

      test('keeps what comes before anybody listens', async () => {
        const welcomed: ByteStream[] = [];
        const { address } = await listen((stream) => {
          stream.write(Buffer.from('welcome'));
          welcomed.push(stream);
        });
        const near = valueIn(await dial(address));
        near.write(Buffer.from('hello'));
        await world.passing.until('it is welcomed', () => welcomed.length > 0);
        await world.passing.pass(TURN_MS);
        const [atNear, atFar] = [hear(near), hear(welcomed[0] as ByteStream)];
        await has(atNear, 7);
        await has(atFar, 5);
        expect([String(atNear.bytes()), String(atFar.bytes())]).toEqual(['welcome', 'hello']);
      });

      test.each([0, 1])('that is closed by side %i tells both sides once', async (by) => {
        const [near, far] = await connected();
        const [closer, other] = by === 0 ? [near, far] : [far, near];
        closer.stream.close();
        expect(closer.closes()).toBe(0);
        await closed(closer);
        await closed(other);
        closer.stream.close();
        other.stream.close();
        await world.passing.pass(TURN_MS);
        expect([near.closes(), far.closes()]).toEqual([1, 1]);
      });

      test('that is closed by both sides at once tells each once', async () => {
        const [near, far] = await connected();
        near.stream.close();
        far.stream.close();
        await closed(near);
        await closed(far);
        await world.passing.pass(TURN_MS);
        expect([near.closes(), far.closes()]).toEqual([1, 1]);
      });

      test('tells everybody who wants to hear of its close', async () => {
        const [near] = await connected();
        let others = 0;
        near.stream.onClose(() => others++);
        near.stream.onClose(() => others++);
        near.stream.close();
        await closed(near);
        await world.passing.until('all are told', () => others === 2);
      });

      test('brings only a beginning of what was written before its close', async () => {
        const [near, far] = await connected();
        const sent = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, at) => at % 251));
        near.stream.write(sent);
        near.stream.close();
        await closed(far);
        const got = far.bytes();
        expect(Buffer.compare(got, sent.subarray(0, got.byteLength))).toBe(0);
      });

      test('takes writes after its close without a word', async () => {
        const [near, far] = await connected();
        near.stream.close();
        near.stream.write(Buffer.from('late'));
        await closed(far);
        far.stream.write(Buffer.from('later'));
        await closed(near);
        await world.passing.pass(TURN_MS);
        expect([near.bytes().byteLength, far.bytes().byteLength]).toEqual([0, 0]);
      });

      test('leaves the others as they are when it closes', async () => {
        const welcomed: Heard[] = [];
        const { address } = await listen((stream) => welcomed.push(hear(stream)));
        const first = hear(valueIn(await dial(address)));
        const second = hear(valueIn(await dial(address)));
        await world.passing.until('both are welcomed', () => welcomed.length === 2);
        first.stream.close();
        await closed(first);
        second.stream.write(Buffer.from('on'));
        await world.passing.until('it goes on', () =>
          welcomed.some((heard) => String(heard.bytes()) === 'on'),
        );
        expect(second.closes()).toBe(0);
      });
    });
  });
}
