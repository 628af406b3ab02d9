/** Two ends of a link inside one thread: what a message channel is between two. Frames arrive in a later microtask. */
import type { FramePort } from '../contracts/index.ts';

interface End extends FramePort {
  receive: ((frame: Uint8Array) => void) | undefined;
  closed: ((reason: string) => void) | undefined;
}

export function memoryPorts(): readonly [FramePort, FramePort] {
  let isOpen = true;
  const ends: End[] = [];
  const makeEnd = (peer: number): End => ({
    receive: undefined,
    closed: undefined,
    post: (frame) => {
      const copy = new Uint8Array(frame);
      queueMicrotask(() => isOpen && ends[peer]?.receive?.(copy));
    },
    backlogBytes: () => 0,
    onFrame(receive) {
      this.receive = receive;
    },
    onClose(closed) {
      this.closed = closed;
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      queueMicrotask(() => ends[peer]?.closed?.('the other end closed'));
    },
  });
  ends.push(makeEnd(1), makeEnd(0));
  return [ends[0] as FramePort, ends[1] as FramePort];
}
