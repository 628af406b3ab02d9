/** Real streams: unix sockets, and TLS 1.3 with a key that both ends hold instead of certificates. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import { hostname, tmpdir } from 'node:os';
import tls from 'node:tls';
import {
  type ByteStream,
  failure,
  type Result,
  reasonOf,
  type StreamAddress,
  type StreamListener,
  type Streams,
  success,
} from '../contracts/index.ts';
import { isProcessAlive, makeSocketFolder } from './socket-folders.ts';

const DIAL_TIMEOUT_MS = 2_000;
const CONNECTIONS_MAX = 10_000;
/** A key exchange is part of it (psk_dhe_ke), so that a key that leaks later opens nothing that was recorded. */
const TLS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const;

export const realStreams: Streams = {
  hostId: () => {
    try {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      return hostname();
    }
  },
  socketFolder: async () => {
    const path = await makeSocketFolder({
      parent: tmpdir(),
      pid: process.pid,
      isAlive: isProcessAlive,
    });
    return { path, close: () => rm(path, { recursive: true, force: true }) };
  },
  listen: (address, keyOf, onStream) => {
    const server =
      address.kind === 'unix'
        ? net.createServer((socket) => onStream(streamOver(socket)))
        : tls.createServer(
            { ...TLS, pskCallback: (_socket, name) => (keyOf(name) as Buffer | undefined) ?? null },
            (socket) => onStream(streamOver(socket)),
          );
    server.maxConnections = CONNECTIONS_MAX;
    return listen(server, address);
  },
  dial: (address, { name, key }) => {
    const socket =
      address.kind === 'unix'
        ? net.connect({ path: address.path })
        : tls.connect({
            ...TLS,
            host: address.host,
            port: address.port,
            // The key is the proof; there is no certificate with a name to compare.
            checkServerIdentity: () => undefined,
            pskCallback: () => ({ psk: key, identity: name }),
          });
    return dial(socket, address);
  },
};

const shown = (address: StreamAddress): string =>
  address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`;

function listen(server: net.Server, address: StreamAddress): Promise<Result<StreamListener>> {
  const { promise, resolve } = Promise.withResolvers<Result<StreamListener>>();
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.once('error', (thrown) => {
    const [host, port] =
      address.kind === 'unix' ? [shown(address), 0] : [address.host, address.port];
    resolve(failure('PORT_UNAVAILABLE', { host, port, reason: reasonOf(thrown) }));
  });
  const place =
    address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  server.listen(place, () => {
    server.unref();
    const found = server.address();
    const isPort = address.kind === 'tls' && typeof found === 'object' && found !== null;
    resolve(
      success({
        address: isPort ? { ...address, port: found.port } : address,
        close: () =>
          new Promise<void>((closed) => {
            server.close(() => closed());
            for (const socket of sockets) socket.destroy();
          }),
      }),
    );
  });
  return promise;
}

function dial(
  socket: net.Socket | tls.TLSSocket,
  address: StreamAddress,
): Promise<Result<ByteStream>> {
  const { promise, resolve } = Promise.withResolvers<Result<ByteStream>>();
  const fail = (reason: string): void => {
    socket.destroy();
    resolve(failure('NODE_UNREACHABLE', { endpoint: shown(address), reason }));
  };
  socket.setTimeout(DIAL_TIMEOUT_MS, () => fail(`no answer in ${DIAL_TIMEOUT_MS} ms`));
  socket.once('error', (thrown) => fail(reasonOf(thrown)));
  socket.once('close', () => fail('closed'));
  socket.once(socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => {
    socket.setTimeout(0);
    resolve(success(streamOver(socket)));
  });
  return promise;
}

function streamOver(socket: net.Socket): ByteStream {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  return {
    write: (bytes) => {
      if (socket.writable) socket.write(bytes);
    },
    onData: (receive) => {
      socket.on('data', receive);
    },
    onClose: (closed) => {
      socket.once('close', () => closed());
    },
    close: () => {
      socket.destroy();
    },
  };
}
