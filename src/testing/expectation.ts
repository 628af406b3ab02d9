/** What a helper of the kit throws when something else came than was expected, or nothing did. */
import { SkeinException, skeinError } from '../contracts/index.ts';

const SHOWN_CHARACTERS = 300;

export class ExpectationFailed extends Error {
  readonly expected: string;
  readonly found: string;

  constructor(facts: { readonly expected: string; readonly found: string }) {
    super(`expected ${facts.expected}; found ${facts.found}`);
    this.name = 'ExpectationFailed';
    this.expected = facts.expected;
    this.found = facts.found;
  }
}

/** A value in one bounded line. Never throws: what JSON cannot write is named by its type. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    return (JSON.stringify(value) ?? `a ${typeof value}`).slice(0, SHOWN_CHARACTERS);
  } catch {
    return `a ${typeof value} that JSON cannot write`;
  }
}

/** @throws ARGUMENT_INVALID as a `SkeinException` */
export function requireArgument(
  isValid: boolean,
  argument: string,
  facts: { readonly found: unknown; readonly expected: string },
): void {
  if (isValid) return;
  const details = { argument, found: shown(facts.found), expected: facts.expected };
  throw new SkeinException(skeinError('ARGUMENT_INVALID', details));
}
