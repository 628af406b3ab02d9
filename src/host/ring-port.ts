/**
 * A frame port between two threads: frames go through a ring in shared memory, one each way. A message port beside them
 * rings the bell for a side that sleeps, carries frames too large for the ring (their place in the order is kept in it), and
 * tells of the other side's end. Nobody spins: a side that has nothing to do sleeps in its event loop.
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
  let closed: (() => void) | undefined;
  let isOpen = true;
  let isTurnPlanned = false;

  const bell = (): void => {
    if (isOpen) port.postMessage(BELL);
  };
  const isLarge = (frame: Uint8Array): boolean => frame.byteLength > ring.out.frameBytesMax;
  const write = (frame: Uint8Array): boolean => {
    if (!isLarge(frame)) return ring.out.write(frame);
    if (!ring.out.writeElsewhere()) return false;
    const copy = frame.slice();
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
    if (taken > 0 && ring.in.takeWait()) bell();
    // After work another look comes cheaper than a sleep and a bell; without any, the writer is told to ring.
    if (taken > 0 || !ring.in.sleep()) planTurn();
  };

  port.on('message', (message: unknown) => {
    if (message instanceof Uint8Array) large.push(message);
    ring.in.wake();
    if (backlog.length > 0) drainBacklog();
    turn();
  });
  port.on('messageerror', () => port.close());
  port.once('close', () => {
    // What the other side had written whole before its end still counts.
    while (receive && isOpen && takeOne());
    isOpen = false;
    closed?.();
  });

  return {
    post: (frame) => {
      if (!isOpen) return;
      if (backlog.length === 0 && write(frame)) {
        if (ring.out.takeSleep()) bell();
        return;
      }
      backlog.push(frame.slice());
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
