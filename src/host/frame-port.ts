/** A message port as a frame port. Beside frames, one end may be handed ends of other channels (`onPeer`). */
import type { MessagePort, Transferable } from 'node:worker_threads';
import type { FramePort } from '../contracts/index.ts';
import type { RingEnd } from './ring-port.ts';

export interface PeerEnd {
  readonly peer: string;
  readonly end: RingEnd;
}

export interface OpenedPort {
  readonly port: FramePort;
  readonly send: (message: unknown, transfer: readonly Transferable[]) => void;
  readonly onPeer: (receive: (peer: PeerEnd) => void) => void;
}

export function framePort(messagePort: MessagePort): OpenedPort {
  let receiveFrame: ((frame: Uint8Array) => void) | undefined;
  let receivePeer: ((peer: PeerEnd) => void) | undefined;
  const early: unknown[] = [];
  const dispatch = (message: unknown): void => {
    if (message instanceof Uint8Array) {
      if (receiveFrame) receiveFrame(message);
      else early.push(message);
    } else if (receivePeer) receivePeer(message as PeerEnd);
    else early.push(message);
  };
  const replay = (): void => {
    for (const message of early.splice(0)) dispatch(message);
  };
  messagePort.on('message', dispatch);
  messagePort.on('messageerror', () => messagePort.close());

  return {
    send: (message, transfer) => messagePort.postMessage(message, [...transfer]),
    onPeer: (receive) => {
      receivePeer = receive;
      replay();
    },
    port: {
      post: (frame) => messagePort.postMessage(new Uint8Array(frame)),
      backlogBytes: () => 0,
      onFrame: (receive) => {
        receiveFrame = receive;
        replay();
      },
      onClose: (closed) => {
        messagePort.once('close', () => closed('the other end closed'));
      },
      close: () => messagePort.close(),
    },
  };
}
