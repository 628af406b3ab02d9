/** What every body of the `Random` port promises. A body that is seeded also promises to repeat itself. */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../src/contracts/index.ts';

export interface RandomBody {
  readonly name: string;
  readonly open: () => Random;
  /** Opens the source of a seed; undefined for a source that cannot repeat itself. */
  readonly seeded?: (seed: string) => Random;
}

const draws = (random: Random, count = 8): number[] => Array.from({ length: count }, random.next);

export function randomSuite({ name, open, seeded }: RandomBody): void {
  describe(`random: ${name}`, () => {
    test('draws from 0 up to 1, and never 1', () => {
      const drawn = draws(open(), 20_000);
      expect(drawn.filter((draw) => !(draw >= 0 && draw < 1))).toEqual([]);
      expect(new Set(drawn).size).toBeGreaterThan(19_000);
    });

    test('draws evenly', () => {
      const shares = new Array<number>(10).fill(0);
      for (const draw of draws(open(), 20_000)) {
        const tenth = Math.floor(draw * 10);
        shares[tenth] = (shares[tenth] ?? 0) + 1;
      }
      // Ten standard deviations: no seed and no machine will ever see the bounds.
      for (const share of shares) expect(Math.abs(share - 2_000)).toBeLessThan(430);
    });

    test.each([0, 1, 7, 32, 1_000, 70_000])('gives %i bytes when asked for them', (count) => {
      const bytes = open().bytes(count);
      expect(bytes).toBeInstanceOf(Uint8Array);
      expect(bytes.byteLength).toBe(count);
    });

    test('gives bytes of every value', () => {
      expect(new Set(open().bytes(64 * 1024)).size).toBe(256);
    });

    test('gives bytes that are the caller’s own', () => {
      const random = open();
      const first = random.bytes(32);
      const seen = Uint8Array.from(first);
      const second = random.bytes(32);
      second.fill(0);
      random.bytes(32);
      expect(first).toEqual(seen);
      expect(second).not.toEqual(first);
    });

    test('forks sources that keep every promise of it, to any depth', () => {
      const random = open();
      const forks = [random.fork('a'), random.fork('b'), random.fork('a').fork('c')];
      const texts = [...forks, random].map((each) => String(draws(each)));
      expect(new Set(texts).size).toBe(4);
      for (const fork of forks) {
        expect(fork.bytes(5).byteLength).toBe(5);
        expect(draws(fork, 1_000).every((draw) => draw >= 0 && draw < 1)).toBe(true);
      }
    });

    test('can be used by a function that was taken from it', () => {
      const { next, bytes, fork } = open();
      expect(next()).toBeLessThan(1);
      expect(bytes(3).byteLength).toBe(3);
      expect(fork('a').next()).toBeLessThan(1);
    });

    if (seeded) seededSuite(seeded);
  });
}

function seededSuite(seeded: (seed: string) => Random): void {
  test('repeats itself from the same seed, and only from that', () => {
    expect(draws(seeded('one'))).toEqual(draws(seeded('one')));
    expect(seeded('one').bytes(64)).toEqual(seeded('one').bytes(64));
    expect(draws(seeded('one'))).not.toEqual(draws(seeded('two')));
  });

  test('forks by name: the same name is the same source, another is another', () => {
    expect(draws(seeded('one').fork('a'))).toEqual(draws(seeded('one').fork('a')));
    expect(draws(seeded('one').fork('a'))).not.toEqual(draws(seeded('one').fork('b')));
    expect(draws(seeded('one').fork('a'))).not.toEqual(draws(seeded('two').fork('a')));
  });

  test('leaves every fork as it was, whatever is drawn elsewhere', () => {
    const wanted = draws(seeded('one').fork('a'));
    const busy = seeded('one');
    draws(busy, 100);
    draws(busy.fork('b'), 100);
    busy.fork('c').bytes(100);
    expect(draws(busy.fork('a'))).toEqual(wanted);
  });

  test('goes on as it would have, whatever its forks draw', () => {
    const wanted = draws(seeded('one'));
    const busy = seeded('one');
    const before = draws(busy, 3);
    draws(busy.fork('a'), 100);
    expect([...before, ...draws(busy, 5)]).toEqual(wanted);
  });
}
