/** What flags take, read and checked. */
import { InvalidArgumentError } from 'commander';

export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const number = Number(text);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
  };

export function seedRange(text: string): readonly [number, number] {
  const [, first, last] = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(text) ?? [];
  const range = [Number(first), Number(last ?? first)] as const;
  if (first !== undefined && range[0] <= range[1]) return range;
  throw new InvalidArgumentError('It takes a seed, or two with the smaller first: 1..100.');
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export function timeSpan(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? 0);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('It takes a span of time: 500ms, 30s, 5m, 1h.');
}

/** A span of time, or 0 for none. */
export const leaseSpan = (text: string): number =>
  /^0(ms|s|m|h)?$/.test(text) ? 0 : timeSpan(text);

export function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('It takes a port, 0 to 65535.');
}
