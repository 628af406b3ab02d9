/**
 * Which version of the wire two nodes speak with each other: the highest that both do. Each hello brings the range of its sender, and
 * is itself of a form that no version changes, so that nodes which have nothing in common can still tell each other so. What a
 * version changed:
 *
 *     3  packets on the bus are authentic
 *     4  and what is in them is encrypted (`sealing.ts`)
 */
import { failure, type Result, success } from '../contracts/index.ts';

/** Lowest and highest version. */
export type WireRange = readonly [min: number, max: number];

/** What this build speaks: a node can be replaced while its neighbours are one version behind. */
export const WIRE_VERSIONS: WireRange = [3, 4];

const VERSION_MAX = 65_535;

/** Failure: WIRE_VERSION_MISMATCH. */
export function commonVersion(peer: string, ours: WireRange, theirs: WireRange): Result<number> {
  const highest = Math.min(ours[1], theirs[1]);
  if (highest >= Math.max(ours[0], theirs[0])) return success(highest);
  return failure('WIRE_VERSION_MISMATCH', {
    peer,
    ours: rangeText(ours),
    theirs: rangeText(theirs),
  });
}

export const rangeText = ([min, max]: WireRange): string =>
  min === max ? `${min}` : `${min}-${max}`;

export const isWireRange = (value: unknown): value is WireRange =>
  Array.isArray(value) && value.length === 2 && value.every(isVersion) && value[0] <= value[1];

const isVersion = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= VERSION_MAX;
