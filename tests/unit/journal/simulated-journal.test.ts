import { describe, expect, it } from 'vitest';
import { SimulatedDisk, seededRandom, simulatedTime } from '../../../src/host/index.ts';
import { openSimulatedJournal } from '../../../src/journal/index.ts';

const event = (at: number) => ({ type: 'noted', body: at });

async function openOn(disk: SimulatedDisk) {
  const { clock, timers, settle } = simulatedTime();
  const opened = await openSimulatedJournal({ disk, clock, timers, onDamage: 'keep-prefix' });
  if (!opened.ok) throw new Error(opened.error.message);
  const { journal, damage } = opened.value;
  const append = async (...events: readonly { type: string; body: number }[]) => {
    const appended = journal.append('s', events);
    await settle();
    return appended;
  };
  const lengthNow = async () => {
    const read = await journal.read('s');
    return read.ok ? read.value.length : read.error.code;
  };
  return { append, lengthNow, damage };
}

describe('a journal on a disk that lies', () => {
  it('keeps no part of a transaction that was torn, even when the head file knows of later ones', async () => {
    let torn = 0;
    for (let seed = 0; seed < 200; seed++) {
      const disk = new SimulatedDisk();
      const before = await openOn(disk);
      await before.append(event(0));
      disk.faults.isLying = true;
      for (let batch = 0; batch < 4; batch++) await before.append(event(1), event(2), event(3));
      disk.losePower(seededRandom(seed));
      torn += disk.counts.torn;
      const { lengthNow } = await openOn(disk);
      expect([seed, ((await lengthNow()) as number) % 3]).toEqual([seed, 1]);
    }
    expect(torn).toBeGreaterThan(20);
  });

  it('refuses while the disk is full, and goes on without a gap when there is room again', async () => {
    const disk = new SimulatedDisk();
    const { append, lengthNow } = await openOn(disk);
    await append(event(0));
    disk.faults.isFull = true;
    expect(await append(event(1))).toMatchObject({ error: { code: 'JOURNAL_UNAVAILABLE' } });
    disk.faults.isFull = false;
    expect(await append(event(2))).toMatchObject({ value: { firstSequence: 2 } });
    expect(await lengthNow()).toBe(2);
  });

  it('says which event it could not keep', async () => {
    const disk = new SimulatedDisk();
    const { append } = await openOn(disk);
    for (let at = 0; at < 5; at++) await append(event(at));
    const changed = disk.flip(seededRandom(2));
    expect((await openOn(disk)).damage?.sequence).toBe(changed);
  });
});
