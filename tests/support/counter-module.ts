/** A skill package whose actor counts: what the tests of packaged actors ask. */
import type { SkillPackage } from '../../src/contracts/index.ts';
import { packageOf } from '../../src/skills/index.ts';

export const COUNTER_SOURCE = `
export const actor = {
  initial: (key) => ({ count: 0, key }),
  receive: {
    add: (state, by, ctx) => {
      state.count += by;
      if (by > 100) ctx.remind('halve', { afterMs: 100 });
      return state.count;
    },
    read: (state) => state,
    fail: (state) => { state.count = -1; throw new Error('no'); },
    spin: () => { for (;;); },
    spoil: (state) => { state.count = 'many'; },
    remember: async (state, value, ctx) => { await ctx.kv.set('last', value); return ctx.kv.get('last'); },
    later: (state, { name, time }, ctx) => { ctx.remind(name, time); return null; },
    forget: (state, _, ctx) => ctx.erase(),
  },
  reminders: { halve: (state) => { state.count = Math.floor(state.count / 2); } },
};
`;

const MESSAGES = {
  add: { input: { type: 'integer', minimum: 0 }, output: { type: 'integer' } },
  ...{
    read: { input: true },
    fail: { input: true },
    spin: { input: true },
    spoil: { input: true },
  },
  ...{ remember: { input: true }, later: { input: { type: 'object' } }, forget: { input: true } },
};

export function counterModule({
  version = '1.0.0',
  source = COUNTER_SOURCE,
}: {
  readonly version?: string;
  readonly source?: string;
} = {}): SkillPackage {
  const state = {
    type: 'object',
    properties: { count: { type: 'integer' } },
    required: ['count'],
  };
  return packageOf(
    {
      ...{ name: 'counter', version, description: 'Counts.', input: false, output: false },
      actor: { messages: MESSAGES, state },
      capabilities: { kv: true },
      resources: { cpuMs: 500, wallMs: 5_000 },
    },
    source,
  );
}
