/** Two ends of a link inside one thread: what a message channel is between two. Frames arrive in a later microtask. */
import type { FramePort } from '../contracts/index.ts';

export function memoryPorts(): readonly [FramePort, FramePort] {
  const near = new End();
  const far = new End();
  near.peer = far;
  far.peer = near;
  return [near, far];
}

class End implements FramePort {
  peer: End | undefined;
  #receive: ((frame: Uint8Array) => void) | undefined;
  #closed: ((reason: string) => void) | undefined;
  #early: Uint8Array[] = [];
  #isOpen = true;

  readonly post = (frame: Uint8Array): void => {
    if (!this.#isOpen) return;
    const copy = new Uint8Array(frame);
    queueMicrotask(() => this.peer?.take(copy));
  };

  readonly backlogBytes = (): number => 0;

  readonly onFrame = (receive: (frame: Uint8Array) => void): void => {
    this.#receive = receive;
    for (const frame of this.#early.splice(0)) receive(frame);
  };

  readonly onClose = (closed: (reason: string) => void): void => {
    this.#closed = closed;
  };

  /** What was posted before still arrives. */
  readonly close = (): void => {
    if (!this.#isOpen) return;
    queueMicrotask(() => this.peer?.end());
    this.end();
  };

  take(frame: Uint8Array): void {
    if (!this.#isOpen) return;
    if (this.#receive) this.#receive(frame);
    else this.#early.push(frame);
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    queueMicrotask(() => this.#closed?.('the other end closed'));
  }
}
