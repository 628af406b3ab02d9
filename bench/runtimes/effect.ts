/** Effect: an actor is a bounded queue and a fiber that takes from it; an ask is a deferred in the message. */
import type { Behaviour, Definition, Ref, Runtime, Self } from './runtime.ts';

interface Fx {
  readonly Effect: {
    readonly map: (effect: unknown, f: (value: never) => unknown) => unknown;
    readonly forever: (effect: unknown) => unknown;
    readonly runFork: (effect: unknown) => unknown;
    readonly runSync: (effect: unknown) => unknown;
    readonly runPromise: (effect: unknown) => Promise<unknown>;
    readonly succeed: (value: unknown) => unknown;
  };
  readonly Queue: {
    readonly bounded: (capacity: number) => unknown;
    readonly take: (queue: object) => unknown;
    readonly offerUnsafe: (queue: object, message: unknown) => boolean;
    readonly shutdownUnsafe: (queue: object) => boolean;
  };
  readonly Deferred: {
    readonly makeUnsafe: () => object;
    readonly doneUnsafe: (deferred: object, effect: unknown) => unknown;
    readonly await: (deferred: object) => unknown;
  };
}

const CAPACITY = 1_000;

class Asked {
  readonly message: unknown;
  readonly deferred: object;
  constructor(message: unknown, deferred: object) {
    this.message = message;
    this.deferred = deferred;
  }
}

export async function startEffect(): Promise<Runtime> {
  const name = 'effect';
  const { Effect, Queue, Deferred } = (await import(name)) as Fx;
  const send = (to: Ref, message: unknown): void => {
    if (!Queue.offerUnsafe(to, message)) throw new Error('a queue is full');
  };
  const spawn = (behaviour: Behaviour<unknown, unknown, unknown>, args: unknown): Ref => {
    const queue = Effect.runSync(Queue.bounded(CAPACITY)) as Self;
    const state = behaviour.initial(args, queue);
    const turn = (message: unknown): void => {
      if (message instanceof Asked) {
        const answer = behaviour.receive(state, message.message, queue);
        Deferred.doneUnsafe(message.deferred, Effect.succeed(answer));
      } else {
        behaviour.receive(state, message, queue);
      }
    };
    Effect.runFork(Effect.forever(Effect.map(Queue.take(queue), turn)));
    return queue;
  };
  return {
    define: (behaviour) => behaviour as Definition<never>,
    spawn: (definition, args) => spawn(definition as never, args),
    tell: (_self, to, message) => send(to, message),
    send,
    selfOf: (self) => self,
    stop: (self) => void Queue.shutdownUnsafe(self),
    ask: (to, message) => {
      const deferred = Deferred.makeUnsafe();
      send(to, new Asked(message, deferred));
      return Effect.runPromise(Deferred.await(deferred));
    },
  };
}
