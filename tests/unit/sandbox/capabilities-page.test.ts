/** docs/capabilities.md names every capability with its calls and what a policy sees, as the code has them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CALLS, type CapabilityName } from '../../../src/sandbox/call-table.ts';
import { ACTIONS } from '../../../src/sandbox/policy/actions.ts';

const page = readFileSync(
  fileURLToPath(new URL('../../../docs/capabilities.md', import.meta.url)),
  'utf8',
);
const rows = page.split('\n').filter((line) => /^\| `\w+` \|/.test(line));
const codesIn = (cell = ''): readonly string[] =>
  Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code ?? '');

it('has a row for each, in the order of the table', () => {
  expect(rows.map((row) => codesIn(row)[0])).toEqual(Object.keys(CALLS));
});

it.each(rows)('%s', (row) => {
  const [, name = '', , calls, seen] = row.split('|');
  const capability = codesIn(name)[0] as CapabilityName;
  const names = Object.keys(CALLS[capability]).map((call) => `${capability}.${call}`);
  if (names.length === 0) return;
  expect(codesIn(calls)).toEqual(names);
  const actions = names.flatMap((call) => ACTIONS[call] ?? []);
  const facts = new Set(actions.flatMap(({ attributes }) => Object.keys(attributes)));
  const [type, ...shown] = codesIn(seen);
  expect(new Set(actions.map(({ resource }) => resource))).toEqual(new Set([type]));
  expect(shown.sort()).toEqual([...facts].sort());
});
