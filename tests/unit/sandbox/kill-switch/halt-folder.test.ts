import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HaltFolder, orderOver } from '../../../../src/sandbox/index.ts';
import { idNumber, recordOf, releasedOf } from '../../../support/halt-records.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'skein-halts-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const fileOf = (number: number) => join(dataDir, 'halts', `${idNumber(number)}.json`);

describe('the folder of halt orders', () => {
  it('is empty before the first, and gives back what it kept', () => {
    expect(new HaltFolder(dataDir).read()).toEqual({ records: [], damage: [] });
    expect(new HaltFolder(dataDir).keep(recordOf())).toEqual({ ok: true, value: undefined });
    expect(new HaltFolder(dataDir).read()).toEqual({ records: [recordOf()], damage: [] });
    expect(readdirSync(join(dataDir, 'halts'))).toEqual([`${idNumber(1)}.json`]);
  });

  it('merges what two processes write under one ID', () => {
    new HaltFolder(dataDir).keep(releasedOf());
    new HaltFolder(dataDir).keep(recordOf());
    const { order } = recordOf();
    const { release } = releasedOf();
    expect(new HaltFolder(dataDir).read().records).toEqual([{ id: idNumber(1), order, release }]);
  });

  it('tells of a change by another process, and then of none', () => {
    const ours = new HaltFolder(dataDir);
    ours.read();
    ours.changed();
    expect(ours.changed()).toBeUndefined();
    new HaltFolder(dataDir).keep(recordOf());
    expect(ours.changed()?.records).toEqual([recordOf()]);
    ours.changed();
    expect(ours.changed()).toBeUndefined();
  });

  it.each([
    ['cut off', () => truncateSync(fileOf(1), 40)],
    ['empty', () => truncateSync(fileOf(1), 0)],
    [
      'changed by a byte',
      () => writeFileSync(fileOf(1), readFileSync(fileOf(1), 'utf8').replace('alice', 'alicf')),
    ],
    ['not an order', () => writeFileSync(fileOf(1), '{}\n')],
    ['under the name of another', () => writeFileSync(fileOf(2), readFileSync(fileOf(1)))],
    ['under no name of an order', () => writeFileSync(join(dataDir, 'halts', 'x.json'), '')],
  ])('halts everything, with the file named, when a file is %s', (_what, damage) => {
    new HaltFolder(dataDir).keep(recordOf({ scope: { kind: 'skill', name: 'mail' } }));
    damage();
    const { damage: found } = new HaltFolder(dataDir).read();
    expect(found).toHaveLength(1);
    expect(orderOver(found, { skill: 'other', tenant: 'acme' }, 'n-any')?.reason).toContain(
      join(dataDir, 'halts'),
    );
  });

  it('halts everything when it cannot be read at all', () => {
    writeFileSync(join(dataDir, 'halts'), 'a file where the folder should be');
    expect(new HaltFolder(dataDir).read().damage).toMatchObject([{ id: 'damaged-halts' }]);
    expect(new HaltFolder(dataDir).keep(recordOf())).toMatchObject({ ok: false });
  });

  it('no longer counts a damaged file that was set aside, and keeps it', () => {
    const folder = new HaltFolder(dataDir);
    folder.keep(recordOf());
    truncateSync(fileOf(1), 40);
    const [order] = folder.read().damage;
    expect(folder.setAside(order?.id ?? '')).toBe(true);
    expect(folder.read()).toEqual({ records: [], damage: [] });
    expect(readdirSync(join(dataDir, 'halts'))).toEqual([`${idNumber(1)}.json.damaged`]);
    expect(folder.setAside('damaged-../../etc/passwd')).toBe(false);
  });
});
