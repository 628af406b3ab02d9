/** A bus on virtual time that loses, repeats, delays and reorders packets, and can be split, as told. */
import type { PacketBus, Random } from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import type { SimulatedLife } from './simulated-life.ts';

export interface BusFaults {
  /** Shares of packets, 0..1. */
  loss: number;
  repeat: number;
  /** One bit of the packet is turned over. */
  corruption: number;
  /** Each packet takes from `delayMs` to this much more; those that take different times change places. */
  delayMs: number;
  jitterMs: number;
}

export interface SimulatedBus {
  /** A connection to the bus: a thread's own. Like NATS with `noEcho`, it does not bring back what it took. */
  readonly join: (member: string, life: SimulatedLife) => PacketBus;
  readonly faults: BusFaults;
  /** From now on nothing gets from one member to the other; one direction. */
  readonly cut: (from: string, to: string) => void;
  /** The server is away for everybody. */
  readonly setDown: (isDown: boolean) => void;
  /** All cuts end, the server is back. */
  readonly heal: () => void;
  readonly counts: {
    carried: number;
    lost: number;
    repeated: number;
    corrupted: number;
    cut: number;
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

export function simulatedBus(time: SimulatedTime, random: Random): SimulatedBus {
  const listeners = new Map<string, Set<Listener>>();
  const returned: (readonly [SimulatedLife, () => void])[] = [];
  const cuts = new Set<string>();
  const faults = { loss: 0, repeat: 0, corruption: 0, delayMs: 0.2, jitterMs: 0.2 };
  const counts = { carried: 0, lost: 0, repeated: 0, corrupted: 0, cut: 0 };
  let isDown = false;

  const isCut = (from: string, to: string): boolean => isDown || cuts.has(`${from}>${to}`);
  const deliver = (from: Connection, subject: string, packet: Uint8Array): void => {
    for (const listener of [...(listeners.get(subject) ?? [])]) {
      const { connection, receive } = listener;
      if (connection === from) continue;
      if (isCut(from.member, connection.member)) {
        counts.cut++;
        continue;
      }
      counts.carried++;
      const own = new Uint8Array(packet);
      connection.life.act(() => listeners.get(subject)?.has(listener) && receive(own));
    }
  };
  const carry = (from: Connection, subject: string, packet: Uint8Array): void => {
    if (random.next() < faults.loss) {
      counts.lost++;
      return;
    }
    const copy = new Uint8Array(packet);
    if (random.next() < faults.corruption && copy.byteLength > 0) {
      const at = Math.floor(random.next() * copy.byteLength);
      copy[at] = (copy[at] as number) ^ (1 << Math.floor(random.next() * 8));
      counts.corrupted++;
    }
    const delayMs = faults.delayMs + random.next() * faults.jitterMs;
    time.timers.after(delayMs, () => deliver(from, subject, copy));
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
    faults,
    counts,
    cut: (from, to) => cuts.add(`${from}>${to}`),
    setDown: (down) => {
      const wasDown = isDown;
      isDown = down;
      if (wasDown && !down) isBack();
    },
    heal: () => {
      cuts.clear();
      const wasDown = isDown;
      isDown = false;
      if (wasDown) isBack();
    },
    join: (member, life) => {
      const connection = { member, life };
      return {
        publish: (subject, packet) => {
          if (!life.isAlive || isDown) return;
          carry(connection, subject, packet);
          if (random.next() < faults.repeat) {
            counts.repeated++;
            carry(connection, subject, packet);
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
      };
    },
  };
}
