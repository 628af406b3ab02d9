/** What a server says first to whoever dials it: one line, from a plain TCP connection that is closed after it. */
import net from 'node:net';
import { failure, type Result, success } from '../contracts/index.ts';

export interface GreetingOptions {
  readonly host: string;
  readonly port: number;
  /** For dialling, and once more for the line; default 3,000. */
  readonly timeoutMs?: number;
}

export interface Greeting {
  /** Undefined: it took the connection and said nothing in time, or no whole line. */
  readonly line: string | undefined;
}

const LINE_BYTES = 64 * 1024;

/** Failure: NODE_UNREACHABLE, when nothing takes the connection. */
export function readGreeting({
  host,
  port,
  timeoutMs = 3_000,
}: GreetingOptions): Promise<Result<Greeting>> {
  const { promise, resolve } = Promise.withResolvers<Result<Greeting>>();
  const socket = net.connect({ host, port });
  let isConnected = false;
  let said = '';
  const end = (result: Result<Greeting>): void => {
    resolve(result);
    socket.destroy();
  };
  const silent = (reason: string): void =>
    end(
      isConnected
        ? success({ line: undefined })
        : failure('NODE_UNREACHABLE', { endpoint: `${host}:${port}`, reason }),
    );
  socket.setEncoding('latin1');
  socket.setTimeout(timeoutMs, () => silent(`no answer in ${timeoutMs} ms`));
  socket.once('connect', () => {
    isConnected = true;
  });
  socket.on('data', (text: string) => {
    said += text;
    const [line, ...rest] = said.split('\n');
    if (rest.length > 0) end(success({ line: (line ?? '').trimEnd() }));
    else if (said.length > LINE_BYTES) end(success({ line: undefined }));
  });
  socket.once('error', (error: NodeJS.ErrnoException) => silent(error.code ?? error.message));
  socket.once('close', () => silent('it closed the connection'));
  return promise;
}
