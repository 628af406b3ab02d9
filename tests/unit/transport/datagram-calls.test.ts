import { describe, expect, it } from 'vitest';
import type { NodeId, ThreadName } from '../../../src/contracts/index.ts';
import {
  SimulatedLife,
  seededRandom,
  simulatedBus,
  simulatedTime,
} from '../../../src/host/index.ts';
import {
  RefusedPackets,
  SealedDatagrams,
  simulatedIdentity,
} from '../../../src/transport/index.ts';
import type { CallUse } from '../../../src/transport/sealed-datagrams.ts';
import { recordingLog } from '../../support/systems.ts';

const idOf = (name: string): NodeId => `n-${name}` as NodeId;

function world() {
  const time = simulatedTime();
  const random = seededRandom('calls');
  const bus = simulatedBus(time, random.fork('bus'));
  const outside = bus.join('outside', new SimulatedLife());
  const calls: Uint8Array[] = [];
  outside.subscribe('all', (packet) => calls.push(packet));
  const start = (name: string, epoch = 1) => {
    const answers = { use: undefined as CallUse | undefined, isWelcome: true };
    const seen = {
      asked: [] as string[],
      welcomed: 0,
      met: [] as string[],
      heard: [] as unknown[],
    };
    const { clock, timers } = time;
    const refused = new RefusedPackets({ timers, log: recordingLog().log });
    const datagrams = new SealedDatagrams({
      self: { node: idOf(name), thread: 'gossip' as ThreadName },
      identity: simulatedIdentity(idOf(name)),
      epoch,
      subjectOf: (node) => node,
      bus: bus.join(`${name}/${epoch}`, new SimulatedLife()),
      ...{ clock, timers, random: random.fork(`${name}/${epoch}`), refused },
      useOf: (node, said, isMet) => {
        seen.asked.push(`${node} ${said} ${isMet}`);
        return answers.use ?? (isMet ? 'hear' : 'meet');
      },
      isWelcome: () => {
        seen.welcomed++;
        return answers.isWelcome;
      },
      onMet: (node) => seen.met.push(node),
      onPacket: () => undefined,
      onCall: (_node, said) => seen.heard.push(said),
    });
    return { datagrams, answers, seen, refused };
  };
  const forged = (packet: Uint8Array): Uint8Array => {
    const copy = new Uint8Array(packet);
    copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
    return copy;
  };
  return { time, outside, calls, start, forged };
}

describe('a hello to all', () => {
  it('is not checked, and meets nobody, where it is of no use', async () => {
    const { time, outside, calls, start, forged } = world();
    const [a, b] = [start('a'), start('b')];
    a.answers.use = 'none';
    b.datagrams.call('here');
    await time.advance(2_000);
    outside.publish('all', forged(calls[0] as Uint8Array));
    await time.advance(2_000);
    expect(a.seen).toEqual({
      asked: ['n-b here false', 'n-b here false'],
      ...{ welcomed: 0, met: [], heard: [] },
    });
    expect(a.refused.totals()).toEqual({});
  });

  it('takes nothing of the signatures that can be checked, however often it is of no use', async () => {
    const { time, calls, outside, start, forged } = world();
    const [a, b] = [start('a'), start('b')];
    a.answers.use = 'none';
    b.datagrams.call('here');
    await time.advance(10);
    for (let each = 0; each < 1_000; each++) outside.publish('all', forged(calls[0] as Uint8Array));
    await time.advance(1);
    a.answers.use = 'meet';
    b.datagrams.call('again');
    await time.advance(100);
    expect(a.seen.met).toEqual(['n-b']);
  });

  it('counts for a stranger only when it is signed by it', async () => {
    const { time, outside, calls, start, forged } = world();
    const [a, b] = [start('a'), start('b')];
    a.answers.use = 'none';
    b.datagrams.call('here');
    await time.advance(10);
    a.answers.use = 'meet';
    outside.publish('all', forged(calls[0] as Uint8Array));
    await time.advance(10);
    expect([a.seen.welcomed, a.refused.totals()]).toEqual([0, { forged: 1 }]);
    a.answers.isWelcome = false;
    b.datagrams.call('here');
    await time.advance(2_000);
    expect([a.seen.welcomed, a.seen.met]).toEqual([1, []]);
  });

  it('that was recorded and is said again makes nobody of an earlier life be there', async () => {
    const { time, outside, calls, start } = world();
    const [a, b] = [start('a'), start('b')];
    b.datagrams.call('met');
    await time.advance(100);
    a.answers.use = 'none';
    b.datagrams.call('unheard');
    await time.advance(100);
    b.datagrams.close();
    a.answers.use = 'meet';
    outside.publish('all', calls[1] as Uint8Array);
    await time.advance(10_000);
    expect([a.seen.met, a.seen.heard]).toEqual([['n-b'], []]);
  });

  it('of a later life is met anew, and what was agreed with the earlier one can be forgotten', async () => {
    const { time, start } = world();
    const [a, b] = [start('a'), start('b')];
    b.datagrams.call('first');
    await time.advance(100);
    b.datagrams.close();
    a.datagrams.forgetEarlier(idOf('b'), 1);
    a.datagrams.forgetEarlier(idOf('b'), 2);
    const later = start('b', 2);
    a.datagrams.send(idOf('b'), new Uint8Array([1]));
    await time.advance(100);
    expect([a.seen.met, later.seen.met]).toEqual([['n-b', 'n-b'], ['n-a']]);
  });
});
