import { describe, expect, it } from 'vitest';
import { DiskError, SimulatedDisk, seededRandom } from '../../../src/host/index.ts';

const row = (sequence: number) => ({ sequence, event: `event ${sequence}`, hash: `h${sequence}` });
const sequencesOn = (disk: SimulatedDisk) => disk.rowsAfter(0).map(({ sequence }) => sequence);

describe('a simulated disk', () => {
  it('keeps what was flushed when the power fails', () => {
    const disk = new SimulatedDisk();
    disk.commit([row(1), row(2)], '2');
    expect(disk.losePower(seededRandom(1))).toBe(false);
    expect([sequencesOn(disk), disk.head]).toEqual([[1, 2], '2']);
  });

  it('loses, when the power fails, some of what it lied about, and only that', () => {
    const fates = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const disk = new SimulatedDisk();
      disk.commit([row(1)], '1');
      disk.faults.isLying = true;
      disk.commit([row(2), row(3)], '3');
      disk.commit([row(4)], '4');
      expect(disk.losePower(seededRandom(seed))).toBe(true);
      expect(disk.rowAt(1)).toBeDefined();
      expect(disk.rowAt(4) === undefined || disk.head !== '4').toBe(true);
      fates.add(`${sequencesOn(disk)} head ${disk.head}`);
    }
    expect([...fates].sort()).toEqual([
      '1 head 1',
      '1,2 head 1',
      '1,2,3 head 1',
      '1,2,3 head 3',
      '1,2,3,4 head 3',
    ]);
  });

  it('that was honest again before the power failed has lost nothing', () => {
    const disk = new SimulatedDisk();
    disk.faults.isLying = true;
    disk.commit([row(1)], '1');
    disk.faults.isLying = false;
    disk.commit([row(2)], '2');
    expect(disk.losePower(seededRandom(1))).toBe(false);
    expect(sequencesOn(disk)).toEqual([1, 2]);
  });

  it('that is full refuses a transaction whole', () => {
    const disk = new SimulatedDisk();
    disk.faults.isFull = true;
    expect(() => disk.commit([row(1)], '1')).toThrow(DiskError);
    expect([sequencesOn(disk), disk.head]).toEqual([[], undefined]);
  });

  it('changes one character of one row', () => {
    const disk = new SimulatedDisk();
    disk.commit([row(1), row(2)], '2');
    const changed = disk.flip(seededRandom(3)) ?? 0;
    expect(disk.rowAt(changed)?.event).not.toBe(`event ${changed}`);
    expect(disk.rowAt(3 - changed)?.event).toBe(`event ${3 - changed}`);
  });

  it('tells how long a flush takes', () => {
    const disk = new SimulatedDisk();
    const stalls: number[] = [];
    disk.onStall = (ms) => stalls.push(ms);
    disk.commit([row(1)], '1');
    disk.faults.stallMs = 200;
    disk.commit([row(2)], '2');
    expect(stalls).toEqual([200]);
  });
});
