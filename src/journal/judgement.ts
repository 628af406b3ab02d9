/** The judgement of a stored journal: is it whole, and if not, from which sequence on can it not be trusted? It changes nothing. */
import { reasonOf, type Timers } from '../contracts/index.ts';
import { type ChainVerifier, chainVerifier, type Damage } from './chain-verifier.ts';
import type { EventSource } from './event-store.ts';
import { type ChainHead, GENESIS } from './hash-chain.ts';
import { speaksOfContent } from './sqlite-errors.ts';
import { type StreamIndex, streamIndex } from './stream-index.ts';

export type Judgement =
  | { readonly kind: 'sound'; readonly head: ChainHead; readonly index: StreamIndex }
  | { readonly kind: 'damaged'; readonly damage: Damage };

export interface Evidence extends EventSource {
  /** The head that stands outside of the rows. */
  readonly headFile: ChainHead | 'missing' | 'damaged';
  readonly headFileName: string;
  /** What is wrong beside the rows, in a sentence. */
  readonly structuralDefect: () => string | undefined;
}

/** Characters of events that a walk reads before the event loop has a turn. */
const SLICE_LENGTH = 4 * 1024 * 1024;

/** @throws what the storage threw when it says nothing of the content: locked, unreadable, missing */
export async function judge(evidence: Evidence, timers: Timers): Promise<Judgement> {
  const index = streamIndex();
  let reached = GENESIS;
  try {
    const headRow = evidence.headRow();
    const knownHeads = [headRow, evidence.headFile].filter((head) => typeof head === 'object');
    const verifier = chainVerifier(index, knownHeads);
    let damage: Damage | undefined;
    try {
      damage = (await walkEvents(evidence, verifier, timers)) ?? verifier.end();
    } finally {
      reached = verifier.head();
    }
    // What no head record speaks of was never acknowledged, whatever is missing behind it.
    damage = uncoveredEvents(reached, headRow) ?? damage;
    const defect = damage ? undefined : otherDefect(evidence, headRow);
    if (defect) damage = { sequence: reached.count + 1, reason: defect };
    return damage ? { kind: 'damaged', damage } : { kind: 'sound', head: reached, index };
  } catch (thrown) {
    if (!speaksOfContent(thrown)) throw thrown;
    const damage = { sequence: reached.count + 1, reason: reasonOf(thrown) };
    return { kind: 'damaged', damage };
  }
}

/**
 * Gives the rows after the verifier's place to it, in order, up to the end or to `countMax`.
 * @returns the damage at which it stopped  @throws what the storage threw
 */
export async function walkEvents(
  { rowsAfter }: EventSource,
  verifier: ChainVerifier,
  timers: Timers,
  countMax = Number.MAX_SAFE_INTEGER,
): Promise<Damage | undefined> {
  for (;;) {
    let length = 0;
    for (const row of rowsAfter(verifier.head().count)) {
      if (length > SLICE_LENGTH || verifier.head().count >= countMax) break;
      const damage = verifier.accept(row);
      if (damage) return damage;
      length += (row.event as string).length;
    }
    if (length <= SLICE_LENGTH) return undefined;
    await new Promise<void>((resolve) => timers.immediate(resolve));
  }
}

function uncoveredEvents(reached: ChainHead, headRow: ChainHead | 'damaged'): Damage | undefined {
  if (headRow === 'damaged' || reached.count <= headRow.count) return undefined;
  const sequence = headRow.count + 1;
  return { sequence, reason: 'the head record does not speak of it' };
}

/** What is wrong although every event is there: nothing vouches for the end, or the next append could do harm. */
function otherDefect(
  { headFile, headFileName, structuralDefect }: Evidence,
  headRow: ChainHead | 'damaged',
): string | undefined {
  if (headRow === 'damaged') return 'the head record is damaged, later events may be missing';
  if (typeof headFile !== 'object')
    return `${headFileName} is ${headFile}, later events may be missing`;
  return structuralDefect();
}
