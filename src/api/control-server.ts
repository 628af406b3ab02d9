/** The control endpoint of a node: status, skills, traces and runs for the commands of the same user on the same machine. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Type from 'typebox';
import { CeilingSchema, checker, failure, type Result } from '../contracts/index.ts';
import type { ActorMessage, ExecuteRequest, HaltWish, Query, SkeinNode } from '../runtime/index.ts';
import { loadSkillPackage } from '../skills/index.ts';
import { AnswersOut } from './answers-out.ts';
import {
  type ControlServer,
  listenForControl,
  readBody,
  readChecked,
  send,
  sendError,
  sendResult,
  sendValue,
} from './control-http.ts';
import { checkHalt, checkHaltRelease, type RunLine } from './control-protocol.ts';
import { servePublish, serveYank } from './package-requests.ts';

const closed = { additionalProperties: false } as const;
export const checkRun = checker(
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
export const checkDrain = checker(
  Type.Object({ timeoutMs: Type.Integer({ minimum: 0, maximum: 86_400_000 }) }, closed),
);
const checkContract = checker(
  Type.Object(
    { skill: Type.String({ minLength: 1 }), profile: Type.Optional(CeilingSchema) },
    closed,
  ),
);

const short = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const checkVote = checker(
  Type.Object(
    {
      approval: short(64),
      verdict: Type.Union([Type.Literal('approve'), Type.Literal('deny')]),
      by: short(64),
      reason: Type.Optional(short(500)),
      signature: short(100),
    },
    closed,
  ),
);

/** Failures: NODE_RUNNING, CONFIG_INVALID. */
export const startControlServer = (
  node: SkeinNode,
  dataDir: string,
): Promise<Result<ControlServer>> => {
  const answers = new AnswersOut();
  node.onDrain(() => answers.allOut());
  return listenForControl(dataDir, (request, response) => {
    if (isRun(request)) answers.add(response);
    return serve(node, request, response);
  });
};

const isRun = ({ method, url }: IncomingMessage): boolean =>
  method === 'POST' && url === '/v1/runs';

async function serve(
  node: SkeinNode,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://node');
  const [, version, room = '', name, act] = pathname.split('/');
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
    case 'GET v1/registry':
      return sendValue(response, node.registry());
    case 'POST v1/packages':
      return servePublish(node, request, response);
    case 'POST v1/yanks':
      return serveYank(node, request, response);
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
    case 'GET v1/approvals':
      return sendResult(
        response,
        await (name === undefined ? node.approvals.list() : node.approvals.show(name)),
      );
    case 'POST v1/approvals': {
      const body = await readChecked(request, checkVote);
      return sendResult(response, body.ok ? await node.approvals.vote(body.value) : body);
    }
    case 'GET v1/actors':
      return sendValue(response, node.actors.active());
    case 'POST v1/actors': {
      const body = await readBody(request);
      return sendResult(
        response,
        body.ok ? await node.actors.ask(body.value as ActorMessage) : body,
      );
    }
    case 'POST v1/runs':
      return serveRun(node, request, response);
    case 'GET v1/halts':
      return sendValue(response, node.halts.status());
    case 'POST v1/halts':
      return serveHalt(node, { name, act }, request, response);
    case 'POST v1/nodes':
      return serveNode(node, { name, act }, request, response);
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
  const write = (line: RunLine) => response.write(`${JSON.stringify(line)}\n`);
  const outcome = await node.execute(checked.value as ExecuteRequest, (event) => write({ event }));
  write({ outcome, spans: await node.trace(outcome.correlationId, 'asked') });
  response.end();
}

/** An order, or with its ID and `release` the release of one. */
async function serveHalt(
  { halts }: SkeinNode,
  { name, act }: { readonly name: string | undefined; readonly act: string | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (name === undefined) {
    const body = await readChecked(request, checkHalt);
    if (!body.ok) return sendError(response, body.error);
    const { timeoutMs, ...wish } = body.value;
    return sendResult(response, await halts.order(wish as HaltWish, timeoutMs));
  }
  if (act !== 'release') return send(response, 404, { error: { message: `there is no ${act}` } });
  const body = await readChecked(request, checkHaltRelease);
  if (!body.ok) return sendError(response, body.error);
  const { timeoutMs, ...said } = body.value;
  return sendResult(response, await halts.release(name, said, timeoutMs));
}

/** `drain` and `resume` of this node, by its ID or as `self`. */
async function serveNode(
  node: SkeinNode,
  { name, act }: { readonly name: string | undefined; readonly act: string | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (name !== 'self' && name !== node.id) {
    const expected = `${node.id}, the one node of this data directory`;
    return sendResult(
      response,
      failure('ARGUMENT_INVALID', {
        argument: 'node',
        found: (name ?? '').slice(0, 100),
        expected,
      }),
    );
  }
  if (act === 'resume') {
    node.resume();
    return sendValue(response, null);
  }
  const body = await readChecked(request, checkDrain);
  return sendResult(response, body.ok ? await node.drain(body.value) : body);
}
