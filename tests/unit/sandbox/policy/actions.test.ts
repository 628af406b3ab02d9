/** The table of actions against the calls that there are: a capability that comes without a row can only be denied. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CALL_NAMES } from '../../../../src/sandbox/call-table.ts';
import { actionOf } from '../../../../src/sandbox/capability.ts';
import { ACTIONS } from '../../../../src/sandbox/policy/actions.ts';

const TYPES = { String: 'string', Long: 'number', Bool: 'boolean', Strings: 'object' } as const;

it('has a row for every call, and one for running and for logging', () => {
  expect(Object.keys(ACTIONS).sort()).toEqual([...CALL_NAMES, 'run', 'log'].sort());
});

it.each(CALL_NAMES)('%s: what the capability says of a call is what its row promises', (name) => {
  const row = ACTIONS[name];
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), (args) => {
      const action = actionOf({ name, args: args as never });
      expect(action?.resource.type).toBe(row?.resource);
      const types = Object.entries(action?.attributes ?? {}).map(([key, value]) => [
        key,
        typeof value,
      ]);
      const promised = Object.entries(row?.attributes ?? {}).map(([key, type]) => [
        key,
        TYPES[type],
      ]);
      expect(types.sort()).toEqual(promised.sort());
    }),
    { numRuns: 50 },
  );
});

it.each([
  ['public/../private/key', 'private/key'],
  ['./a//b/', 'a/b'],
  ['a', 'a'],
  ['..', '..'],
])('names the file that is meant, not the way to it: %s', (path, plain) => {
  expect(actionOf({ name: 'fs.read', args: [path] })?.resource).toEqual({
    type: 'Path',
    id: plain,
  });
});
