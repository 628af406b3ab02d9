/** An HTTP server on loopback that fails on purpose: one fault a path, written to the socket byte by byte. */
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What to do with the `attempt`-th request (1-based) of a path, once it has arrived in full. */
type Fault = (socket: Socket, attempt: number) => void;

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface FaultServer {
  /** `127.0.0.1:port`, as a grant names it. */
  readonly host: string;
  /** Requests of a path that arrived in full, in order. */
  readonly seen: (path: string) => readonly SeenRequest[];
  readonly close: () => Promise<void>;
}

const answer = (status: number, body: string, headers: readonly string[] = []): string =>
  [`HTTP/1.1 ${status} Fault`, `content-length: ${body.length}`, ...headers, '', body].join('\r\n');

const answers =
  (status: number, body = `status ${status}`, headers: readonly string[] = []): Fault =>
  (socket) =>
    socket.end(answer(status, body, headers));
const writesThenHangs =
  (text: string): Fault =>
  (socket) =>
    socket.write(text);
const writesThenResets =
  (text: string): Fault =>
  (socket) =>
    socket.write(text, () => socket.resetAndDestroy());

export const BODY_OVER_LIMIT_BYTES = 600_000;
const HALF_ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of';

const FAULTS: Readonly<Record<string, Fault>> = {
  '/ok': answers(200, '{"price":42}', ['content-type: application/json']),
  '/hangs-before-headers': () => undefined,
  '/hangs-in-headers': writesThenHangs('HTTP/1.1 200 OK\r\ncontent-'),
  '/hangs-in-body': writesThenHangs(HALF_ANSWER),
  '/resets-in-headers': writesThenResets('HTTP/1.1 200 OK\r\ncontent-'),
  '/resets-in-body': writesThenResets(HALF_ANSWER),
  '/ends-in-body': (socket) => socket.end(HALF_ANSWER),
  '/closes-without-a-word': (socket) => socket.end(),
  '/malformed': (socket) => socket.end('this is no HTTP\r\n\r\n'),
  '/too-large': answers(200, 'x'.repeat(BODY_OVER_LIMIT_BYTES)),
  '/unwell-once': (socket, attempt) => answers(attempt === 1 ? 503 : 200)(socket, attempt),
  '/redirects': answers(302, '', ['location: http://169.254.169.254/latest/meta-data']),
  '/status/400': answers(400),
  '/status/404': answers(404),
  '/status/429': answers(429),
  '/status/500': answers(500),
  '/status/503': answers(503),
};

export async function startFaultServer(): Promise<FaultServer> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const seen = (path: string) => requests.filter((request) => request.path === path);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      const request = parsed(text);
      if (!request) return;
      text = '';
      requests.push(request);
      FAULTS[request.path]?.(socket, seen(request.path).length);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The request, once its head and as much body as it announces are there. */
function parsed(text: string): SeenRequest | undefined {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  if (rest.length === 0) return undefined;
  const body = rest.join('\r\n\r\n');
  const announced = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  if (body.length < announced) return undefined;
  const [method = '', path = ''] = head.split(' ', 2);
  return { method, path, body };
}

/** A loopback port where nobody listens: one that a server had a moment ago. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
