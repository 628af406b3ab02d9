/** The control endpoint of a node: status, skills, traces and runs for the commands of the same user on the same machine. */
import { chmod, lstat, mkdir, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import Type from 'typebox';
import {
  CeilingSchema,
  type Checked,
  checker,
  ERROR_TABLE,
  errorOf,
  failure,
  LIMITS,
  type Result,
  type SkeinError,
  success,
} from '../contracts/index.ts';
import type { ExecuteRequest, Query, SkeinNode } from '../runtime/index.ts';
import { loadSkillPackage } from '../skills/index.ts';
import { controlSocket } from './control-protocol.ts';

const closed = { additionalProperties: false } as const;
const checkRun = checker(
  Type.Object(
    {
      target: Type.Union([
        Type.Object(
          {
            kind: Type.Literal('plan-text'),
            text: Type.String(),
            file: Type.Optional(Type.String()),
          },
          closed,
        ),
        Type.Object({ kind: Type.Literal('skill'), skill: Type.String({ minLength: 1 }) }, closed),
      ]),
      input: Type.Optional(Type.Unknown()),
      profile: Type.Optional(CeilingSchema),
    },
    closed,
  ),
);
const checkFolder = checker(Type.Object({ folder: Type.String({ minLength: 1 }) }, closed));
const checkContract = checker(
  Type.Object(
    { skill: Type.String({ minLength: 1 }), profile: Type.Optional(CeilingSchema) },
    closed,
  ),
);

export interface ControlServer {
  readonly path: string;
  readonly close: () => Promise<void>;
}

/** Refuses with NODE_RUNNING when a living node answers there; what a dead one left behind is removed. */
export async function startControlServer(
  node: SkeinNode,
  dataDir: string,
): Promise<Result<ControlServer>> {
  const { folder, path } = controlSocket(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await lstat(folder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    return failure('CONFIG_INVALID', {
      file: folder,
      found: 'a folder that others can open',
      expected: 'one of yours with mode 700',
    });
  }
  if (await answers(path)) return failure('NODE_RUNNING', { dataDir, pid: 0 });
  await unlink(path).catch(() => undefined);
  const server = createServer((request, response) => {
    serve(node, request, response).catch((thrown: unknown) => sendError(response, errorOf(thrown)));
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

async function serve(
  node: SkeinNode,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://node');
  const [, version, room = '', name] = pathname.split('/');
  const route = `${request.method} ${version}/${room}`;
  switch (route) {
    case 'GET v1/status':
      return sendValue(response, await node.status());
    case 'GET v1/dead-letters':
      return sendValue(response, node.deadLetters());
    case 'GET v1/skills': {
      if (name === undefined)
        return sendValue(
          response,
          node.skills().map((skill) => skill.manifest),
        );
      const found = await node.describe(decodeURIComponent(name));
      return sendResult(response, found);
    }
    case 'GET v1/traces':
      return sendValue(response, await node.trace(name ?? ''));
    case 'POST v1/skills': {
      const body = await readChecked(request, checkFolder);
      const skill = body.ok ? await loadSkillPackage(body.value.folder) : body;
      return sendResult(response, skill.ok ? await node.register(skill.value) : skill);
    }
    case 'POST v1/contracts': {
      const body = await readChecked(request, checkContract);
      if (!body.ok) return sendError(response, body.error);
      const { skill, profile } = body.value;
      return sendResult(response, await node.resourceContract(skill, profile ? { profile } : {}));
    }
    case 'POST v1/queries': {
      const body = await readBody(request);
      return sendResult(response, body.ok ? await node.query(body.value as Query) : body);
    }
    case 'POST v1/runs':
      return serveRun(node, request, response);
    default:
      return send(response, 404, {
        error: { message: `there is no ${request.method} ${pathname}` },
      });
  }
}

async function serveRun(
  node: SkeinNode,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const checked = await readChecked(request, checkRun);
  if (!checked.ok) return sendError(response, checked.error);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const write = (line: object) => response.write(`${JSON.stringify(line)}\n`);
  const outcome = await node.execute(checked.value as ExecuteRequest, (event) => write({ event }));
  write({ outcome, spans: await node.trace(outcome.correlationId) });
  response.end();
}

async function readChecked<T>(
  request: IncomingMessage,
  check: (value: unknown) => Checked<T>,
): Promise<Result<T>> {
  const body = await readBody(request);
  if (!body.ok) return body;
  const checked = check(body.value);
  if (checked.ok) return success(checked.value);
  return failure('ARGUMENT_INVALID', { argument: 'body', ...checked.mismatch });
}

async function readBody(request: IncomingMessage): Promise<Result<unknown>> {
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
function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const sendResult = (response: ServerResponse, result: Result<unknown>): void =>
  result.ok ? sendValue(response, result.value) : sendError(response, result.error);

const sendValue = (response: ServerResponse, value: unknown): void =>
  send(response, 200, { value: value ?? null });

function sendError(response: ServerResponse, error: SkeinError): void {
  if (response.headersSent) response.destroy();
  else send(response, ERROR_TABLE[error.code].httpStatus, { error });
}
