/** What becomes of virtual actors and of those that ask them, as the checkers hear it. `copy` is one activation, as `n-1#2/counter/3`. */

export type CounterAsk = 'increment' | 'read' | 'remindMe' | 'fail';

export type VirtualFact =
  /** It takes its first turn. */
  | {
      readonly kind: 'activation began';
      readonly copy: string;
      readonly key: string;
      readonly revision: number;
      readonly nonce: string;
    }
  | { readonly kind: 'activation ended'; readonly copy: string }
  /** Those that hold their lease at this moment. Told when they change. */
  | { readonly kind: 'activations'; readonly key: string; readonly copies: readonly string[] }
  /** A node has given an activation up, for this reason. */
  | {
      readonly kind: 'actor given up';
      readonly by: string;
      readonly key: string;
      readonly reason: string;
    }
  /** IDs grow with time, over all clients. */
  | {
      readonly kind: 'counter asked';
      readonly id: number;
      readonly key: string;
      readonly what: CounterAsk;
    }
  | {
      readonly kind: 'counter told';
      readonly id: number;
      readonly outcome: 'answered' | 'not-delivered' | 'unknown';
      readonly code: string | undefined;
    }
  /** The answer to a `read`. */
  | {
      readonly kind: 'counter found';
      readonly id: number;
      readonly key: string;
      readonly done: readonly number[];
      readonly fired: readonly number[];
    }
  /** A turn that sets a reminder, or is one; it may still come to nothing. */
  | { readonly kind: 'reminder set'; readonly key: string; readonly by: string }
  | { readonly kind: 'reminder fired'; readonly key: string; readonly by: string }
  /** A message came to a node that has not got the actor, and goes on to another. */
  | {
      readonly kind: 'stale route';
      readonly actor: string;
      readonly node: string;
      readonly reason: string;
    };
