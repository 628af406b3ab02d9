/** The table of capabilities: one row a capability, the same in the schemas, in `ctx` and behind the gate. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CapabilityGrants, GrantSchema, type TenantId } from '../../../src/contracts/index.ts';
import { CapabilitySchema } from '../../../src/contracts/skill.ts';
import { CALLS, CAPABILITY_NAMES, type CapabilityName } from '../../../src/sandbox/call-table.ts';
import { type Capability, RESOURCE_ID_MAX } from '../../../src/sandbox/capabilities/capability.ts';
import { CAPABILITIES } from '../../../src/sandbox/capabilities/table.ts';
import { actionOf, effectiveGrants, serveCall } from '../../../src/sandbox/capability.ts';
import { ASKED, GRANTED } from '../../support/capabilities.ts';

const callable = CAPABILITY_NAMES.filter((name) => Object.keys(CALLS[name]).length > 0);
const callOf = (name: string, args: readonly never[] = []) => ({
  name,
  args,
  tenant: 'acme' as TenantId,
  skill: 'orders',
  signal: new AbortController().signal,
  onEgress: () => undefined,
});

it('is the same in the manifest, the grants, the calls and the bodies', () => {
  const names = Object.keys(CAPABILITIES).sort();
  expect(Object.keys(CALLS).sort()).toEqual(names);
  expect(Object.keys(CapabilitySchema.properties).sort()).toEqual(names);
  expect(Object.keys(GrantSchema.properties).sort()).toEqual(names);
  for (const [name, row] of Object.entries(CAPABILITIES)) {
    expect(row.name).toBe(name);
    expect(row.calls).toEqual(Object.keys(CALLS[name as CapabilityName]));
  }
});

describe.each(CAPABILITY_NAMES)('%s', (name) => {
  const { effective } = CAPABILITIES[name] as Capability;
  const given = (asked: unknown, granted: unknown) => effective(asked as never, granted as never);

  it('is given when it is asked for and granted, and only then', () => {
    expect(given(ASKED[name], GRANTED[name])).toBeTruthy();
    expect(given(ASKED[name], undefined)).toBeFalsy();
    expect(given(name === 'log' ? false : undefined, GRANTED[name])).toBeFalsy();
    expect(given(undefined, undefined)).toBeFalsy();
  });
});

describe.each(callable)('each call of %s', (name) => {
  const { calls } = CAPABILITIES[name];

  it.each(calls)('%s is denied without a grant, and without a body behind it', async (call) => {
    const denied = {
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: name } },
    };
    expect(await serveCall(callOf(`${name}.${call}`), {}, {})).toMatchObject(denied);
    const others = { ...(GRANTED as CapabilityGrants), [name]: undefined };
    expect(await serveCall(callOf(`${name}.${call}`), others, {})).toMatchObject(denied);
    expect(await serveCall(callOf(`${name}.${call}`), GRANTED, {})).toMatchObject(denied);
  });

  it('says to a policy what it would touch, whatever the arguments are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...calls),
        fc.array(fc.jsonValue(), { maxLength: 5 }),
        (call, args) => {
          const action = actionOf({ name: `${name}.${call}`, args: args as never });
          expect(action?.resource.type).toMatch(/^[A-Z]\w+$/);
          expect(action?.resource.id.length).toBeLessThanOrEqual(RESOURCE_ID_MAX);
          for (const value of Object.values(action?.attributes ?? {})) {
            expect(['string', 'number', 'boolean', 'object']).toContain(typeof value);
          }
        },
      ),
    );
  });
});

it('has no action for a call that there is not', () => {
  expect(actionOf({ name: 'process.exit', args: [] })).toBeUndefined();
  expect(actionOf({ name: 'constructor.name', args: [] })).toBeUndefined();
});

it('gives nothing that was only asked for or only granted', () => {
  expect(effectiveGrants({ ...ASKED, log: false }, {})).toEqual(
    effectiveGrants({ log: false }, {}),
  );
  expect(effectiveGrants({ log: false }, GRANTED)).toEqual({ kv: false, log: false });
});
