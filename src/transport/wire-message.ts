/** What crosses from one thread to another. Frames carry any number of these, in order. */
import type { SkeinError, TraceContext } from '../contracts/index.ts';

/** The version that both threads of one node must speak, which are always of one build. Other nodes: `wire-versions.ts`. */
export const WIRE_VERSION = 3;

/** A message of an actor. */
export interface UserMessage {
  /** A ref: any object that the codec knows (`registerWireType`), known again by its identity. */
  readonly target: object;
  readonly sender: object | undefined;
  readonly type: string;
  readonly payload: unknown;
  /** The number of the ask on the sender's thread; 0 when nobody waits for an answer. */
  readonly askId: number;
  /** What is left of the deadline, ms; clocks of two machines differ, spans of time do not. */
  readonly leftMs: number | undefined;
  readonly trace: TraceContext | undefined;
  /** Wall clock of the sender when the message left, for the span of the hop; 0 unless sampled. */
  readonly sentAtMs: number;
}

export type Answer =
  | { readonly kind: 'answered'; readonly value: unknown }
  | { readonly kind: 'not-delivered' | 'unknown'; readonly error: SkeinError };

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

/** The rare ones. */
export type OtherMessage = WireSignal | WireSpawn;
