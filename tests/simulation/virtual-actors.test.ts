/** Virtual actors under partitions, pauses, crashes, lost answers and clocks of different rates: one at a time, and nothing lost. */
import { describe, expect, it } from 'vitest';
import { type Json, type SharedState, success } from '../../src/contracts/index.ts';
import { judgeVirtual, troubleVirtual, type Verdict } from '../support/virtual-troubles.ts';
import { VirtualWorld, type VirtualWorldOptions } from '../support/virtual-world.ts';

const SEEDS = Number(process.env.SKEIN_VIRTUAL_SEEDS ?? 60);
const FIRST_SEED = Number(process.env.SKEIN_VIRTUAL_FIRST ?? 1);
const PLANTED_SEEDS = 20;
const TROUBLE_MS = 12_000;

async function live(
  options: VirtualWorldOptions,
): Promise<Verdict & { readonly counts: VirtualWorld['counts'] }> {
  const world = new VirtualWorld(options);
  await world.begin();
  world.startAsking();
  await troubleVirtual(world, TROUBLE_MS);
  const verdict = await judgeVirtual(world);
  return { ...verdict, counts: world.counts };
}

describe('virtual actors', () => {
  it('act one at a time, lose nothing acknowledged, do nothing twice and answer again after the healing', async () => {
    const total = {
      asked: 0,
      acknowledged: 0,
      unknown: 0,
      refused: 0,
      activations: 0,
      reminders: 0,
    };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const terms = { isStateForgetful: seed % 4 === 0 };
      const { violations, silent, counts } = await live({ seed, nodes: 2 + (seed % 3), terms });
      expect({ seed, violations, silent }).toEqual({ seed, violations: [], silent: [] });
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counts[name];
    }
    expect(total.acknowledged).toBeGreaterThan(SEEDS * 50);
    expect(total.unknown).toBeGreaterThan(SEEDS / 2);
    expect(total.activations).toBeGreaterThan(SEEDS * 10);
    expect(total.reminders).toBeGreaterThan(SEEDS * 5);
  });

  it('act one at a time when the state loses what it acknowledged, and answer again', async () => {
    const terms = { isStateForgetful: true };
    for (let seed = 1; seed <= SEEDS / 4; seed++) {
      const { violations, silent } = await live({ seed, terms, losesWrites: true });
      expect({ seed, violations, silent }).toEqual({ seed, violations: [], silent: [] });
    }
  });

  it('do the same whenever a seed is run', async () => {
    const options = { seed: 'twice', nodes: 4 };
    expect(await live(options)).toEqual(await live(options));
  });
});

/** Whether one of some seeds finds a bug. */
async function isFound(options: Omit<VirtualWorldOptions, 'seed'>): Promise<boolean> {
  for (let seed = 1; seed <= PLANTED_SEEDS; seed++) {
    const { violations } = await live({ ...options, seed: `planted/${seed}` });
    if (violations.length > 0) return true;
  }
  return false;
}

describe('the checkers find', () => {
  it.each<readonly [string, Omit<VirtualWorldOptions, 'seed'>]>([
    ['writes over whatever is there', { planted: { wrap: overwriting } }],
    ['nodes that do not wait until a lease has run out', { planted: { wrap: impatient } }],
    ['trust in writes whose outcome is unknown', { planted: { wrap: trusting } }],
    ['clients that repeat what may have been done', { planted: { repeatsUnknown: true } }],
  ])('%s', async (_bug, options) => {
    expect(await isFound(options)).toBe(true);
  });
});

/** Compare-and-set without the compare. */
function overwriting(state: SharedState): SharedState {
  return { ...state, update: state.put, create: state.put };
}

function impatient(state: SharedState): SharedState {
  const hasty = (value: Json): Json => ({ ...(value as object), ttlMs: 1_000 });
  return {
    ...state,
    watch: (prefix, onChange) =>
      state.watch(prefix, (change) =>
        onChange(
          change.kind === 'entry' && prefix.startsWith('own.')
            ? { ...change, value: hasty(change.value) }
            : change,
        ),
      ),
  };
}

function trusting(state: SharedState): SharedState {
  return {
    ...state,
    update: async (key, value, revision) => {
      const written = await state.update(key, value, revision);
      const isUnknown = !written.ok && written.error.code === 'STATE_UNAVAILABLE';
      return isUnknown && key.startsWith('act.') ? success({ revision }) : written;
    },
  };
}
