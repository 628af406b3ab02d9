/** A TCP proxy between one node and NATS that can be cut: connections are reset, or go silent and keep what is on its way. */
import { connect, createServer, type Socket } from 'node:net';

export interface CutProxy {
  readonly port: number;
  readonly cut: (way: 'reset' | 'silent') => void;
  readonly heal: () => void;
  readonly close: () => void;
}

export async function cutProxy(targetPort: number): Promise<CutProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(targetPort, '127.0.0.1');
    for (const socket of [near, far]) keep(socket);
    const join = (from: Socket, to: Socket): void => {
      from.on('data', (bytes) => to.write(bytes));
      from.on('close', () => to.destroy());
    };
    join(near, far);
    join(far, near);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    port,
    cut: (way) => {
      isCut = true;
      for (const socket of sockets) way === 'reset' ? socket.destroy() : socket.pause();
    },
    heal: () => {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
