/**
 * Skein as it ships: real clock, timers and randomness, bounded mailboxes of the default capacity, supervision by the root,
 * dead letters. A message that was refused ends the benchmark: none may count work that was dropped.
 */
import type { Log, NodeId } from '../../src/contracts/index.ts';
import { realPorts } from '../../src/host/index.ts';
import {
  type ActorContext,
  type ActorRef,
  ActorSystem,
  type AnyDefinition,
  type AskResult,
  defineActor,
} from '../../src/kernel/index.ts';
import type { Runtime } from './runtime.ts';

const complain = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
  process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
};
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: complain,
  error: complain,
};

export function startSkein(): Runtime {
  const system = new ActorSystem({ node: 'n-bench' as NodeId, ports: realPorts, log: quietLog });
  return {
    define: ({ kind, initial, receive }) =>
      defineActor({ kind, initial, receive: { run: receive } } as AnyDefinition) as never,
    spawn: (definition, args) => system.spawn(definition as AnyDefinition, args),
    tell: (self, to, message) => {
      const sent = (self as ActorContext).tell(to as ActorRef, 'run', message);
      if (sent.kind !== 'accepted') throw new Error(`a message was ${sent.kind}`);
    },
    send: (to, message) => {
      const sent = system.tell(to as ActorRef, 'run', message);
      if (sent.kind !== 'accepted') throw new Error(`a message was ${sent.kind}`);
    },
    selfOf: (self) => (self as ActorContext).self,
    stop: (self) => (self as ActorContext).stop(),
    ask: (to, message) => system.ask(to as ActorRef, 'run', message),
    valueIn: (answer) => {
      const result = answer as AskResult<unknown>;
      if (result.kind !== 'answered') throw new Error(result.error.message);
      return result.value;
    },
  };
}
