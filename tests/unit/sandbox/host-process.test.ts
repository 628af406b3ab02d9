/** A host process that lies, floods, stalls or dies, played by the test in virtual time: the node ends it, typed. */
import { describe, expect, test } from 'vitest';
import type { TenantId } from '../../../src/contracts/index.ts';
import { type SimulatedTime, simulatedTime } from '../../../src/host/index.ts';
import { encodeFrame } from '../../../src/sandbox/frame-codec.ts';
import { HostProcess } from '../../../src/sandbox/host-process.ts';
import type { RunReport } from '../../../src/sandbox/index.ts';
import { type AttackOptions, runRequest } from '../../support/sandbox.ts';
import { playedProcesses, READY } from '../../support/sandbox-fakes.ts';

async function startRun(options: AttackOptions = {}) {
  const time: SimulatedTime = simulatedTime();
  const { processes, hosts } = playedProcesses();
  const { clock, timers } = time;
  const spec = { file: 'node', args: [], env: {} };
  const host = new HostProcess({
    processes,
    clock,
    timers,
    spec,
    memoryClassMiB: 64,
    startMs: 1_000,
  });
  expect((await host.ready).ok).toBe(true);
  const lease = host.lease('mallory' as TenantId);
  const report: Promise<RunReport> = lease.run(runRequest('source', options));
  const [played] = hosts;
  if (!played) throw new Error('no process was started');
  await time.settle();
  return { time, played, lease, report, host };
}

const done = (part: object = {}) => ({
  kind: 'done',
  run: 1,
  cpuMs: 1,
  heapBytes: 1,
  limitTouched: false,
  ending: { kind: 'value', value: 1 },
  ...part,
});
const call = (seq: number, part: object = {}) => ({
  kind: 'call',
  run: 1,
  seq,
  name: 'kv.get',
  args: ['k'],
  ...part,
});

describe('a host', () => {
  test('that answers well gives the result', async () => {
    const { played, report } = await startRun();
    expect(played.received[0]).toMatchObject({ kind: 'run', source: 'source', input: { i: 4 } });
    played.say(done());
    expect(await report).toMatchObject({ result: { ok: true, value: 1 }, usage: { cpuMs: 1 } });
    expect(played.killed()).toBe(false);
  });

  test.each<[string, unknown]>([
    ['says done for another run', done({ run: 2 })],
    ['adds a key', done({ tenant: 'victim' })],
    ['adds a key to its ending', done({ ending: { kind: 'value', value: 1, more: 1 } })],
    ['speaks of an unknown kind', { kind: 'exec', run: 1 }],
    ['reports negative time', done({ cpuMs: -1 })],
    ['says ready again', READY],
    ['calls what does not exist', call(1, { name: 'process.exit' })],
    ['calls out of order', call(2)],
    [
      'names a code of its own',
      done({ ending: { kind: 'call-refused', code: 'INTERNAL', capability: 'kv', reason: '' } }),
    ],
    [
      'sends a key that sets a prototype',
      done({ ending: JSON.parse('{"kind":"value","value":{"__proto__":{}}}') }),
    ],
    ['sends half of a character', done({ ending: { kind: 'value', value: { a: ['\ud800'] } } })],
    [
      'sends nesting over the bound',
      done({ ending: { kind: 'value', value: JSON.parse('['.repeat(80) + ']'.repeat(80)) } }),
    ],
    [
      'sends a long message',
      done({ ending: { kind: 'threw', name: 'E', message: 'x'.repeat(5_000) } }),
    ],
  ])('that %s is killed as a liar', async (_, frame) => {
    const { played, report, lease } = await startRun();
    played.say(frame);
    expect(await report).toMatchObject({
      result: { ok: false, error: { code: 'SANDBOX_DIED' } },
      exit: { kind: 'protocol' },
    });
    expect(played.killed()).toBe(true);
    expect(lease.isAlive()).toBe(false);
  });

  test.each<[string, Uint8Array]>([
    ['bytes that are no JSON', encodeFrame('{"kind":')],
    ['bytes that are no UTF-8', Buffer.from([0, 0, 0, 3, 0x22, 0xff, 0x22])],
    ['a frame of four gigabytes', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['an empty frame', Buffer.from([0, 0, 0, 0])],
  ])('that sends %s is killed', async (_, bytes) => {
    const { played, report } = await startRun();
    played.sayBytes(bytes);
    expect((await report).exit).toMatchObject({ kind: 'protocol' });
  });

  test('that makes more calls at once than allowed is killed', async () => {
    const { played, report } = await startRun({
      grants: { kv: true },
      resources: { hostCallsInFlight: 3 },
      effects: { keyValue: { get: () => new Promise(() => {}) } as never },
    });
    for (let seq = 1; seq <= 4; seq++) played.say(call(seq));
    expect((await report).exit).toEqual({
      kind: 'protocol',
      reason: 'more calls at once than allowed',
    });
  });

  test('that makes more calls a second than allowed is killed', async () => {
    const get = async () => ({ ok: true, value: { value: 1, revision: 1 } });
    const { played, report, time } = await startRun({
      grants: { kv: true },
      resources: { hostCallsPerSecond: 10, wallMs: 60_000 },
      effects: { keyValue: { get } as never },
    });
    let seq = 0;
    const sayCalls = async (count: number): Promise<void> => {
      for (let each = 0; each < count; each++) played.say(call(++seq));
      await time.settle();
    };
    // What the bucket holds, what the first answer may add, and one for rounding.
    await sayCalls(21);
    await time.advance(2_000);
    await sayCalls(20);
    expect(played.killed()).toBe(false);
    await sayCalls(1);
    expect((await report).exit).toEqual({
      kind: 'protocol',
      reason: 'more calls a second than allowed',
    });
  });

  test('that floods the log is killed', async () => {
    const { played, report } = await startRun({ resources: { logBytes: 1_000 } });
    for (let line = 0; line < 100; line++) {
      played.say({ kind: 'log', run: 1, level: 'info', message: 'x'.repeat(100) });
    }
    expect((await report).exit).toMatchObject({ kind: 'protocol' });
  });

  test('that calls after its last word is killed, and the call is not served', async () => {
    let served = 0;
    const { played, report, host } = await startRun({
      grants: { kv: true },
      effects: {
        keyValue: { get: async () => ({ ok: served++ >= 0, value: undefined }) } as never,
      },
    });
    const frames = [done(), call(1)].map((frame) => encodeFrame(JSON.stringify(frame)));
    played.sayBytes(Buffer.concat(frames));
    expect((await report).result).toEqual({ ok: true, value: 1 });
    expect((await host.gone).kind).toBe('protocol');
    expect(served).toBe(0);
  });

  test('that floods stderr is killed', async () => {
    const { played, report } = await startRun();
    for (let chunk = 0; chunk < 20; chunk++) played.sayStderr('x'.repeat(64 * 1024));
    expect((await report).exit).toMatchObject({ kind: 'protocol' });
  });

  test('cannot hurt the node through a listener that throws', async () => {
    const { played, report } = await startRun({
      effects: {
        log: () => {
          throw new Error('the log is full');
        },
      },
    });
    played.say({ kind: 'log', run: 1, level: 'info', message: 'x' });
    played.say(done());
    expect((await report).result.ok).toBe(true);
  });

  test('that speaks out of turn is killed', async () => {
    const { played, report, host } = await startRun();
    played.say(done());
    await report;
    played.say(done());
    expect(await host.gone).toMatchObject({ kind: 'protocol' });
  });

  test('that stands still is killed at the wall limit and a little', async () => {
    const { time, played, report } = await startRun({ resources: { wallMs: 500 } });
    await time.advance(599);
    expect(played.killed()).toBe(false);
    await time.advance(1);
    expect(await report).toMatchObject({
      result: { error: { code: 'SKILL_WALL_EXCEEDED' } },
      exit: { kind: 'wall' },
      limitTouched: true,
    });
  });

  test('that reports a limit is killed, and the call fails with it', async () => {
    const { played, report } = await startRun();
    played.say(done({ cpuMs: 250.4, ending: { kind: 'limit', limit: 'cpu' } }));
    expect(await report).toMatchObject({
      result: { error: { code: 'SKILL_CPU_EXCEEDED' } },
      exit: { kind: 'cpu' },
    });
    expect(played.killed()).toBe(true);
  });

  test.each([
    [
      'out of memory',
      '# Fatal process out of memory: Zone',
      'SIGTRAP',
      'heap',
      'SKILL_HEAP_EXCEEDED',
    ],
    [
      'by an abort',
      '# Fatal error in , line 0\n\u001b[2Jx',
      'SIGABRT',
      'native-abort',
      'SANDBOX_DIED',
    ],
    ['by a signal from elsewhere', '', 'SIGKILL', 'killed', 'SANDBOX_DIED'],
  ])('that dies %s is told by its last words', async (_, words, signal, kind, code) => {
    const { played, report, host } = await startRun();
    played.sayStderr(words);
    played.exit({ exitCode: null, signal });
    expect(await report).toMatchObject({ result: { error: { code } }, exit: { kind } });
    expect((await host.gone).kind).toBe(kind);
  });

  test('that was disposed of fails its run, and says so once it is gone', async () => {
    const { report, lease } = await startRun();
    const exits: unknown[] = [];
    lease.onExit((exit) => exits.push(exit));
    lease.dispose();
    lease.dispose();
    expect((await report).exit).toEqual({ kind: 'killed', signal: 'SIGKILL' });
    await Promise.resolve();
    expect(exits).toEqual([{ kind: 'killed', signal: 'SIGKILL' }]);
  });

  test('serves no call after the run was settled, and drops answers that come late', async () => {
    const late = Promise.withResolvers<never>();
    const { played, report, time } = await startRun({
      grants: { kv: true },
      effects: { keyValue: { get: () => late.promise } as never },
    });
    played.say(call(1));
    played.say(done());
    late.resolve({ ok: true, value: undefined } as never);
    await time.settle();
    expect((await report).tape.effects).toEqual([{ seq: 1, name: 'kv.get', args: ['k'] }]);
    expect(played.received.filter(({ kind }) => kind === 'answer')).toEqual([]);
  });

  test('runs one call at a time, and only for its tenant', async () => {
    const { lease, played, report } = await startRun();
    expect((await lease.run(runRequest('x'))).result).toMatchObject({
      error: { code: 'SANDBOX_UNAVAILABLE' },
    });
    played.say(done());
    await report;
    const stranger = await lease.run(runRequest('x', { tenant: 'victim' }));
    expect(stranger.result).toMatchObject({ error: { code: 'SANDBOX_UNAVAILABLE' } });
    expect(played.received).toHaveLength(1);
  });

  test('that never gets ready is killed', async () => {
    const time = simulatedTime();
    const { processes, hosts } = playedProcesses([]);
    const spec = { file: 'node', args: [], env: {} };
    const host = new HostProcess({
      processes,
      clock: time.clock,
      timers: time.timers,
      spec,
      memoryClassMiB: 64,
      startMs: 1_000,
    });
    await time.advance(1_000);
    expect(await host.ready).toMatchObject({ ok: false, error: { code: 'SANDBOX_UNAVAILABLE' } });
    expect(hosts[0]?.killed()).toBe(true);
  });
});
