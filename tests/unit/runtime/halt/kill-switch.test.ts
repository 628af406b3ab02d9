/** The kill switch of a node on virtual time, with a folder of its own: what counts when, and what is confirmed. */
import { mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, type Result, success } from '../../../../src/contracts/index.ts';
import { seededRandom, simulatedTime } from '../../../../src/host/index.ts';
import { KillSwitch } from '../../../../src/runtime/halt/kill-switch.ts';
import {
  HaltFolder,
  type HaltReceipt,
  NOTHING_STOPPED,
  readReceipt,
  type Stopped,
} from '../../../../src/sandbox/index.ts';
import {
  idNumber,
  KEY,
  keyNumber,
  orderOf,
  recordOf,
  releasedOf,
  SELF,
} from '../../../support/halt-records.ts';
import { recordingLog } from '../../../support/systems.ts';

let dataDir = '';
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'skein-halts-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const MAIL = { skill: 'mail', tenant: 'acme' };

function started(stop: () => Promise<Result<Stopped>> = async () => success(NOTHING_STOPPED)) {
  const time = simulatedTime();
  const audited: string[] = [];
  const killSwitch = new KillSwitch({
    ...{ key: KEY, dataDir, ...time, random: seededRandom('halts'), log: recordingLog().log },
    audit: ({ type }) => audited.push(type),
    stop,
  });
  return { time, killSwitch, audited };
}

async function settled(promise: Promise<HaltReceipt>, time: ReturnType<typeof simulatedTime>) {
  let receipt: HaltReceipt | undefined;
  void promise.then((each) => {
    receipt = each;
  });
  await time.advance(1_000);
  return receipt;
}

describe('an order', () => {
  it('counts before it is confirmed, and its receipt is signed', async () => {
    const stopped = { ...NOTHING_STOPPED, runs: 3 };
    const { killSwitch, time, audited } = started(async () => success(stopped));
    const taken = killSwitch.take(recordOf());
    expect(killSwitch.judge(MAIL)).toMatchObject({
      code: 'HALTED',
      details: { order: idNumber(1) },
    });
    const receipt = await settled(taken, time);
    expect(readReceipt(receipt, { node: SELF, order: idNumber(1), act: 'halt' })).toMatchObject({
      stopped,
    });
    expect(audited).toEqual(['halt.ordered', 'halt.confirmed']);
  });

  it('is not confirmed while something has not stopped', async () => {
    let tries = 0;
    const { killSwitch, time } = started(async () =>
      ++tries < 3
        ? failure('NODE_UNREACHABLE', { endpoint: 't1', reason: 'it hangs' })
        : success(NOTHING_STOPPED),
    );
    let isConfirmed = false;
    void killSwitch.take(recordOf()).then(() => {
      isConfirmed = true;
    });
    await time.advance(150);
    expect(isConfirmed).toBe(false);
    await time.advance(1_000);
    expect([isConfirmed, tries]).toEqual([true, 3]);
  });

  it('is not confirmed while it is not on the disk, and counts all the same', async () => {
    const { killSwitch, time } = started();
    writeFileSync(join(dataDir, 'halts'), 'in the way');
    const taken = killSwitch.take(recordOf());
    expect(await settled(taken, time)).toBeUndefined();
    expect(killSwitch.judge(MAIL)).toBeDefined();
    rmSync(join(dataDir, 'halts'));
    expect(await settled(taken, time)).toMatchObject({ order: idNumber(1) });
  });

  it('that comes twice is carried out once, and confirmed alike', async () => {
    let stops = 0;
    const { killSwitch, time } = started(async () => {
      stops++;
      return success(NOTHING_STOPPED);
    });
    const [first, second] = [killSwitch.take(recordOf()), killSwitch.take(recordOf())];
    expect(await settled(second, time)).toBe(await settled(first, time));
    expect(stops).toBe(1);
  });

  it('outlasts the process until it is released, and its release outlasts it too', async () => {
    const first = started();
    await settled(first.killSwitch.take(recordOf()), first.time);
    const second = started();
    expect(second.killSwitch.judge(MAIL)).toBeDefined();
    const release = second.killSwitch.release(idNumber(1), { reason: 'over', by: 'bob' });
    if (!release.ok || 'setAside' in release.value) throw new Error('it cannot be released');
    expect(await settled(second.killSwitch.take(release.value), second.time)).toMatchObject({
      act: 'release',
    });
    expect(second.killSwitch.judge(MAIL)).toBeUndefined();
    expect(started().killSwitch.judge(MAIL)).toBeUndefined();
  });

  it('that was released is not taken up again, whoever still comes with it', async () => {
    const { killSwitch, time } = started();
    await settled(killSwitch.take(releasedOf()), time);
    await settled(killSwitch.take(recordOf()), time);
    expect(killSwitch.judge(MAIL)).toBeUndefined();
  });
});

describe('a node under orders', () => {
  it('runs what no order is about', () => {
    const { killSwitch } = started();
    void killSwitch.take(recordOf({ scope: { kind: 'skill', name: 'mail' } }));
    void killSwitch.take(
      recordOf({ id: idNumber(2), scope: { kind: 'node', name: keyNumber(2).id } }),
    );
    expect(killSwitch.judge(MAIL)).toBeDefined();
    expect(killSwitch.judge({ skill: 'post', tenant: 'acme' })).toBeUndefined();
    expect(killSwitch.judge({})).toBeUndefined();
  });

  it('is halted by a file that cannot be read, until that is set aside by name', async () => {
    const first = started();
    await settled(
      first.killSwitch.take(recordOf({ scope: { kind: 'skill', name: 'other' } })),
      first.time,
    );
    truncateSync(join(dataDir, 'halts', `${idNumber(1)}.json`), 30);
    const { killSwitch } = started();
    expect(killSwitch.judge(MAIL)).toMatchObject({ code: 'HALTED' });
    const [{ id } = { id: '' }] = killSwitch.standing();
    expect(killSwitch.release(id, { reason: 'x', by: 'bob' })).toEqual(success({ setAside: id }));
    expect(killSwitch.judge(MAIL)).toBeUndefined();
    expect(readdirSync(join(dataDir, 'halts'))).toEqual([`${idNumber(1)}.json.damaged`]);
  });

  it('takes up what a command wrote beside it', async () => {
    const { killSwitch, time } = started();
    killSwitch.watchFolder();
    await time.advance(300);
    new HaltFolder(dataDir).keep({
      id: idNumber(1),
      order: { ...orderOf(), signed: null, reach: 'local' },
      release: null,
    });
    await time.advance(300);
    expect(killSwitch.judge(MAIL)).toMatchObject({ code: 'HALTED' });
    killSwitch.close();
  });

  it('knows no release of an order that does not stand, and no more than 200 orders', () => {
    const { killSwitch } = started();
    expect(killSwitch.release(idNumber(9), { reason: 'x', by: 'bob' })).toMatchObject({
      error: { code: 'ARGUMENT_INVALID' },
    });
    for (let at = 1; at <= 200; at++) void killSwitch.take(recordOf({ id: idNumber(at) }));
    const wish = { scope: { kind: 'all' }, reach: 'cluster', reason: 'x', by: 'bob' } as const;
    expect(killSwitch.order(wish)).toMatchObject({ error: { code: 'OVERLOADED' } });
  });
});
