/** What the checkers of invariants share: they hear what the workload does, and say when something cannot be. */

export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

/** What happened, in the terms of the workload. Every field of the name `stream`, `ask`, `watch` is unique in a run. */
export type Fact =
  | {
      readonly kind: 'sent';
      readonly stream: string;
      readonly id: number;
      readonly isAccepted: boolean;
    }
  | { readonly kind: 'received'; readonly stream: string; readonly id: number }
  | {
      readonly kind: 'asked';
      readonly ask: string;
      readonly timeoutMs: number;
      /** Within one thread: it may not run a moment after its deadline. */
      readonly isLocal: boolean;
    }
  | { readonly kind: 'ran'; readonly ask: string }
  | {
      readonly kind: 'settled';
      readonly ask: string;
      readonly result: 'answered' | 'not-delivered' | 'unknown';
      readonly code: string | undefined;
      /** Answered with what was asked for. */
      readonly isRight: boolean;
    }
  | { readonly kind: 'dead letter'; readonly type: string }
  | { readonly kind: 'ended'; readonly actor: string }
  | { readonly kind: 'watched'; readonly watch: string; readonly actor: string }
  | { readonly kind: 'terminated'; readonly watch: string }
  /** Something was killed or cut off for good: from here on messages may be lost. */
  | { readonly kind: 'loss'; readonly what: string };

export interface Checker {
  readonly name: string;
  readonly hear: (fact: Fact, nowMs: number) => void;
  /** At the end, when all is healed and quiet. */
  readonly finish: (nowMs: number) => void;
}

export type Report = (invariant: string, what: string) => void;
