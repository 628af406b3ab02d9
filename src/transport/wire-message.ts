/** What crosses from one thread to another: a closed union. Frames carry any number of these, in order. */
import type { SkeinError } from '../contracts/index.ts';

/** The version that both ends of a link must speak. Grows when a field changes its meaning. */
export const WIRE_VERSION = 1;

export interface WireUserMessage {
  readonly kind: 'user';
  readonly to: string;
  readonly incarnation: number;
  readonly type: string;
  readonly payload: unknown;
  readonly sender: unknown;
  readonly askId: number;
  /** What is left of the deadline; clocks of two machines differ, spans of time do not. Null: no deadline. */
  readonly remainingMs: number | null;
  readonly traceparent: string | null;
  /** Wall clock of the sender when the message left, for the span of the hop; 0 unless sampled. */
  readonly sentAtMs: number;
}

export interface WireAnswer {
  readonly kind: 'answer';
  readonly askId: number;
  readonly answer:
    | { readonly kind: 'answered'; readonly value: unknown }
    | { readonly kind: 'not-delivered' | 'unknown'; readonly error: SkeinError };
}

export interface WireSignal {
  readonly kind: 'signal';
  readonly to: string;
  readonly incarnation: number;
  readonly signal: unknown;
}

/** Starts an actor on the receiving thread for a parent that lives on another. */
export interface WireSpawn {
  readonly kind: 'spawn';
  readonly path: string;
  readonly incarnation: number;
  readonly parent: unknown;
  /** URL of the ES module that exports the definition. */
  readonly module: string;
  readonly exportName: string;
  readonly args: unknown;
}

export type WireMessage = WireUserMessage | WireAnswer | WireSignal | WireSpawn;
