import { describe, expect, it } from 'vitest';
import { Greeting } from '../../../src/cluster/membership/greeting.ts';
import { seededRandom } from '../../../src/host/index.ts';

const greeting = () => new Greeting(seededRandom('greeting'), { pauseMs: 10_000, nowMs: 0 });

/** Pauses between hellos, the first ones included. */
function pauses(
  members: number,
  options: { joined?: boolean; isSeeking?: boolean } = {},
): number[] {
  const each = greeting();
  if (options.joined) each.joined();
  let nowMs = 0;
  return Array.from({ length: 12 }, () => {
    each.said(nowMs, members, options.isSeeking ?? false);
    const pauseMs = each.nextMs - nowMs;
    nowMs = each.nextMs;
    return pauseMs;
  });
}

describe('greeting', () => {
  it('says the first hello at once and the second soon, then rarely', () => {
    expect(greeting().nextMs).toBe(0);
    const [second = 0, ...rest] = pauses(5, { joined: true });
    expect(second).toBeLessThanOrEqual(1_500);
    for (const pauseMs of rest) expect(pauseMs).toBeGreaterThanOrEqual(5_000);
  });

  it('says more hellos soon while nobody has answered, but not for ever', () => {
    const all = pauses(5);
    expect(all.filter((ms) => ms <= 1_500)).toHaveLength(4);
  });

  it('lets nobody hear more than two hellos a second, however many there are', () => {
    for (const members of [5, 50, 1_000]) {
      const usual = pauses(members, { joined: true }).slice(1);
      const mean = usual.reduce((sum, ms) => sum + ms, 0) / usual.length;
      expect((members * 1_000) / mean).toBeLessThan(3);
    }
  });

  it('looks for the dead more often, and no more than five times a second for all', () => {
    for (const members of [5, 50, 1_000]) {
      const seeking = pauses(members, { joined: true, isSeeking: true }).slice(1);
      const mean = seeking.reduce((sum, ms) => sum + ms, 0) / seeking.length;
      expect((members * 1_000) / mean).toBeLessThan(6.5);
      expect(mean).toBeLessThan(pauses(members, { joined: true })[3] ?? 0);
    }
  });

  it('says hello soon after the bus is back, spread over a time that grows with the members', () => {
    for (const [members, withinMs] of [
      [3, 200],
      [1_000, 10_000],
    ] as const) {
      const each = greeting();
      for (let hello = 0; hello < 6; hello++) each.said(0, members, false);
      each.returned(1_000, members);
      expect(each.nextMs).toBeGreaterThanOrEqual(1_000);
      expect(each.nextMs).toBeLessThanOrEqual(1_000 + withinMs);
    }
  });

  it('takes up the calls of strangers, all in a small cluster and few of a large one', () => {
    const taken = (members: number): number => {
      const each = greeting();
      return Array.from({ length: 2_000 }, () => each.isGreeter(0, members)).filter(Boolean).length;
    };
    expect(taken(5)).toBe(2_000);
    expect(taken(1_000)).toBeGreaterThan(0);
    expect(taken(1_000)).toBeLessThan(40);
  });

  it('takes up ten strangers at once and five a second, however few it knows', () => {
    const each = greeting();
    const greeted = (nowMs: number): number =>
      Array.from({ length: 100 }, () => each.greets(nowMs)).filter(Boolean).length;
    expect(greeted(0)).toBe(10);
    expect(each.isGreeter(0, 1)).toBe(false);
    expect(greeted(1_000)).toBe(5);
    expect(each.isGreeter(1_200, 1)).toBe(true);
  });
});
