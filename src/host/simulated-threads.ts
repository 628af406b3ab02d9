/** Threads on virtual time, all in one real thread: the same life as on a real one, ports that carry copies with a delay. */
import type {
  FramePort,
  Random,
  Streams,
  ThreadExit,
  ThreadHandle,
  Threads,
} from '../contracts/index.ts';
import { reasonOf } from '../contracts/index.ts';
import type { DriftingClock } from './drifting-clock.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import { portsOf, SimulatedLife } from './simulated-life.ts';
import type { ThreadMain } from './thread-entry.ts';

export interface SimulatedThreadsOptions {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly streams: Streams;
  /** What runs on each thread. */
  readonly main: ThreadMain;
  /** The process that the threads belong to: they end with it. */
  readonly life: SimulatedLife;
  /** Of the machine; default: true time. */
  readonly clock?: DriftingClock;
  /** A frame takes up to this long; frames of one direction keep their order. */
  readonly hopMsMax: number;
}

export interface SimulatedThreads extends Threads {
  /** For faults: the thread stops doing anything until it is woken. */
  readonly life: (name: string) => SimulatedLife | undefined;
}

const START_MS = 25;
const HEARTBEAT_MS = 250;

export function simulatedThreads(options: SimulatedThreadsOptions): SimulatedThreads {
  const { time, random, life: process, hopMsMax, main, streams, clock } = options;
  const lives = new Map<string, SimulatedLife>();
  const running = new Set<(exit: ThreadExit) => void>();
  let started = 0;

  const start: Threads['start'] = (spec) => {
    const { name } = spec;
    const life = new SimulatedLife();
    process.onDeath(() => life.die());
    lives.set(name, life);
    const own = random.fork(`thread/${name}/${++started}`);
    const [near, far] = channelEnds(time, random.fork(`channel/${started}`), hopMsMax);
    const [control, ownControl] = [near.open(process), far.open(life)];
    let ordered: ThreadExit | undefined;
    const { promise: exited, resolve: exit } = Promise.withResolvers<ThreadExit>();
    const ended = (reason: ThreadExit): void => {
      life.die();
      running.delete(ended);
      if (lives.get(name) === life) lives.delete(name);
      time.timers.after(1, () => exit(ordered ?? reason));
    };
    running.add(ended);
    const early: (readonly [string, FramePort])[] = [];
    let receivePeer: ((peer: string, port: FramePort) => void) | undefined;
    let beats = 0;
    const beat = (): void => {
      life.act(() => beats++);
      if (life.isAlive) time.timers.after(HEARTBEAT_MS, beat);
    };
    const boot = copied(spec.boot);
    time.timers.after(START_MS, () =>
      life.act(() => {
        if (!boot.ok) return ended(boot.exit);
        beat();
        main({
          boot: boot.copy,
          ports: portsOf(life, time, own, clock),
          streams,
          control: ownControl,
          onPeer: (receive) => {
            receivePeer = receive;
            for (const [peer, port] of early.splice(0)) receive(peer, port);
          },
        }).then(
          () => ended({ kind: 'stopped' }),
          (thrown: unknown) => ended(threw(thrown)),
        );
      }),
    );
    const handle: ThreadHandle = {
      control,
      exited,
      heartbeats: () => beats,
      terminate: (reason) => {
        ordered ??= reason;
        ended(reason);
      },
      connect: (peer, end) => {
        const port = (end as ChannelEnd).open(life);
        if (receivePeer) receivePeer(peer, port);
        else early.push([peer, port]);
      },
    };
    return handle;
  };

  return {
    start,
    life: (name) => lives.get(name),
    channel: () => channelEnds(time, random.fork(`channel/${++started}`), hopMsMax),
    open: (end) => (end as ChannelEnd).open(process),
    close: async () => {
      const closed = threw('the pool was closed');
      for (const end of [...running]) end(closed);
    },
  };
}

function threw(thrown: unknown): ThreadExit {
  const { stack } = (thrown ?? {}) as { readonly stack?: string };
  const message = reasonOf(thrown);
  return { kind: 'threw', message, ...(stack === undefined ? {} : { stack }) };
}

type Copied =
  | { readonly ok: true; readonly copy: unknown }
  | { readonly ok: false; readonly exit: ThreadExit };

/** What a real thread would get: an equal value of its own, or none. */
function copied(boot: unknown): Copied {
  try {
    return { ok: true, copy: structuredClone(boot) };
  } catch (thrown) {
    return { ok: false, exit: threw(thrown) };
  }
}

interface ChannelEnd {
  readonly open: (owner: SimulatedLife) => FramePort;
}

/** What was posted before an end closed or died still arrives; then the other end is told. */
function channelEnds(
  time: SimulatedTime,
  random: Random,
  hopMsMax: number,
): readonly [ChannelEnd, ChannelEnd] {
  const sides = [new Side(), new Side()] as const;
  const dueMs = [0, 0];
  const carry = (to: 0 | 1, what: (side: Side) => void): void => {
    const nowMs = time.clock.monotonicMs();
    dueMs[to] = Math.max(dueMs[to] as number, nowMs + random.next() * hopMsMax);
    time.timers.after((dueMs[to] as number) - nowMs, () => what(sides[to]));
  };
  const end = (own: 0 | 1): ChannelEnd => {
    const other = (1 - own) as 0 | 1;
    return {
      open: (owner) => {
        const side = sides[own];
        side.own(owner);
        const hangUp = (): void => {
          if (!side.isOpen) return;
          side.isOpen = false;
          carry(other, (peer) => peer.hangUp());
        };
        const close = (): void => {
          if (!side.isOpen) return;
          hangUp();
          time.timers.immediate(() => side.tellClosed('this end closed'));
        };
        owner.onDeath(hangUp);
        return {
          post: (frame) => {
            if (!side.isOpen || !owner.isAlive) return;
            const copy = new Uint8Array(frame);
            carry(other, (peer) => peer.take(copy));
          },
          backlogBytes: () => 0,
          onFrame: (receive) => side.listen(receive),
          onClose: (closed) => {
            side.closed = closed;
          },
          close,
        };
      },
    };
  };
  return [end(0), end(1)];
}

class Side {
  isOpen = true;
  closed: ((reason: string) => void) | undefined;
  #owner: SimulatedLife | undefined;
  #receive: ((frame: Uint8Array) => void) | undefined;
  readonly #early: Uint8Array[] = [];

  own(owner: SimulatedLife): void {
    this.#owner = owner;
  }

  listen(receive: (frame: Uint8Array) => void): void {
    this.#receive = receive;
    for (const frame of this.#early.splice(0)) this.take(frame);
  }

  take(frame: Uint8Array): void {
    if (!this.isOpen) return;
    if (!this.#receive || !this.#owner) this.#early.push(frame);
    else this.#owner.act(() => this.#receive?.(frame));
  }

  hangUp(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.tellClosed('the other end closed');
  }

  tellClosed(reason: string): void {
    this.#owner?.act(() => this.closed?.(reason));
  }
}
