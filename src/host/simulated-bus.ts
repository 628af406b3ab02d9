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
  /** The way of one process to the bus. */
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
  };
}

interface Listener {
  readonly member: string;
  readonly life: SimulatedLife;
  readonly receive: (packet: Uint8Array) => void;
}

const HOP_MS = 0.2;
const HOP_JITTER_MS = 0.2;

export function simulatedBus(time: SimulatedTime, random: Random): SimulatedBus {
  const listeners = new Map<string, Listener>();
  const returned: (readonly [SimulatedLife, () => void])[] = [];
  const toxics = new Set<Toxic>();
  /** Until when a direction with little bandwidth is taken. */
  const busyUntilMs = new Map<string, number>();
  const counts = { carried: 0, lost: 0, repeated: 0, corrupted: 0, cut: 0, delayed: 0 };
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
    return ms;
  };
  const carry = (from: string, subject: string, packet: Uint8Array): void => {
    const to = listeners.get(subject)?.member ?? '';
    const active = between(from, to);
    if (active.some(({ loss }) => happens(loss))) {
      counts.lost++;
      return;
    }
    const copy = new Uint8Array(packet);
    if (active.some(({ corruption }) => happens(corruption))) {
      const at = Math.floor(random.next() * copy.byteLength);
      copy[at] = (copy[at] as number) ^ (1 << Math.floor(random.next() * 8));
      counts.corrupted++;
    }
    time.timers.after(delayMs(`${from}>${to}`, active, packet.byteLength), () => {
      const listener = listeners.get(subject);
      if (!listener) return;
      if (isDown || between(from, listener.member).some(({ isCut }) => isCut)) counts.cut++;
      else {
        counts.carried++;
        listener.life.act(() => listener.receive(copy));
      }
    });
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
    join: (member, life) => ({
      publish: (subject, packet) => {
        if (!life.isAlive || isDown) return;
        carry(member, subject, packet);
        const to = listeners.get(subject)?.member ?? '';
        if (between(member, to).some(({ repeat }) => happens(repeat))) {
          counts.repeated++;
          carry(member, subject, packet);
        }
      },
      subscribe: (subject, receive) => {
        const listener = { member, life, receive };
        listeners.set(subject, listener);
        return () => {
          if (listeners.get(subject) === listener) listeners.delete(subject);
        };
      },
      onReturn: (tell) => {
        returned.push([life, tell]);
      },
    }),
  };
}
