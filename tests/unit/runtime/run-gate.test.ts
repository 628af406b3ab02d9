import { describe, expect, it } from 'vitest';
import { LIMITS, type NodeId } from '../../../src/contracts/index.ts';
import { simulatedTime } from '../../../src/host/index.ts';
import { RunGate } from '../../../src/runtime/run-gate.ts';

function gateWorld() {
  const time = simulatedTime();
  const said: string[] = [];
  const gate = new RunGate({
    node: 'n-a' as NodeId,
    ...time,
    onWork: (work) => said.push(work),
  });
  return { gate, time, said };
}

describe('the gate for runs', () => {
  it('takes runs up to its limit', () => {
    const { gate } = gateWorld();
    for (let run = 0; run < LIMITS.concurrentRuns; run++) expect(gate.enter()).toBeUndefined();
    expect(gate.enter()).toMatchObject({ code: 'OVERLOADED' });
    gate.leave();
    expect(gate.enter()).toBeUndefined();
  });

  it('while it drains refuses runs with an error that may be retried, and waits for those that are active', async () => {
    const { gate, time, said } = gateWorld();
    gate.enter();
    gate.enter();
    const drained = gate.drain(1_000);
    expect(gate.enter()).toMatchObject({ code: 'NODE_DRAINING', retryable: true });
    gate.leave();
    await time.advance(300);
    expect(gate.work).toBe('draining');
    gate.leave();
    expect(await drained).toEqual({ ok: true, value: { elapsedMs: 300, finishedRuns: 2 } });
    expect({ work: gate.work, said }).toEqual({ work: 'drained', said: ['draining'] });
    expect(gate.enter()).toMatchObject({ code: 'NODE_DRAINING' });
    expect(await gate.drain(1_000)).toMatchObject({ ok: true });
  });

  it('hands over what the node owns after the last run and before it is drained', async () => {
    const { gate, time } = gateWorld();
    const order: string[] = [];
    gate.onDrain(async () => {
      order.push(`hand over with ${gate.active} runs, ${gate.work}`);
      await new Promise<void>((done) => void time.timers.after(100, done));
      order.push('handed over');
    });
    gate.enter();
    const drained = gate.drain(1_000).then(() => order.push(gate.work));
    await time.advance(50);
    expect(order).toEqual([]);
    gate.leave();
    await time.advance(200);
    await drained;
    expect(order).toEqual(['hand over with 0 runs, draining', 'handed over', 'drained']);
  });

  it('says at the deadline how many runs are active, goes on refusing, and may be asked again', async () => {
    const { gate, time } = gateWorld();
    gate.enter();
    const late = gate.drain(1_000);
    await time.advance(1_000);
    expect(await late).toMatchObject({
      error: { code: 'DRAIN_TIMEOUT', details: { activeRuns: 1, timeoutMs: 1_000 } },
    });
    expect(gate.enter()).toMatchObject({ code: 'NODE_DRAINING' });
    const again = gate.drain(1_000);
    gate.leave();
    await time.settle();
    expect(await again).toMatchObject({ ok: true });
  });

  it('takes runs again when it is told to, in the middle of a drain too', async () => {
    const { gate, time, said } = gateWorld();
    gate.enter();
    const first = gate.drain(60_000);
    await time.advance(10);
    gate.resume();
    expect(gate.enter()).toBeUndefined();
    expect(await first).toMatchObject({ error: { code: 'DRAIN_TIMEOUT' } });
    const second = gate.drain(1_000);
    gate.leave();
    gate.leave();
    expect(await second).toMatchObject({ ok: true });
    gate.resume();
    expect({ work: gate.work, said }).toEqual({
      work: 'ready',
      said: ['draining', 'ready', 'draining', 'ready'],
    });
  });
});
