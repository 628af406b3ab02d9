/** A bus in memory on virtual time that loses, repeats and delays packets as told. */
import type { PacketBus, Random } from '../../src/contracts/index.ts';
import type { SimulatedTime } from '../../src/host/index.ts';

export interface BusFaults {
  /** Shares of packets, 0..1. */
  readonly loss: number;
  readonly repeat: number;
  /** Each packet takes up to this long; those that take different times change places. */
  readonly delayMsMax: number;
}

export interface LossyBus {
  /** A bus of its own for each party, so that one can be cut off. */
  readonly join: () => PacketBus & { readonly cut: () => void; readonly mend: () => void };
  faults: BusFaults;
  readonly seen: Uint8Array[];
  /** A packet out of nowhere. */
  readonly inject: (subject: string, packet: Uint8Array) => void;
}

export const NO_FAULTS: BusFaults = { loss: 0, repeat: 0, delayMsMax: 0 };

export function lossyBus(time: SimulatedTime, random: Random, faults = NO_FAULTS): LossyBus {
  const listeners = new Map<string, (packet: Uint8Array) => void>();
  const bus: LossyBus = {
    faults,
    seen: [],
    inject: (subject, packet) => listeners.get(subject)?.(packet),
    join: () => {
      let isUp = true;
      const returned: (() => void)[] = [];
      const carry = (subject: string, packet: Uint8Array): void => {
        const { loss, delayMsMax } = bus.faults;
        if (random.next() < loss) return;
        const copy = new Uint8Array(packet);
        time.timers.after(random.next() * delayMsMax, () => {
          bus.seen.push(copy);
          listeners.get(subject)?.(copy);
        });
      };
      return {
        publish: (subject, packet) => {
          if (!isUp) return;
          carry(subject, packet);
          if (random.next() < bus.faults.repeat) carry(subject, packet);
        },
        subscribe: (subject, receive) => {
          listeners.set(subject, (packet) => isUp && receive(packet));
          return () => listeners.delete(subject);
        },
        onReturn: (tell) => returned.push(tell),
        isConnected: () => isUp,
        cut: () => {
          isUp = false;
        },
        mend: () => {
          isUp = true;
          for (const tell of returned) tell();
        },
      };
    },
  };
  return bus;
}
