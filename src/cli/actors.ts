/** `skein actors`: messages to the actors that skill packages bring, and those that live on the node now. */
import type { Command } from 'commander';
import { ControlClient } from '../api/index.ts';
import { failure, type Json, type Result, reasonOf, success } from '../contracts/index.ts';
import type { ActiveActor, ActorMessage } from '../runtime/index.ts';
import type { Add, Finish } from './adding.ts';
import { askNode } from './ask-node.ts';
import { timeSpan } from './flag-values.ts';
import { bold, type GlobalOptions, printJson, printLine, reportError } from './output.ts';

interface AskOptions extends GlobalOptions {
  readonly tenant?: string;
  readonly timeout?: number;
}

export function addActors(add: Add, finish: Finish, program: Command): void {
  const actors = add(program, 'actors', 'ask the actors of skill packages, and list them');
  add(actors, 'ask', 'send a message to an actor, wherever it lives, and print its reply')
    .argument('<skill>', 'the package that brings it')
    .argument('<key>', 'which of them')
    .argument('<type>', 'of the message, as its manifest lists it')
    .argument('[payload]', 'JSON; default null')
    .option('--tenant <name>', 'whose actor it is; default: default')
    .option('--timeout <time>', 'over all tries, as 10s, which is the default', timeSpan)
    .action(
      finish((options, skill: string, key: string, type: string, payload?: string) =>
        askCommand({ skill, key, type }, payload, options as AskOptions),
      ),
    );
  add(actors, 'ls', 'list the actors that live on the node, or group of nodes, now').action(
    finish(listCommand),
  );
}

async function askCommand(
  target: Pick<ActorMessage, 'skill' | 'key' | 'type'>,
  text: string | undefined,
  { tenant, timeout, data, json }: AskOptions,
): Promise<number> {
  const payload = payloadIn(text);
  if (!payload.ok) return reportError(payload.error, json);
  const message: ActorMessage = {
    ...{ ...target, payload: payload.value },
    ...(tenant === undefined ? {} : { tenant }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  };
  const reply = await askNode<Json>(data, { path: '/v1/actors', body: message }, (node) =>
    node.actors.ask(message),
  );
  if (!reply.ok) return reportError(reply.error, json);
  if (json) printJson(reply.value);
  else printLine(JSON.stringify(reply.value));
  return 0;
}

function payloadIn(text: string | undefined): Result<Json> {
  if (text === undefined) return success(null);
  try {
    return success(JSON.parse(text) as Json);
  } catch (thrown) {
    const found = `${text.slice(0, 100)} (${reasonOf(thrown)})`;
    return failure('ARGUMENT_INVALID', { argument: 'payload', found, expected: 'JSON' });
  }
}

async function listCommand({ data, json }: GlobalOptions): Promise<number> {
  const actors = await new ControlClient(data).get<readonly ActiveActor[]>('/v1/actors');
  if (!actors.ok) return reportError(actors.error, json);
  if (json) printJson(actors.value);
  else if (actors.value.length === 0)
    printLine('none lives here now; a message brings one to life');
  else
    for (const { skill, tenant, key } of actors.value)
      printLine(`${bold(skill)}  ${tenant}  ${key}`);
  return 0;
}
