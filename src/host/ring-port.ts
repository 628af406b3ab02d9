/**
 * A frame port between two threads: frames go through a ring in shared memory, one each way. A message port beside them
 * rings the bell for a side that sleeps, carries frames too large for the ring (their place in the order is kept in it), and
 * tells of the other side's end.
 *
 * A side that has nothing to do sleeps in its event loop. Before it does, it looks a few times more, a turn of the loop
 * apart, since a wake-up costs some 30 us; only as long as such looks have lately found something, so that a thread which
 * rarely gets a message, and an idle node, spend nothing on it.
 */
import type { MessagePort } from 'node:worker_threads';
import type { FramePort } from '../contracts/index.ts';
import { RingReader, RingWriter, ringMemory } from '../transport/index.ts';

/** One side of a channel; survives structured clone, with `port` in the transfer list. */
export interface RingEnd {
  readonly port: MessagePort;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
}

/** A second of 64 KiB frames would be more; a stalled reader is noticed long before. */
const RING_BYTES = 1024 * 1024;
/** Frames taken before the actors that got them have their turn: a burst must not fill mailboxes that would keep up. */
const FRAMES_PER_TURN = 4;
const BELL = 0;
/** About two wake-ups. */
const WATCH_MS_MAX = 0.06;
const WATCH_MS_MIN = 0.005;

export function ringEnds(port1: MessagePort, port2: MessagePort): readonly [RingEnd, RingEnd] {
  const [there, back] = [ringMemory(RING_BYTES), ringMemory(RING_BYTES)];
  return [
    { port: port1, outgoing: there, incoming: back },
    { port: port2, outgoing: back, incoming: there },
  ];
}

export function ringPort({ port, outgoing, incoming }: RingEnd): FramePort {
  const ring = { out: new RingWriter(outgoing), in: new RingReader(incoming) };
  /** Frames that found no room, in order; a large one stands for itself. */
  const backlog: Uint8Array[] = [];
  /** Large frames that have come but whose turn has not. */
  const large: Uint8Array[] = [];
  let backlogBytes = 0;
  let owedLarge = 0;
  let receive: ((frame: Uint8Array) => void) | undefined;
  let closed: ((reason: string) => void) | undefined;
  let isOpen = true;
  let isTurnPlanned = false;
  /** How long to look before a sleep: all of it when that would have saved one, halved when it was in vain. */
  let watchMs = 0;
  let lastFrameMs = 0;
  let sleptMs = 0;

  const bell = (): void => {
    if (isOpen) port.postMessage(BELL);
  };
  const isLarge = (frame: Uint8Array): boolean => frame.byteLength > ring.out.frameBytesMax;
  const write = (frame: Uint8Array): boolean => {
    if (!isLarge(frame)) return ring.out.write(frame);
    if (!ring.out.writeElsewhere()) return false;
    // `slice` of a Buffer would be a view of memory that its owner writes again.
    const copy = new Uint8Array(frame);
    port.postMessage(copy, [copy.buffer]);
    return true;
  };
  const writeBacklog = (): void => {
    while (backlog.length > 0 && write(backlog[0] as Uint8Array)) {
      backlogBytes -= (backlog.shift() as Uint8Array).byteLength;
    }
  };
  /** Writes what waits; asks to be told when there is room for the rest. */
  const drainBacklog = (): void => {
    writeBacklog();
    if (backlog.length > 0) {
      ring.out.wait();
      writeBacklog();
    }
    if (ring.out.takeSleep()) bell();
  };

  /** @returns whether a frame was there. A large one whose bytes have not come yet holds up all that follow it. */
  const takeOne = (): boolean => {
    if (owedLarge > 0) {
      const frame = large.shift();
      if (!frame) return false;
      owedLarge--;
      receive?.(frame);
      return true;
    }
    const frame = ring.in.read();
    if (frame === undefined) return false;
    if (frame === 'elsewhere') owedLarge++;
    else receive?.(frame);
    return true;
  };
  const planTurn = (): void => {
    if (isTurnPlanned) return;
    isTurnPlanned = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    isTurnPlanned = false;
    if (!receive || !isOpen) return;
    let taken = 0;
    while (taken < FRAMES_PER_TURN && takeOne()) taken++;
    if (taken > 0) {
      if (ring.in.takeWait()) bell();
      lastFrameMs = performance.now();
      return planTurn();
    }
    const nowMs = performance.now();
    if (watchMs > 0 && nowMs - lastFrameMs < watchMs) return planTurn();
    watchMs = watchMs > WATCH_MS_MIN ? watchMs / 2 : 0;
    sleptMs = nowMs;
    if (!ring.in.sleep()) planTurn();
  };
  const wake = (): void => {
    ring.in.wake();
    if (performance.now() - sleptMs < WATCH_MS_MAX) watchMs = WATCH_MS_MAX;
  };

  port.on('message', (message: unknown) => {
    if (message instanceof Uint8Array) large.push(message);
    wake();
    if (backlog.length > 0) drainBacklog();
    turn();
  });
  port.on('messageerror', () => port.close());
  port.once('close', () => {
    // What the other side had written whole before its end still counts.
    while (receive && isOpen && takeOne());
    isOpen = false;
    closed?.('the other end closed');
  });

  return {
    post: (frame) => {
      if (!isOpen) return;
      if (backlog.length === 0 && write(frame)) {
        if (ring.out.takeSleep()) bell();
        return;
      }
      backlog.push(new Uint8Array(frame));
      backlogBytes += frame.byteLength;
      drainBacklog();
    },
    backlogBytes: () => backlogBytes,
    onFrame: (take) => {
      receive = take;
      planTurn();
    },
    onClose: (tell) => {
      closed = tell;
    },
    close: () => {
      isOpen = false;
      port.close();
    },
  };
}
