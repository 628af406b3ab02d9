/**
 * What a fault is: one thing that can be done to a cluster, and undone. The same faults are drawn by chance in a sweep and written
 * down in a fault plan; each has a file of its own in `faults/`.
 */
import type { TSchema } from 'typebox';
import type { NodeId, Random, ThreadName } from '../contracts/index.ts';
import type { DriftingClock, SimulatedDisk } from '../host/index.ts';
import type { SimulatedNode } from './simulated-node.ts';
import type { Ways } from './ways.ts';

/** What a fault is done to: everything, `n-1`, `n-1/t1`, or the direction `n-1>n-2`. */
export type TargetKind = 'cluster' | 'node' | 'thread' | 'link';

export type Attributes = Readonly<Record<string, number>>;

export interface FaultWorld {
  readonly ways: Ways;
  readonly nodeIds: readonly NodeId[];
  /** The node while it is alive. */
  readonly node: (id: NodeId) => SimulatedNode | undefined;
  readonly clock: (id: NodeId) => DriftingClock;
  readonly disk: (id: NodeId) => SimulatedDisk;
  readonly random: Random;
  readonly later: (delayMs: number, what: () => void) => void;
  readonly restart: (id: NodeId) => void;
  /** Says that clocks may be wrong by so much from here on. */
  readonly drift: (rate: number) => void;
  /** Says that the shared state lost so many writes that it had acknowledged. */
  readonly rolledBack: (writes: number) => void;
  /** Says that messages may be lost from here on. */
  readonly loss: (what: string) => void;
  /** Says that what was confirmed as durable may be gone, or no longer be what it was. */
  readonly damage: (id: NodeId, what: string) => void;
}

export interface Fault {
  readonly name: string;
  /** What it does, in a sentence without a full stop. */
  readonly title: string;
  readonly target: TargetKind;
  /** Numbers with units in their names; the schema says their bounds. */
  readonly attributes: TSchema;
  /** Attributes as a sweep draws them. */
  readonly draw: (random: Random) => Attributes;
  /** How long a sweep lets it last, ms; undefined for what happens at once. */
  readonly lastsMs?: readonly [min: number, max: number];
  /** Left out of sweeps: it is there to be asked for. */
  readonly isRare?: boolean;
  /** Drawn while that fault is at work it hits the same target: what one of them hides the other brings to light. */
  readonly follows?: string;
  /**
   * Who has never met a peer gives it up after LIMITS.peerConnectMs, with what was to be said to it and without dead letters: a sweep
   * lets such a fault begin when all have met.
   */
  readonly cutsOff?: boolean;
  /** @returns what undoes it, or undefined when nothing is left to undo */
  readonly inject: (
    world: FaultWorld,
    target: Target,
    attributes: Attributes,
  ) => (() => void) | undefined;
}

/** A target taken apart. What a fault does not aim at is empty. */
export interface Target {
  readonly node: NodeId;
  readonly thread: ThreadName;
  readonly to: NodeId;
}

export const between = (random: Random, min: number, max: number): number =>
  Math.round(min + random.next() * (max - min));
export const share = (random: Random, min: number, max: number): number =>
  Math.round((min + random.next() * (max - min)) * 1_000) / 1_000;

/** @returns undefined for a text that is no target of the kind */
export function targetOf(kind: TargetKind, text: string): Target | undefined {
  const [first = '', rest = ''] = text.split(/[/>]/, 2);
  const node = first as NodeId;
  const none = { node: '' as NodeId, thread: '' as ThreadName, to: '' as NodeId };
  switch (kind) {
    case 'cluster':
      return text === 'cluster' ? none : undefined;
    case 'node':
      return /^n-[a-z0-9]+$/.test(text) ? { ...none, node } : undefined;
    case 'thread':
      return /^n-[a-z0-9]+\/[a-z0-9]+$/.test(text)
        ? { ...none, node, thread: rest as ThreadName }
        : undefined;
    case 'link':
      return /^n-[a-z0-9]+>n-[a-z0-9]+$/.test(text) && node !== rest
        ? { ...none, node, to: rest as NodeId }
        : undefined;
  }
}
