/** What a shared state accepts. Pure; every body of the port asks here, so they refuse the same things with the same words. */
import { failure } from './errors.ts';
import { LIMITS } from './limits.ts';
import { type Json, type Result, success } from './outcome.ts';
import { plainCopy } from './plain.ts';

const PART = '[A-Za-z0-9_/=-]+';
const KEY = new RegExp(`^${PART}(\\.${PART})*$`);
const PREFIX = new RegExp(`^(${PART}\\.)*(${PART})?$`);

export const acceptStateKey = (key: string): Result<string> => acceptName('key', key, KEY);
export const acceptStatePrefix = (prefix: string): Result<string> =>
  acceptName('prefix', prefix, PREFIX);

/** @returns the value's JSON text */
export function acceptStateValue(value: Json): Result<string> {
  const copied = plainCopy(value);
  if (!copied.ok) return failure('ARGUMENT_INVALID', { argument: 'value', ...copied.mismatch });
  if (copied.value === undefined) return refuse('value', 'undefined', 'a JSON value');
  const text = JSON.stringify(copied.value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= LIMITS.stateValueBytes) return success(text);
  return refuse('value', `${bytes} bytes`, `at most ${LIMITS.stateValueBytes} bytes`);
}

/** A revision that was given: a whole number from 1. */
export function acceptRevision(revision: number): Result<number> {
  if (Number.isSafeInteger(revision) && revision > 0) return success(revision);
  return refuse('revision', String(revision).slice(0, 60), 'a whole number from 1');
}

function acceptName(argument: string, name: string, pattern: RegExp): Result<string> {
  const isGood =
    typeof name === 'string' && name.length <= LIMITS.stateKeyLength && pattern.test(name);
  if (isGood) return success(name);
  const found = typeof name === 'string' ? JSON.stringify(name.slice(0, 60)) : typeof name;
  const expected = `up to ${LIMITS.stateKeyLength} letters, digits and -/_=. without an empty part between dots`;
  return refuse(argument, found, expected);
}

const refuse = (argument: string, found: string, expected: string): Result<never> =>
  failure('ARGUMENT_INVALID', { argument, found, expected });
