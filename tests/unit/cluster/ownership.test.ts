/** One activation a key: who takes it, who hands it over, what keeps it from starting. */
import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  type Hold,
  Ownership,
  type OwnershipOptions,
} from '../../../src/cluster/index.ts';
import {
  portsOf,
  SimulatedLife,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../../src/host/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { recordingLog } from '../../support/systems.ts';
import { runOn } from '../../support/virtual-run.ts';

interface Activated {
  readonly key: string;
  readonly hold: Hold;
  isStopped: boolean;
}

function world() {
  const time = simulatedTime();
  const state = simulatedState(time, seededRandom('ownership'));
  const weights = new Map<string, number>();
  const candidates = (): Candidate[] =>
    [...weights].map(([node, weight]) => ({ node, weight, labels: {} }));
  const node = (name: string, weight: number, options: Partial<OwnershipOptions> = {}) => {
    weights.set(name, weight);
    const life = new SimulatedLife();
    const activated: Activated[] = [];
    const { log, lines } = recordingLog();
    const ownership = valueIn(
      Ownership.open({
        ...{ state: state.join(name, life), node: name, kind: 'k', log, candidates },
        ports: portsOf(life, time, seededRandom(name)),
        terms: { isStateForgetful: false },
        activate: async (key, hold) => {
          const activation: Activated = { key, hold, isStopped: false };
          activated.push(activation);
          return async () => {
            activation.isStopped = true;
          };
        },
        ...options,
      }),
    );
    const live = () =>
      activated.filter(({ isStopped, hold }) => !isStopped && hold.isHeld()).map(({ key }) => key);
    return { ownership, life, activated, live, lines };
  };
  return { time, state, weights, node };
}

describe('ownership', () => {
  it('is taken by the preferred candidate', async () => {
    const { time, node } = world();
    const light = node('light', 1);
    const heavy = node('heavy', 1e9);
    for (const { ownership } of [light, heavy]) valueIn(ownership.claim('a'));
    await time.advance(3_000);
    expect([light.live(), heavy.live()]).toEqual([[], ['a']]);
    expect(light.ownership.ownerOf('a')).toMatchObject({ holder: 'heavy' });
  });

  it('is taken by the next when the preferred does not, and handed over when it comes', async () => {
    const { time, weights, node } = world();
    weights.set('heavy', 1e9);
    const light = node('light', 1);
    valueIn(light.ownership.claim('a'));
    await time.advance(1_900);
    expect(light.live()).toEqual([]);
    await time.advance(200);
    expect(light.live()).toEqual(['a']);
    const heavy = node('heavy', 1e9);
    valueIn(heavy.ownership.claim('a'));
    await time.advance(6_000);
    expect([light.live(), heavy.live()]).toEqual([[], ['a']]);
    expect(light.activated[0]?.isStopped).toBe(true);
  });

  it('comes back from a candidate that does not take it, and is offered less and less often', async () => {
    const { time, weights, node } = world();
    weights.set('ghost', 1e9);
    const light = node('light', 1);
    valueIn(light.ownership.claim('a'));
    await time.advance(120_000);
    expect(light.activated.length).toBeGreaterThan(3);
    expect(light.activated.length).toBeLessThan(7);
  });

  it('goes to another when it cannot be activated', async () => {
    const { time, node } = world();
    const broken = node('heavy', 1e9, { activate: () => Promise.reject(new Error('no disk')) });
    const light = node('light', 1);
    for (const { ownership } of [broken, light]) valueIn(ownership.claim('a'));
    await time.advance(8_000);
    expect(light.live()).toEqual(['a']);
    expect(broken.lines.some(({ level }) => level === 'warn')).toBe(true);
  });

  it('moves on when its node dies, after ttl and margin', async () => {
    const { time, node } = world();
    const heavy = node('heavy', 1e9);
    const light = node('light', 1);
    for (const { ownership } of [heavy, light]) valueIn(ownership.claim('a'));
    await time.advance(3_000);
    heavy.life.die();
    await time.advance(8_000);
    expect(light.live()).toEqual([]);
    await time.advance(6_000);
    expect(light.live()).toEqual(['a']);
  });

  it('ends with the claim, and begins with the next', async () => {
    const { time, node } = world();
    const one = node('one', 1);
    const two = node('two', 1e-9);
    for (const { ownership } of [one, two]) valueIn(ownership.claim('a b/ü'));
    await time.advance(1_000);
    expect(one.live()).toEqual(['a b/ü']);
    const closing = runOn(time, one.ownership.disclaim('a b/ü'));
    await closing;
    expect(one.live()).toEqual([]);
    await time.advance(3_000);
    expect(two.live()).toEqual(['a b/ü']);
    await runOn(time, two.ownership.close());
    valueIn(one.ownership.claim('a b/ü'));
    await time.advance(100);
    expect(one.live()).toEqual(['a b/ü']);
  });

  it('gives back a key that it was just taking when its claim ends', async () => {
    const { time, state, node } = world();
    const terms = { isStateForgetful: true, ttlMs: 3_000 };
    const first = node('n-1', 1, { terms });
    const second = node('n-2', 0, { terms });
    second.ownership.claim('a');
    await time.advance(4_000);
    let written = 0;
    state.onWrite(() => written++);
    first.ownership.claim('a');
    for (let step = 0; written === 0 && step < 1_000; step++) await time.advance(0.05);
    expect({ written, activated: first.activated }).toEqual({ written: 1, activated: [] });
    await runOn(time, first.ownership.close());
    await time.advance(50);
    expect(second.ownership.standingOf('a')).toMatchObject({ kind: 'free' });
    expect(first.activated).toEqual([]);
  });

  it('starts no copy here before the last has ended, though its lease ran out long ago', async () => {
    const { time, state, node } = world();
    const stopped = Promise.withResolvers<void>();
    let starts = 0;
    const { ownership } = node('one', 1, {
      activate: async () => {
        starts++;
        return () => stopped.promise;
      },
    });
    valueIn(ownership.claim('a'));
    await time.advance(100);
    state.cut('one');
    await time.advance(10_000);
    state.heal();
    await time.advance(60_000);
    expect(starts).toBe(1);
    stopped.resolve();
    await time.advance(20_000);
    expect(starts).toBe(2);
  });

  it('owns no more keys than it may, and leaves the rest to others', async () => {
    const { time, node } = world();
    const full = node('full', 1e9, { ownedMax: 2 });
    const other = node('other', 1);
    const keys = ['a', 'b', 'c', 'd'];
    for (const key of keys)
      for (const { ownership } of [full, other]) valueIn(ownership.claim(key));
    await time.advance(3_000);
    expect(full.live()).toHaveLength(2);
    expect([...full.live(), ...other.live()].sort()).toEqual(keys);
  });

  it('refuses claims beyond its number, and keys and kinds that the state cannot hold', () => {
    const { node } = world();
    const { ownership } = node('one', 1, { claimedMax: 1 });
    expect(codeIn(ownership.claim(''))).toBe('ARGUMENT_INVALID');
    expect(codeIn(ownership.claim('ü'.repeat(60)))).toBe('ARGUMENT_INVALID');
    expect(codeIn(ownership.claim('a'))).toBe('ok');
    expect(codeIn(ownership.claim('a'))).toBe('ok');
    expect(codeIn(ownership.claim('b'))).toBe('OVERLOADED');
    expect(() => node('two', 1, { kind: 'a.b' })).toThrow('kind');
  });
});
