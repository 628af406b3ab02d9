/** The control channel on virtual time, over a state that the test plays: what counts, and when the node halts itself. */
import { expect, it } from 'vitest';
import {
  type Result,
  type SharedState,
  type StateChange,
  success,
} from '../../../../src/contracts/index.ts';
import { seededRandom, simulatedTime } from '../../../../src/host/index.ts';
import { memoryState } from '../../../../src/journal/index.ts';
import { ControlChannel } from '../../../../src/runtime/halt/control-channel.ts';
import { KillSwitch } from '../../../../src/runtime/halt/kill-switch.ts';
import { type HaltRecord, NOTHING_STOPPED } from '../../../../src/sandbox/index.ts';
import { idNumber, KEY, keyNumber, recordOf, releasedOf } from '../../../support/halt-records.ts';
import { recordingLog } from '../../../support/systems.ts';

const LEASE_MS = 60_000;

/** A shared state whose watch the test speaks through; entries are kept in memory. */
function started({ leaseMs = LEASE_MS, trusts = (_key: string): boolean => true } = {}) {
  const time = simulatedTime();
  const memory = memoryState();
  let tell: (change: StateChange) => void = () => undefined;
  let isThere = true;
  const state: SharedState = {
    ...memory,
    watch: (_prefix, onChange) => {
      tell = onChange;
      return success(() => undefined);
    },
  };
  const { log, lines } = recordingLog();
  const stops: (string | undefined)[] = [];
  const killSwitch: KillSwitch = new KillSwitch({
    ...{ key: KEY, dataDir: undefined, ...time, random: seededRandom('channel'), log },
    audit: () => undefined,
    stop: async () => {
      stops.push(killSwitch.standing()[0]?.id);
      return success(NOTHING_STOPPED);
    },
  });
  const openState = async (): Promise<Result<SharedState>> =>
    isThere ? success(state) : { ok: false, error: { code: 'STATE_UNAVAILABLE' } as never };
  const channel = new ControlChannel({
    ...{ killSwitch, openState, trusts, leaseMs, ...time, log },
  });
  const caughtUp = (records: readonly HaltRecord[] = []): void => {
    tell({ kind: 'begin' });
    for (const [at, record] of records.entries())
      tell({ kind: 'entry', key: `order.${record.id}`, value: record as never, revision: at + 1 });
    tell({ kind: 'caught-up' });
  };
  return {
    ...{ time, memory, killSwitch, channel, stops, caughtUp, lines },
    lost: () => tell({ kind: 'lost', reason: 'the test' }),
    wrote: (key: string, value: unknown) =>
      tell({ kind: 'entry', key, value: value as never, revision: 1 }),
    away: () => {
      isThere = false;
    },
    haltedBy: () => killSwitch.standing().map(({ id }) => id),
  };
}

it('runs nothing before the orders of the cluster were read', async () => {
  const { time, haltedBy, caughtUp } = started();
  await time.advance(10);
  expect(haltedBy()).toEqual(['lease']);
  caughtUp();
  expect(haltedBy()).toEqual([]);
});

it('takes the orders that were there, and waits for them no longer than a minute', async () => {
  const { time, channel, haltedBy, caughtUp } = started();
  let isOver = false;
  void channel.firstRead().then(() => {
    isOver = true;
  });
  await time.advance(59_900);
  expect(isOver).toBe(false);
  caughtUp([recordOf({ scope: { kind: 'skill', name: 'mail' }, key: keyNumber(2) })]);
  await time.advance(10);
  expect([isOver, haltedBy()]).toEqual([true, [idNumber(1)]]);
});

it('halts itself when it heard nothing for as long as its lease, and goes on once it has read again', async () => {
  const { time, haltedBy, caughtUp, lost, stops } = started();
  await time.advance(10);
  caughtUp();
  lost();
  await time.advance(LEASE_MS - 1);
  expect(haltedBy()).toEqual([]);
  const before = stops.length;
  await time.advance(1);
  expect(haltedBy()).toEqual(['lease']);
  expect(stops.slice(before)).toEqual(['lease']);
  caughtUp();
  expect(haltedBy()).toEqual([]);
});

it('reads what was ordered meanwhile before it goes on', async () => {
  const { time, killSwitch, caughtUp, lost } = started();
  await time.advance(10);
  caughtUp();
  lost();
  await time.advance(LEASE_MS + 1);
  const seen: (string | undefined)[] = [];
  killSwitch.onChange(() => seen.push(killSwitch.judge({})?.code));
  caughtUp([recordOf({ key: keyNumber(2) })]);
  expect(seen).toEqual(['HALTED', 'HALTED']);
});

it('starts its lease anew with each loss, and not with a second word of the same', async () => {
  const { time, haltedBy, caughtUp, lost } = started();
  await time.advance(10);
  for (let round = 0; round < 3; round++) {
    caughtUp();
    lost();
    await time.advance(LEASE_MS / 2);
  }
  expect(haltedBy()).toEqual([]);
  lost();
  await time.advance(LEASE_MS / 2);
  expect(haltedBy()).toEqual(['lease']);
});

it('never halts itself with a lease of 0', async () => {
  const { time, haltedBy, caughtUp, lost } = started({ leaseMs: 0 });
  await time.advance(10);
  caughtUp();
  lost();
  await time.advance(100 * LEASE_MS);
  expect(haltedBy()).toEqual([]);
});

it.each([
  ['unsigned', { ...recordOf(), order: { ...recordOf().order, signed: null } }],
  ['of a stranger', recordOf({ key: keyNumber(3) })],
  ['for another node alone', recordOf({ reach: 'local' })],
])('does not take an order that is %s', async (_what, record) => {
  const stranger = recordOf({ key: keyNumber(3) }).order?.signed?.key;
  const { time, haltedBy, caughtUp } = started({ trusts: (key) => key !== stranger });
  await time.advance(10);
  caughtUp([record as HaltRecord]);
  expect(haltedBy()).toEqual([]);
});

it('writes what it was told while the channel was away, beside what others know of the same order', async () => {
  const { time, memory, killSwitch, caughtUp, lost } = started();
  await time.advance(10);
  caughtUp();
  lost();
  await memory.create(`order.${idNumber(1)}`, releasedOf({ key: keyNumber(2) }) as never);
  void killSwitch.take(recordOf());
  caughtUp();
  await time.advance(10);
  const { order } = recordOf();
  const { release } = releasedOf({ key: keyNumber(2) });
  const found = await memory.get(`order.${idNumber(1)}`);
  expect(found.ok && found.value?.value).toEqual({ id: idNumber(1), order, release });
});

it('a flood of orders that nobody gave costs the log a line a second, and an order among them counts', async () => {
  const { time, wrote, caughtUp, haltedBy, lines } = started();
  await time.advance(10);
  caughtUp();
  for (let at = 0; at < 1_000; at++) wrote(`order.${'x'.repeat(200)}${at}`, { at });
  const record = recordOf();
  wrote(`order.${record.id}`, record);
  expect(haltedBy()).toEqual([record.id]);
  await time.advance(1_000);
  wrote('order.x', 1);
  const said = lines.filter(({ message }) => message.includes('not to be believed'));
  expect(said.map(({ fields }) => fields.orders)).toEqual([1, 1_001]);
});
