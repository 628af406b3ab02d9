/**
 * Streams on virtual time: between members on machines, by unix sockets and by TLS with a key. A way that is cut holds bytes back,
 * as TCP does, and lets them go on when it is healed; a stream that breaks loses what was on its way.
 */
import {
  failure,
  type Random,
  type Result,
  type StreamAddress,
  type StreamListener,
  type Streams,
  success,
} from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import type { SimulatedLife } from './simulated-life.ts';
import { type StreamPair, streamPair, type Way } from './simulated-stream-pair.ts';

export interface SimulatedStreams {
  /** The streams of one process or thread; they break when its life ends. Default: each member is a machine. */
  readonly join: (member: string, life: SimulatedLife, machine?: string) => Streams;
  /** Bytes take from `delayMs` to this much more; those of one stream and direction keep their order. */
  readonly latency: { delayMs: number; jitterMs: number };
  /** From now on nothing gets from one member to the other, and nobody is told; one direction. @returns what ends it */
  readonly cut: (from: string, to: string) => () => void;
  /** All cuts end; what they held back arrives. */
  readonly heal: () => void;
  /** Breaks every stream that is open. */
  readonly breakAll: () => void;
  /** How many streams have been opened. */
  readonly opened: () => number;
  /** The longest that bytes were on their way: those that a cut held back. */
  readonly longestMs: () => number;
}

interface Listener {
  readonly member: string;
  readonly life: SimulatedLife;
  readonly keyOf: (name: string) => Uint8Array | undefined;
  readonly welcome: Parameters<Streams['listen']>[2];
  readonly pairs: Set<StreamPair>;
}

const DIAL_TIMEOUT_MS = 2_000;
const FIRST_PORT = 20_000;

export function simulatedStreams(time: SimulatedTime, random: Random): SimulatedStreams {
  const { timers } = time;
  const latency = { delayMs: 0.05, jitterMs: 0.1 };
  /** How many cuts there are of a direction. */
  const cuts = new Map<string, number>();
  const pairs = new Set<StreamPair>();
  const folders = new Set<string>();
  const listeners = new Map<string, Listener>();
  let [opened, ports, folderCount, longestMs] = [0, FIRST_PORT, 0, 0];

  const isCut = (from: string, to: string): boolean => cuts.has(`${from}>${to}`);
  const way: Way = {
    time,
    random,
    isCut,
    tookMs: (ms) => {
      longestMs = Math.max(longestMs, ms);
    },
    delayMs: () => latency.delayMs + random.next() * latency.jitterMs,
  };
  const listen = (address: StreamAddress, place: string, listener: Listener): StreamListener => {
    listeners.set(place, listener);
    const close = async (): Promise<void> => {
      if (listeners.get(place) === listener) listeners.delete(place);
      for (const pair of [...listener.pairs]) pair.break();
    };
    listener.life.onDeath(() => void close());
    return { address, close };
  };

  /** The dialler's half of the greeting is on its way; the listener's is what is waited for. */
  const greet = (
    dialler: { readonly member: string; readonly life: SimulatedLife },
    place: string,
    { kind, name, key }: { kind: StreamAddress['kind']; name: string; key: Uint8Array },
    answer: (pair: StreamPair | undefined) => void,
  ): void => {
    const listener = listeners.get(place);
    if (!listener) return answer(undefined);
    const { member, life, keyOf, welcome } = listener;
    if (isCut(dialler.member, member) || isCut(member, dialler.member)) return;
    const admit = (): void => {
      if (listeners.get(place) !== listener || !dialler.life.isAlive) return answer(undefined);
      const wanted = kind === 'tls' ? keyOf(name) : key;
      if (!wanted || Buffer.compare(wanted, key) !== 0) return answer(undefined);
      const pair = streamPair(way, [dialler, { member, life }]);
      opened++;
      for (const set of [pairs, listener.pairs]) {
        set.add(pair);
        pair.onEnd(() => set.delete(pair));
      }
      answer(pair);
      life.act(() => welcome(pair.ends[1]));
    };
    // The kernel accepts for a process that hangs; a key is proved by the process itself.
    if (kind === 'unix') admit();
    else life.act(admit);
  };

  const join: SimulatedStreams['join'] = (member, life, machine = member) => {
    const placeOf = (address: StreamAddress): string =>
      address.kind === 'unix'
        ? `unix:${machine}:${address.path}`
        : `tls:${address.host}:${address.port}`;
    return {
      hostId: () => machine,
      socketFolder: async () => {
        const path = `/sockets/${++folderCount}`;
        const place = `unix:${machine}:${path}/`;
        folders.add(place);
        return {
          path,
          close: async () => {
            folders.delete(place);
            for (const each of [...listeners.keys()])
              if (each.startsWith(place)) listeners.delete(each);
          },
        };
      },
      listen: async (wanted, keyOf, welcome) => {
        const address =
          wanted.kind === 'tls' && wanted.port === 0 ? { ...wanted, port: ++ports } : wanted;
        const place = placeOf(address);
        const hasFolder = [...folders].some((folder) => place.startsWith(folder));
        if (address.kind === 'unix' && !hasFolder) return unavailable(address, 'no such folder');
        if (listeners.has(place)) return unavailable(address, 'address already in use');
        const listener = { member, life, keyOf, welcome, pairs: new Set<StreamPair>() };
        return success(listen(address, place, listener));
      },
      dial: (address, { name, key }) => {
        const { promise, resolve } = Promise.withResolvers<Result<StreamPair['ends'][0]>>();
        let isOver = false;
        const end = (pair: StreamPair | undefined, reason = 'refused'): void => {
          if (isOver) return pair?.break();
          isOver = true;
          timeout.cancel();
          const endpoint = shown(address);
          const found = pair
            ? success(pair.ends[0])
            : failure('NODE_UNREACHABLE', { endpoint, reason });
          timers.after(way.delayMs(), () => life.act(() => resolve(found)));
        };
        const timeout = timers.after(DIAL_TIMEOUT_MS, () =>
          end(undefined, `no answer in ${DIAL_TIMEOUT_MS} ms`),
        );
        const greeting = { kind: address.kind, name, key };
        timers.after(way.delayMs(), () => greet({ member, life }, placeOf(address), greeting, end));
        return promise;
      },
    };
  };

  return {
    join,
    latency,
    cut: (from, to) => {
      const path = `${from}>${to}`;
      cuts.set(path, (cuts.get(path) ?? 0) + 1);
      let isOver = false;
      return () => {
        const count = cuts.get(path);
        if (isOver || count === undefined) return;
        isOver = true;
        if (count > 1) cuts.set(path, count - 1);
        else cuts.delete(path);
        for (const pair of [...pairs]) pair.goOn();
      };
    },
    heal: () => {
      cuts.clear();
      for (const pair of [...pairs]) pair.goOn();
    },
    breakAll: () => {
      for (const pair of [...pairs]) pair.break();
    },
    opened: () => opened,
    longestMs: () => longestMs,
  };
}

const shown = (address: StreamAddress): string =>
  address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`;

function unavailable(address: StreamAddress, reason: string): Result<never> {
  const [host, port] = address.kind === 'unix' ? [shown(address), 0] : [address.host, address.port];
  return failure('PORT_UNAVAILABLE', { host, port, reason });
}
