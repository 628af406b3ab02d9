/** Leases on virtual time: taken, renewed, run out, given back; what their terms and fences refuse. */
import { describe, expect, it } from 'vitest';
import {
  acceptTerms,
  acquireLease,
  DEFAULT_TERMS,
  Fence,
  type Lease,
  LeaseWatch,
} from '../../../src/cluster/index.ts';
import type { SharedState } from '../../../src/contracts/index.ts';
import {
  portsOf,
  SimulatedLife,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../../src/host/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { runOn } from '../../support/virtual-run.ts';

const terms = { ...DEFAULT_TERMS, isStateForgetful: false };

function world() {
  const time = simulatedTime();
  const state = simulatedState(time, seededRandom('lease'));
  const node = (holder: string) => {
    const life = new SimulatedLife();
    const ports = portsOf(life, time, seededRandom(holder));
    const joined = state.join(holder, life);
    const take = (over?: number, through: SharedState = joined) =>
      runOn(time, acquireLease({ state: through, ports, key: 'own.k', holder, terms }, over));
    return { life, ports, joined, take };
  };
  return { time, state, one: node('one'), two: node('two') };
}

const lostOf = (lease: Lease): string[] => {
  const reasons: string[] = [];
  lease.onLost((reason) => reasons.push(reason));
  return reasons;
};

describe('a lease', () => {
  it('is held for as long as it is renewed, and refused to others', async () => {
    const { time, one, two } = world();
    const lease = valueIn(await one.take());
    expect(codeIn(await two.take())).toBe('LEASE_HELD');
    await time.advance(60_000);
    expect(valueIn(lease.check())).toEqual(lease.token);
    expect(codeIn(await two.take(lease.token.revision))).toBe('LEASE_HELD');
  });

  it('tells its owner to stop a second before it ends when the state is away', async () => {
    const { time, state, one } = world();
    const lease = valueIn(await one.take());
    const lost = lostOf(lease);
    state.cut('one');
    await time.advance(7_900);
    expect(lost).toEqual([]);
    await time.advance(100);
    expect(lost).toEqual(['it was not renewed in time']);
    expect(lease.isHeld()).toBe(true);
    await time.advance(1_000);
    expect(lease.isHeld()).toBe(false);
    expect(codeIn(lease.check())).toBe('LEASE_LOST');
  });

  it('that has run out is given back only when the key is still its own, whatever revisions say', async () => {
    const { time, state, one, two } = world();
    const lease = valueIn(await one.take());
    const heal = state.cut('one');
    state.crash(1);
    state.setDown(false);
    await time.advance(12_000);
    const next = valueIn(await two.take());
    expect(next.token.revision).toBe(lease.token.revision);
    heal();
    await runOn(time, lease.release());
    const found = valueIn(await runOn(time, two.joined.get('own.k')));
    expect(found?.value).toMatchObject({ holder: 'two' });
  });

  it('that ran out in a pause is not renewed after it, whatever revisions say', async () => {
    const { time, state, one, two } = world();
    const lease = valueIn(await one.take());
    const lost = lostOf(lease);
    one.life.hang();
    state.crash(1);
    state.setDown(false);
    await time.advance(12_000);
    expect(valueIn(await two.take()).token.revision).toBe(lease.token.revision);
    one.life.wake();
    await time.advance(100);
    expect(lost).toEqual(['it ran out']);
    const found = valueIn(await runOn(time, two.joined.get('own.k')));
    expect(found?.value).toMatchObject({ holder: 'two' });
  });

  it('is not held after a pause, before any timer has fired', async () => {
    const { time, one } = world();
    const lease = valueIn(await one.take());
    one.life.hang();
    await time.advance(9_001);
    expect(lease.isHeld()).toBe(false);
    one.life.wake();
    await time.advance(10);
    expect(lostOf(lease)).toHaveLength(1);
  });

  it('stays lost when the answer to a renewal comes after a pause, before any timer', async () => {
    const { time, one } = world();
    const answer = Promise.withResolvers<void>();
    const slow: SharedState = {
      ...one.joined,
      update: async (...write) => {
        const written = await one.joined.update(...write);
        await answer.promise;
        return written;
      },
    };
    const lease = valueIn(await one.take(undefined, slow));
    const lost = lostOf(lease);
    await time.advance(2_700);
    one.life.hang();
    await time.advance(7_000);
    expect(lease.isHeld()).toBe(false);
    answer.resolve();
    await time.advance(10);
    expect([lease.isHeld(), lost]).toEqual([false, ['it ran out']]);
  });

  it('is free at once when it is given back, with a higher token for the next', async () => {
    const { time, one, two } = world();
    const first = valueIn(await one.take());
    await time.advance(5_000);
    await runOn(time, first.release());
    expect(first.isHeld()).toBe(false);
    const second = valueIn(await two.take());
    expect(second.token.revision).toBeGreaterThan(first.token.revision);
  });

  it('is had when only the answer was lost, and counts from before the question', async () => {
    const { time, state, one } = world();
    state.faults.answerLoss = 1;
    const taking = one.take();
    state.faults.timeoutMs = 2_000;
    time.timers.after(1_500, () => {
      state.faults.answerLoss = 0;
    });
    const lease = valueIn(await taking);
    expect(lease.remainingMs()).toBeLessThan(7_000.1);
    expect(lease.remainingMs()).toBeGreaterThan(6_900);
  });

  it('is not had when the question was lost', async () => {
    const { state, one, two } = world();
    state.faults.requestLoss = 1;
    expect(codeIn(await one.take())).toBe('STATE_UNAVAILABLE');
    state.faults.requestLoss = 0;
    expect((await two.take()).ok).toBe(true);
  });

  it('is lost at once when the state has it no more', async () => {
    const { time, one, two } = world();
    const lease = valueIn(await one.take());
    const lost = lostOf(lease);
    await runOn(time, two.joined.put('own.k', 'somebody'));
    lease.verify();
    await time.advance(10);
    expect(lost).toHaveLength(1);
    expect(lease.isHeld()).toBe(false);
  });
});

describe('a watch of leases', () => {
  const watching = (isStateForgetful: boolean) => {
    const { time, one, two } = world();
    const { joined: state, ports } = two;
    const options = { state, clock: ports.clock, terms: { ...terms, isStateForgetful } };
    const watch = new LeaseWatch({ ...options, prefix: 'own.', onChange: () => undefined });
    valueIn(watch.start());
    return { time, one, watch };
  };

  it('lets a key be taken over only when it stood still for ttl and margin', async () => {
    const { time, one, watch } = watching(false);
    expect(watch.standing('own.k')).toEqual({ kind: 'unknown' });
    await time.advance(100);
    expect(watch.standing('own.k')).toMatchObject({ kind: 'free' });
    const lease = valueIn(await one.take());
    await time.advance(20_000);
    const renewed = watch.standing('own.k');
    expect(renewed).toMatchObject({ kind: 'held', record: { holder: 'one' } });
    expect(renewed.kind === 'held' && renewed.fromMs).toBeGreaterThan(20_100 + 8_000);
    one.life.die();
    await time.advance(12_000);
    const still = watch.standing('own.k');
    expect(still.kind === 'held' && still.fromMs).toBeLessThan(time.clock.monotonicMs());
    expect(lease.isHeld()).toBe(false);
  });

  it('calls no key free before a lost lease would have run out, when the state may forget', async () => {
    const { time, one, watch } = watching(true);
    await time.advance(100);
    const unknown = watch.standing('own.other');
    expect(unknown.kind === 'free' && unknown.fromMs).toBeGreaterThan(11_000);
    const lease = valueIn(await one.take());
    await runOn(time, lease.release());
    await time.advance(10);
    const released = watch.standing('own.k');
    expect(released.kind === 'free' && released.fromMs).toBeLessThan(200);
  });
});

describe('a fence', () => {
  it('refuses tokens lower than the highest, and another with the same revision', () => {
    const fence = new Fence('account');
    const token = (revision: number, nonce = 'a') => ({ revision, nonce });
    expect([4, 4, 7].map((revision) => codeIn(fence.admit(token(revision))))).toEqual(
      Array(3).fill('ok'),
    );
    expect(codeIn(fence.admit(token(6)))).toBe('TOKEN_STALE');
    expect(codeIn(fence.admit(token(7, 'b')))).toBe('TOKEN_STALE');
    const later = new Fence('account', fence.highest);
    expect(codeIn(later.admit(token(6)))).toBe('TOKEN_STALE');
  });
});

describe('terms of leases', () => {
  it.each([
    { ttlMs: 0 },
    { ttlMs: Number.NaN },
    { ttlMs: 4_000_000 },
    { driftRatio: 1 },
    { driftRatio: -0.1 },
    { stopMs: 9_000 },
  ])('refuse %j', (given) => {
    expect(codeIn(acceptTerms(given))).toBe('ARGUMENT_INVALID');
  });

  it('have defaults', () => {
    expect(valueIn(acceptTerms({ ttlMs: 5_000 }))).toEqual({ ...DEFAULT_TERMS, ttlMs: 5_000 });
  });
});
