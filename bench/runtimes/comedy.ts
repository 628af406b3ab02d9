/** comedy: actors in memory, a bluebird promise a message; no mailbox of their own. */
import type { Behaviour, Definition, Ref, Runtime, Self } from './runtime.ts';

export interface ComedyActor {
  readonly createChild: (definition: object | string, options?: object) => Promise<ComedyActor>;
  readonly send: (topic: string, message: unknown) => unknown;
  readonly sendAndReceive: (topic: string, message?: unknown) => Promise<unknown>;
  readonly destroy: () => Promise<void>;
}
interface Comedy {
  readonly createSystem: (options: object) => { readonly rootActor: () => Promise<ComedyActor> };
}

class Acting {
  readonly behaviour: Behaviour<unknown, unknown, unknown>;
  readonly args: unknown;
  self: Self | undefined;
  state: unknown;

  constructor(behaviour: Behaviour<unknown, unknown, unknown>, args: unknown) {
    this.behaviour = behaviour;
    this.args = args;
  }

  initialize(self: Self): void {
    this.self = self;
    this.state = this.behaviour.initial(this.args, self);
  }

  run(message: unknown): unknown {
    return this.behaviour.receive(this.state, message, this.self as Self);
  }
}

async function startRoot(): Promise<ComedyActor> {
  const name = 'comedy';
  const { default: comedy } = (await import(name)) as { readonly default: Comedy };
  return comedy.createSystem({ test: true }).rootActor();
}

/** An actor on a worker thread, loaded by its path, which begins where the package is installed. */
export async function startThreadedComedy(path: string): Promise<ComedyActor> {
  const root = await startRoot();
  return root.createChild(path, { mode: 'threaded' });
}

export async function startComedy(): Promise<Runtime> {
  const root = await startRoot();
  const send = (to: Ref, message: unknown): void => {
    void (to as ComedyActor).send('run', message);
  };
  return {
    define: (behaviour) => behaviour as Definition<never>,
    // The instance's own methods are looked up on the object itself.
    spawn: (definition, args) => {
      const acting = new Acting(definition as never, args);
      return root.createChild({
        initialize: (self: Self) => acting.initialize(self),
        run: (message: unknown) => acting.run(message),
      });
    },
    tell: (_self, to, message) => send(to, message),
    send,
    selfOf: (self) => self,
    stop: (self) => void (self as ComedyActor).destroy(),
    ask: (to, message) => (to as ComedyActor).sendAndReceive('run', message),
  };
}
