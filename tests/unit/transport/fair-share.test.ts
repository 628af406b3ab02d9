import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/contracts/index.ts';
import { FairShare } from '../../../src/transport/fair-share.ts';

const BOUND = LIMITS.linkBacklogBytes;

describe('a link that fills up', () => {
  it('refuses nobody up to a quarter, and everybody beyond its bound', () => {
    const share = new FairShare();
    for (let each = 0; each < 1_000; each++) expect(share.admits('flood', BOUND / 4)).toBe(true);
    expect(share.admits('other', BOUND + 1)).toBe(false);
  });

  it('keeps room for others when one floods it', () => {
    const share = new FairShare();
    for (let each = 0; each < 1_000; each++) share.admits('flood', BOUND / 3);
    for (const other of ['a', 'b', 'c']) expect(share.admits(other, BOUND / 3)).toBe(true);
    expect(share.admits('flood', BOUND * 0.75)).toBe(false);
    for (const other of ['a', 'b', 'c', 'new']) {
      expect(share.admits(other, BOUND * 0.75)).toBe(true);
    }
  });

  it('leaves all of it to one that is alone', () => {
    const share = new FairShare();
    for (let each = 0; each < 1_000; each++) expect(share.admits('one', BOUND * 0.9)).toBe(true);
  });

  it('forgets who flooded once there is room again', () => {
    const share = new FairShare();
    for (let each = 0; each < 1_000; each++) share.admits('flood', BOUND / 3);
    share.admits('other', BOUND / 3);
    share.admits('other', 0);
    expect(share.admits('flood', BOUND * 0.75)).toBe(true);
  });
});
