/** The two ends of one simulated stream. Bytes come in pieces of any size, in order; each end is told of the end once. */
import type { ByteStream, Random } from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import type { SimulatedLife } from './simulated-life.ts';

export interface Way {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly delayMs: () => number;
  readonly isCut: (from: string, to: string) => boolean;
  /** Hears how long bytes were on their way. */
  readonly tookMs: (ms: number) => void;
}

export interface Party {
  readonly member: string;
  readonly life: SimulatedLife;
}

export interface StreamPair {
  readonly ends: readonly [ByteStream, ByteStream];
  /** Both ends are told; what is on its way is lost. */
  readonly break: () => void;
  /** Lets go what a cut held back that has ended. */
  readonly goOn: () => void;
  readonly onEnd: (tell: () => void) => void;
}

/** Share of writes that arrive in two pieces. */
const SPLIT_RATIO = 0.2;

export function streamPair(way: Way, parties: readonly [Party, Party]): StreamPair {
  const { time, random, isCut, delayMs, tookMs } = way;
  const onEnd: (() => void)[] = [];
  let isBroken = false;
  const sides = [new Side(parties[0].life), new Side(parties[1].life)] as const;
  /** What waits for a cut to end, by the side it goes to. */
  const held: readonly [(() => void)[], (() => void)[]] = [[], []];
  const dueMs = [0, 0];

  const carry = (to: 0 | 1, what: () => void): void => {
    const [from, target] = [parties[to === 0 ? 1 : 0].member, parties[to].member];
    const nowMs = time.clock.monotonicMs();
    dueMs[to] = Math.max(dueMs[to] as number, nowMs + delayMs());
    time.timers.after((dueMs[to] as number) - nowMs, () => {
      if (isBroken) return;
      const arrive = (): void => {
        tookMs(time.clock.monotonicMs() - nowMs);
        what();
      };
      const isHeld = held[to].length > 0 || isCut(from, target);
      if (isHeld) held[to].push(arrive);
      else arrive();
    });
  };
  const ended = (): void => {
    if (sides.some(({ isOpen }) => isOpen)) return;
    for (const tell of onEnd.splice(0)) tell();
  };
  const breakBoth = (): void => {
    isBroken = true;
    for (const side of sides) side.end(time);
    ended();
  };
  const end = (own: 0 | 1): ByteStream => {
    const [side, other] = [sides[own], own === 0 ? 1 : 0] as const;
    return {
      write: (bytes) => {
        if (!side.isOpen || !side.life.isAlive || bytes.byteLength === 0) return;
        const copy = new Uint8Array(bytes);
        const isSplit = random.next() < SPLIT_RATIO;
        const at = isSplit ? Math.floor(random.next() * copy.byteLength) : 0;
        for (const piece of [copy.subarray(0, at), copy.subarray(at)])
          if (piece.byteLength > 0) carry(other, () => sides[other].take(piece));
      },
      onData: (receive) => side.listen(receive),
      onClose: (closed) => {
        side.closed.push(closed);
      },
      close: () => {
        if (!side.isOpen) return;
        side.end(time);
        // Who hangs still reads what came before the close.
        carry(other, () =>
          sides[other].life.act(() => {
            sides[other].end(time);
            ended();
          }),
        );
        ended();
      },
    };
  };
  for (const { life } of parties) life.onDeath(breakBoth);
  return {
    ends: [end(0), end(1)],
    break: breakBoth,
    goOn: () => {
      for (const to of [0, 1] as const) {
        if (isCut(parties[to === 0 ? 1 : 0].member, parties[to].member)) continue;
        for (const what of held[to].splice(0)) what();
      }
    },
    onEnd: (tell) => {
      onEnd.push(tell);
    },
  };
}

class Side {
  isOpen = true;
  readonly closed: (() => void)[] = [];
  readonly life: SimulatedLife;
  readonly #receivers: ((bytes: Uint8Array) => void)[] = [];
  readonly #early: Uint8Array[] = [];

  constructor(life: SimulatedLife) {
    this.life = life;
  }

  /** What came before anybody listened is kept for the first who does. */
  listen(receive: (bytes: Uint8Array) => void): void {
    this.#receivers.push(receive);
    const early = this.#early.splice(0);
    queueMicrotask(() => {
      for (const bytes of early) this.take(bytes);
    });
  }

  take(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    if (this.#receivers.length === 0) this.#early.push(bytes);
    else
      this.life.act(() => {
        if (this.isOpen) for (const receive of this.#receivers) receive(bytes);
      });
  }

  end(time: SimulatedTime): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    time.timers.immediate(() =>
      this.life.act(() => {
        for (const tell of this.closed.splice(0)) tell();
      }),
    );
  }
}
