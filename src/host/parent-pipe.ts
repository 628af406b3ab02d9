/** The pipe to the process that started this one (file descriptor 3): when it closes, the parent is gone. */
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { type ByteStream, failure, type Result, success } from '../contracts/index.ts';

const FD = 3;

/** Failure: ARGUMENT_INVALID when nobody holds the other end. */
export function openParentPipe(): Result<ByteStream> {
  let socket: Socket;
  try {
    if (!fstatSync(FD).isSocket()) throw new Error('no socket');
    socket = new Socket({ fd: FD, readable: true, writable: true });
  } catch {
    const found = 'no pipe on file descriptor 3';
    const expected = 'to be started by a group supervisor: skein up --nodes';
    return failure('ARGUMENT_INVALID', { argument: '--supervised', found, expected });
  }
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  for (const end of ['error', 'end', 'close']) socket.on(end, () => close());
  return success({
    write: (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    onData: (receive) => {
      socket.on('data', receive);
    },
    onClose: (gone) => void closed.then(gone),
    close: () => socket.destroy(),
  });
}
