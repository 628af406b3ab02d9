/** A bus on virtual time that loses, repeats, delays and reorders packets, and can be split, as told. */
import type { PacketBus, Random } from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import type { SimulatedLife } from './simulated-life.ts';

/** What is wrong with a part of the bus, in the terms of Toxiproxy where it has them. Several add up. */
export interface Toxic {
  /** Only packets of this member, or to it; default: all. */
  readonly from?: string;
  readonly to?: string;
  /** Share of packets that are lost, repeated, or changed in one bit: 0..1. */
  readonly loss?: number;
  readonly repeat?: number;
  readonly corruption?: number;
  /** Each packet takes so much longer, and up to `jitterMs` more: those that take different times change places. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Packets of one direction wait for each other. */
  readonly bytesPerSecond?: number;
  /** Nothing gets through. */
  readonly isCut?: boolean;
}

export interface SimulatedBus {
  /** A connection to the bus: a thread's own. Like NATS with `noEcho`, it does not bring back what it took. */
  readonly join: (member: string, life: SimulatedLife) => PacketBus;
  /** @returns what takes it away again */
  readonly add: (toxic: Toxic) => () => void;
  /** The server is away for everybody. */
  readonly setDown: (isDown: boolean) => void;
  /** No toxic is left, the server is back. */
  readonly heal: () => void;
  readonly counts: {
    carried: number;
    lost: number;
    repeated: number;
    corrupted: number;
    cut: number;
    delayed: number;
    /** The longest that a packet was on its way. */
    longestMs: number;
  };
}

interface Connection {
  readonly member: string;
  readonly life: SimulatedLife;
}

interface Listener {
  readonly connection: Connection;
  readonly receive: (packet: Uint8Array) => void;
}

const HOP_MS = 0.2;
const HOP_JITTER_MS = 0.2;

export function simulatedBus(time: SimulatedTime, random: Random): SimulatedBus {
  const listeners = new Map<string, Set<Listener>>();
  const returned: (readonly [SimulatedLife, () => void])[] = [];
  const toxics = new Set<Toxic>();
  /** Until when a direction with little bandwidth is taken. */
  const busyUntilMs = new Map<string, number>();
  const counts = {
    carried: 0,
    lost: 0,
    repeated: 0,
    corrupted: 0,
    cut: 0,
    delayed: 0,
    longestMs: 0,
  };
  let isDown = false;

  const between = (from: string, to: string): readonly Toxic[] => {
    if (toxics.size === 0) return [];
    return [...toxics].filter((toxic) => (toxic.from ?? from) === from && (toxic.to ?? to) === to);
  };
  const happens = (share: number | undefined): boolean =>
    share !== undefined && random.next() < share;
  const delayMs = (path: string, active: readonly Toxic[], sizeBytes: number): number => {
    let ms = HOP_MS + random.next() * HOP_JITTER_MS;
    for (const { latencyMs = 0, jitterMs = 0, bytesPerSecond } of active) {
      ms += latencyMs + (jitterMs === 0 ? 0 : random.next() * jitterMs);
      if (bytesPerSecond === undefined) continue;
      const nowMs = time.clock.monotonicMs();
      const startMs = Math.max(nowMs, busyUntilMs.get(path) ?? 0);
      busyUntilMs.set(path, startMs + (sizeBytes * 1_000) / bytesPerSecond);
      ms += (busyUntilMs.get(path) as number) - nowMs;
    }
    if (ms > HOP_MS + HOP_JITTER_MS) counts.delayed++;
    counts.longestMs = Math.max(counts.longestMs, ms);
    return ms;
  };
  const deliver = (from: string, subject: string, listener: Listener, packet: Uint8Array): void => {
    const { connection, receive } = listener;
    if (!listeners.get(subject)?.has(listener)) return;
    if (isDown || between(from, connection.member).some(({ isCut }) => isCut)) {
      counts.cut++;
      return;
    }
    counts.carried++;
    connection.life.act(() => listeners.get(subject)?.has(listener) && receive(packet));
  };
  const carry = (from: string, subject: string, listener: Listener, packet: Uint8Array): void => {
    const to = listener.connection.member;
    const active = between(from, to);
    if (active.some(({ loss }) => happens(loss))) {
      counts.lost++;
      return;
    }
    const copy = new Uint8Array(packet);
    if (copy.byteLength > 0 && active.some(({ corruption }) => happens(corruption))) {
      const at = Math.floor(random.next() * copy.byteLength);
      copy[at] = (copy[at] as number) ^ (1 << Math.floor(random.next() * 8));
      counts.corrupted++;
    }
    const afterMs = delayMs(`${from}>${to}`, active, packet.byteLength);
    time.timers.after(afterMs, () => deliver(from, subject, listener, copy));
  };
  const listen = (subject: string, listener: Listener): (() => void) => {
    const heard = listeners.get(subject) ?? new Set();
    listeners.set(subject, heard.add(listener));
    return () => {
      heard.delete(listener);
      if (heard.size === 0 && listeners.get(subject) === heard) listeners.delete(subject);
    };
  };
  const isBack = (): void => {
    for (const [life, tell] of returned) life.act(tell);
  };

  return {
    counts,
    add: (toxic) => {
      toxics.add(toxic);
      return () => void toxics.delete(toxic);
    },
    setDown: (down) => {
      const wasDown = isDown;
      isDown = down;
      if (wasDown && !down) isBack();
    },
    heal: () => {
      toxics.clear();
      busyUntilMs.clear();
      const wasDown = isDown;
      isDown = false;
      if (wasDown) isBack();
    },
    join: (member, life) => {
      const connection = { member, life };
      return {
        publish: (subject, packet) => {
          if (!life.isAlive || isDown) return;
          for (const listener of [...(listeners.get(subject) ?? [])]) {
            if (listener.connection === connection) continue;
            carry(member, subject, listener, packet);
            const active = between(member, listener.connection.member);
            if (active.some(({ repeat }) => happens(repeat))) {
              counts.repeated++;
              carry(member, subject, listener, packet);
            }
          }
        },
        subscribe: (subject, receive) => {
          const end = listen(subject, { connection, receive });
          life.onDeath(end);
          return end;
        },
        onReturn: (tell) => {
          returned.push([life, tell]);
        },
        isConnected: () => !isDown,
      };
    },
  };
}
