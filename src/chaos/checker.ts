/** What the checkers of invariants share: they hear what the workload does, and say when something cannot be. */
import type { ClusterFact } from './cluster-facts.ts';
import type { DelegationFact } from './delegation-facts.ts';
import type { VirtualFact } from './virtual-facts.ts';

export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

/** What happened, in the terms of the workload. Every field of the name `stream`, `ask`, `watch` is unique in a run. */
export type Fact =
  | ClusterFact
  | DelegationFact
  | VirtualFact
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
  /** `node` is `n-1#2`, the second life of `n-1`; runs bear its name. */
  | { readonly kind: 'node began'; readonly node: string }
  | { readonly kind: 'node ended'; readonly node: string }
  | { readonly kind: 'run began'; readonly run: string }
  | {
      readonly kind: 'run ended';
      readonly run: string;
      readonly runId: string;
      readonly code: string | undefined;
      readonly isRight: boolean;
    }
  /** Something that may be done at most once was done. */
  | { readonly kind: 'effect'; readonly key: string }
  | {
      readonly kind: 'journaled';
      readonly node: string;
      readonly sequence: number;
      readonly stream: string;
      readonly type: string;
      readonly streamSequence: number;
      readonly digest: string;
    }
  | {
      readonly kind: 'journal opened';
      readonly node: string;
      /** The first event that could not be kept. */
      readonly damagedAt: number | undefined;
    }
  | {
      readonly kind: 'journal found';
      readonly node: string;
      readonly sequence: number;
      readonly stream: string;
      readonly streamSequence: number;
      readonly type: string;
      readonly digest: string;
    }
  /** From here on all that it holds is told. */
  | { readonly kind: 'journal reading'; readonly node: string }
  /** That was all. */
  | { readonly kind: 'journal read'; readonly node: string }
  | {
      readonly kind: 'journal unreadable';
      readonly node: string;
      readonly stream: string;
      readonly reason: string;
    }
  | { readonly kind: 'disk damage'; readonly node: string; readonly what: string }
  | {
      readonly kind: 'group began';
      readonly group: string;
      readonly scope: string;
      readonly children: number;
    }
  | { readonly kind: 'group gave up'; readonly group: string }
  | { readonly kind: 'child started'; readonly group: string; readonly place: number }
  | { readonly kind: 'child failed'; readonly group: string; readonly place: number }
  /** A packet was on its way for so long, longer than any before. */
  | { readonly kind: 'transit'; readonly ms: number }
  /** From here on the clocks of a machine go at this rate. */
  | { readonly kind: 'clock drift'; readonly rate: number }
  /** Something was killed or cut off for good: from here on messages may be lost. */
  | { readonly kind: 'loss'; readonly what: string };

export interface Checker {
  readonly name: string;
  readonly hear: (fact: Fact, nowMs: number) => void;
  /** At the end, when all is healed and quiet. */
  readonly finish: (nowMs: number) => void;
}

export type Report = (invariant: string, what: string) => void;
export type MakeChecker = (report: Report) => Checker;
