/**
 * What every contestant can do, so that a benchmark is written once and all do the same work. The functions take the
 * runtime's own context, ref and definition and are one call deep: no object is made for an actor or a message on the way.
 */

/** A runtime's own reference to an actor, and its own context of a turn: opaque to benchmarks. */
export type Ref = object;
export type Self = object;

export interface Behaviour<S, A, M> {
  /** A name for the kind of actor. */
  readonly kind: string;
  readonly initial: (args: A, self: Self) => S;
  /** What it returns answers an ask. State is changed in place. */
  readonly receive: (state: S, message: M, self: Self) => unknown;
}

/** A behaviour in the runtime's own terms; made once, spawned often. */
export interface Definition<A> {
  readonly args?: A;
}

export interface Runtime {
  readonly define: <S, A, M>(behaviour: Behaviour<S, A, M>) => Definition<A>;
  /** Starts an actor at the top. A promise where the runtime needs one. */
  readonly spawn: <A>(definition: Definition<A>, args: A) => Ref | Promise<Ref>;
  /** From inside a turn. */
  readonly tell: (self: Self, to: Ref, message: unknown) => void;
  /** From outside any actor. */
  readonly send: (to: Ref, message: unknown) => void;
  readonly selfOf: (self: Self) => Ref;
  /** Ends the actor whose turn this is, after the turn. */
  readonly stop: (self: Self) => void;
  /** From outside any actor: the system's own promise, without another around it. Missing where there is no ask. */
  readonly ask?: (to: Ref, message: unknown) => Promise<unknown>;
  /** What the ask's promise gave, as the value that the handler returned; throws when that is a failure. */
  readonly valueIn?: (answer: unknown) => unknown;
}

/** Starts several; only a runtime that needs promises pays for them. */
export async function spawnMany<A>(
  runtime: Runtime,
  definition: Definition<A>,
  args: readonly A[],
): Promise<Ref[]> {
  const started = args.map((each) => runtime.spawn(definition, each));
  const isPromised = typeof (started[0] as Partial<PromiseLike<Ref>>).then === 'function';
  return isPromised ? Promise.all(started) : (started as Ref[]);
}
