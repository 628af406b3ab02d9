/** HTTP on the Unix socket of a data directory: who may listen there, what a request holds, how it is answered. */
import { chmod, mkdir, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import {
  type Checked,
  ERROR_TABLE,
  errorOf,
  failure,
  LIMITS,
  type Result,
  type SkeinError,
  success,
} from '../contracts/index.ts';
import { controlSocket, folderProblem } from './control-protocol.ts';

export interface ControlServer {
  readonly path: string;
  readonly close: () => Promise<void>;
}

/** Refuses with NODE_RUNNING when somebody living answers there; what a dead one left behind is removed. Also: CONFIG_INVALID. */
export async function listenForControl(
  dataDir: string,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Result<ControlServer>> {
  const { folder, path } = controlSocket(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const problem = await folderProblem(folder);
  if (problem) return problem;
  if (await answers(path)) return failure('NODE_RUNNING', { dataDir, pid: 0 });
  await unlink(path).catch(() => undefined);
  const server = createServer((request, response) => {
    serve(request, response).catch((thrown: unknown) => sendError(response, errorOf(thrown)));
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(path, listening);
  });
  await chmod(path, 0o600);
  return success({ path, close: () => closeServer(server) });
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

export async function readChecked<T>(
  request: IncomingMessage,
  check: (value: unknown) => Checked<T>,
): Promise<Result<T>> {
  const body = await readBody(request);
  if (!body.ok) return body;
  const checked = check(body.value);
  if (checked.ok) return success(checked.value);
  return failure('ARGUMENT_INVALID', { argument: 'body', ...checked.mismatch });
}

export async function readBody(request: IncomingMessage): Promise<Result<unknown>> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > LIMITS.httpBodyBytes) {
      return failure('ARGUMENT_INVALID', {
        argument: 'body',
        found: `over ${LIMITS.httpBodyBytes} bytes`,
        expected: 'less',
      });
    }
    chunks.push(chunk as Buffer);
  }
  try {
    return success(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    return failure('ARGUMENT_INVALID', {
      argument: 'body',
      found: 'no JSON',
      expected: 'one JSON document',
    });
  }
}

/** Answers are `{ value }` or `{ error }`, so that a value with a field `error` is still a value. */
export function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export const sendResult = (response: ServerResponse, result: Result<unknown>): void =>
  result.ok ? sendValue(response, result.value) : sendError(response, result.error);

export const sendValue = (response: ServerResponse, value: unknown): void =>
  send(response, 200, { value: value ?? null });

export function sendError(response: ServerResponse, error: SkeinError): void {
  if (response.headersSent) response.destroy();
  else send(response, ERROR_TABLE[error.code].httpStatus, { error });
}
