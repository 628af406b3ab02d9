/** xstate 5: actors of transition logic, the smallest that it has. Delivery is synchronous and has no bounds; no ask. */
import type { Behaviour, Definition, Ref, Runtime, Self } from './runtime.ts';

interface XActor {
  readonly start: () => XActor;
  readonly stop: () => void;
  readonly send: (event: Run) => void;
}
interface Run {
  readonly type: string;
  readonly message: unknown;
}
interface Xstate {
  readonly createActor: (logic: object, options: { readonly input: unknown }) => XActor;
  readonly fromTransition: (
    transition: (state: unknown, event: Run, scope: { readonly self: Self }) => unknown,
    initial: (given: { readonly input: unknown; readonly self: Self }) => unknown,
  ) => object;
}

export async function startXstate(): Promise<Runtime> {
  const name = 'xstate';
  const { createActor, fromTransition } = (await import(name)) as Xstate;
  const logicOf = ({ initial, receive }: Behaviour<unknown, unknown, unknown>): object =>
    fromTransition(
      (state, event, { self }) => {
        // The actor's own stop comes this way too.
        if (event.type === 'run') receive(state, event.message, self);
        return state;
      },
      ({ input, self }) => initial(input, self),
    );
  const send = (to: Ref, message: unknown): void => (to as XActor).send({ type: 'run', message });
  return {
    define: (behaviour) => logicOf(behaviour as never) as Definition<never>,
    spawn: (definition, args) => createActor(definition, { input: args }).start(),
    tell: (_self, to, message) => send(to, message),
    send,
    selfOf: (self) => self,
    stop: (self) => (self as XActor).stop(),
  };
}
