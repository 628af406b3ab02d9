/** Streams in memory on virtual time, which can be broken or turned deaf; TLS addresses check the key as real ones do. */
import {
  type ByteStream,
  failure,
  type Random,
  type Streams,
  success,
} from '../../src/contracts/index.ts';
import type { SimulatedTime } from '../../src/host/index.ts';

export interface MemoryStreams extends Streams {
  /** How many streams have been opened. */
  readonly opened: () => number;
  /** Breaks every stream that is open. */
  readonly breakAll: () => void;
  /** From now on nothing that is written arrives, and nobody is told. */
  isDeaf: boolean;
}

interface End extends ByteStream {
  receive: (bytes: Uint8Array) => void;
  readonly closed: (() => void)[];
}

export function memoryStreams(
  time: SimulatedTime,
  random: Random,
  delayMsMax: number,
): MemoryStreams {
  const listeners = new Map<string, (name: string, key: Uint8Array, end: End) => boolean>();
  const open = new Set<() => void>();
  let opened = 0;
  let ports = 1_000;
  let folders = 0;
  const pair = (): readonly [End, End] => {
    let isOpen = true;
    /** One after the other, as a stream keeps its order. */
    const dueMs = [0, 0];
    const breakIt = (): void => {
      if (!isOpen) return;
      isOpen = false;
      open.delete(breakIt);
      for (const tell of ends.flatMap(({ closed }) => closed)) time.timers.immediate(tell);
    };
    const end = (own: number): End => ({
      receive: () => undefined,
      closed: [],
      write: (bytes) => {
        if (!isOpen || streams.isDeaf) return;
        const copy = new Uint8Array(bytes);
        const nowMs = time.clock.monotonicMs();
        dueMs[own] = Math.max(dueMs[own] as number, nowMs + random.next() * delayMsMax);
        time.timers.after(
          (dueMs[own] as number) - nowMs,
          () => isOpen && ends[1 - own]?.receive(copy),
        );
      },
      onData(receive) {
        this.receive = receive;
      },
      onClose(closed) {
        this.closed.push(closed);
      },
      close: breakIt,
    });
    const ends = [end(0), end(1)];
    open.add(breakIt);
    opened++;
    return ends as [End, End];
  };
  const keyOf = (address: { kind: string }): string => JSON.stringify(address);
  const streams: MemoryStreams = {
    isDeaf: false,
    opened: () => opened,
    breakAll: () => {
      for (const breakIt of [...open]) breakIt();
    },
    hostId: () => 'machine',
    socketFolder: async () => ({ path: `/sockets/${++folders}`, close: async () => undefined }),
    listen: async (address, nameToKey, onStream) => {
      const found =
        address.kind === 'tls' && address.port === 0 ? { ...address, port: ++ports } : address;
      listeners.set(keyOf(found), (name, key, end) => {
        const wanted = nameToKey(name);
        if (address.kind === 'tls' && (!wanted || Buffer.compare(wanted, key) !== 0)) return false;
        onStream(end);
        return true;
      });
      return success({ address: found, close: async () => void listeners.delete(keyOf(found)) });
    },
    dial: async (address, { name, key }) => {
      const welcome = listeners.get(keyOf(address));
      const refused = failure('NODE_UNREACHABLE', { endpoint: keyOf(address), reason: 'refused' });
      if (!welcome || streams.isDeaf) return refused;
      const [near, far] = pair();
      return welcome(name, key, far) ? success(near) : refused;
    },
  };
  return streams;
}
