/** nact: a turn is an `async` function and a timer on the event loop; mailboxes have no bounds. */
import type { Behaviour, Definition, Ref, Runtime, Self } from './runtime.ts';

interface Context {
  readonly self: Ref;
  readonly sender: Ref;
}
type Receive = (state: unknown, message: unknown, context: Context) => unknown;
interface Nact {
  readonly start: () => Ref;
  readonly spawn: (parent: Ref, receive: Receive, name: string, options: object) => Ref;
  readonly dispatch: (to: Ref, message: unknown, sender?: Ref) => void;
  readonly query: (to: Ref, message: unknown, timeoutMs: number) => Promise<unknown>;
  readonly stop: (actor: Ref) => void;
}

const ASK_TIMEOUT_MS = 5_000;

export async function startNact(): Promise<Runtime> {
  const name = 'nact';
  const module = (await import(name)) as { readonly default: Nact };
  const { start, spawn, dispatch, query, stop } = module.default;
  const system = start();
  let started = 0;
  const spawnOne = (behaviour: Behaviour<unknown, unknown, unknown>, args: unknown): Ref => {
    const { receive, initial } = behaviour;
    const turn: Receive = (state, message, context) => {
      const answer = receive(state, message, context);
      if (answer !== undefined) dispatch(context.sender, answer);
      return state;
    };
    const initialStateFunc = (context: Self): unknown => initial(args, context);
    return spawn(system, turn, `a${++started}`, { initialStateFunc });
  };
  return {
    define: (behaviour) => behaviour as Definition<never>,
    spawn: (definition, args) => spawnOne(definition as never, args),
    tell: (_self, to, message) => dispatch(to, message),
    send: (to, message) => dispatch(to, message),
    selfOf: (self) => (self as Context).self,
    stop: (self) => stop((self as Context).self),
    ask: (to, message) => query(to, message, ASK_TIMEOUT_MS),
  };
}
