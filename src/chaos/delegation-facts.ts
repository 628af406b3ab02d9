/** What becomes of steps that nodes do for each other, as the checkers hear it. A task is one step, by the name that the workload gave it. */

export type Effects = 'none' | 'idempotent' | 'once';

export type DelegationFact =
  /** `n-1#2 task 3`, of that life of its node. */
  | {
      readonly kind: 'task began';
      readonly task: string;
      readonly effects: Effects;
      /** So often its skill may begin on one node; and so many answers are waited for. */
      readonly attempts: number;
      readonly calls: number;
    }
  /** Its skill begins in this life of a node. */
  | { readonly kind: 'task performed'; readonly task: string; readonly by: string }
  /** The world outside was asked to do it under this key, and did, or knew the key and had done it before. */
  | {
      readonly kind: 'task effect';
      readonly task: string;
      readonly key: string;
      readonly isRepeat: boolean;
    }
  /** Whoever asked was told. `lost`: the node of which it is not known whether it did it. */
  | {
      readonly kind: 'task ended';
      readonly task: string;
      readonly code: string | undefined;
      readonly isRight: boolean;
      readonly lost: string | undefined;
    }
  | { readonly kind: 'offer refused'; readonly by: string }
  /** Every node has had time to answer by now. */
  | { readonly kind: 'tasks due'; readonly since: string };
