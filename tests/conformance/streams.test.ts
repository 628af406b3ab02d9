import { describe, expect, test } from 'vitest';
import type { ByteStream } from '../../src/contracts/index.ts';
import {
  realStreams,
  SimulatedLife,
  seededRandom,
  simulatedStreams,
  simulatedTime,
} from '../../src/host/index.ts';
import { codeIn, valueIn } from './journal-suite.ts';
import { realPassing, settled, simulatedPassing } from './passing.ts';
import { streamsSuite } from './streams-suite.ts';

const simulation = () => {
  const time = simulatedTime();
  const streams = simulatedStreams(time, seededRandom('streams'));
  return { streams, passing: simulatedPassing(time) };
};

for (const kind of ['unix', 'tls'] as const) {
  streamsSuite({
    name: `real, ${kind}`,
    kind,
    open: () => ({ streams: realStreams, passing: realPassing }),
  });

  streamsSuite({
    name: `simulated, ${kind}`,
    kind,
    open: () => {
      const { streams, passing } = simulation();
      return { streams: streams.join('n-one', new SimulatedLife()), passing };
    },
  });
}

describe('faults of simulated streams', () => {
  const KEY = Buffer.alloc(32, 7);
  const dialled = async () => {
    const { streams, passing } = simulation();
    const lives = [new SimulatedLife(), new SimulatedLife()] as const;
    const [one, two] = [streams.join('n-one', lives[0]), streams.join('n-two', lives[1])];
    const log: string[] = [];
    const hear = (side: string, stream: ByteStream) => {
      stream.onData((bytes) => log.push(`${side}: ${Buffer.from(bytes)}`));
      stream.onClose(() => log.push(`${side} closed`));
      return stream;
    };
    let far: ByteStream | undefined;
    const { address } = valueIn(
      await two.listen(
        { kind: 'tls', host: '192.0.2.2', port: 0 },
        () => KEY,
        (stream) => {
          far = hear('two', stream);
        },
      ),
    );
    const dial = () => settled(passing, 'dialled', one.dial(address, { name: 'x', key: KEY }));
    const near = hear('one', valueIn(await dial()));
    await passing.until('it is welcomed', () => far !== undefined);
    return { streams, passing, lives, log, near, far: far as ByteStream, dial };
  };
  const text = (log: readonly string[], side: string) =>
    log.flatMap((line) => (line.startsWith(`${side}: `) ? [line.slice(5)] : [])).join('');

  test('a cut holds bytes back in one direction, and a healing lets them go on in order', async () => {
    const { streams, passing, log, near, far } = await dialled();
    streams.cut('n-one', 'n-two');
    near.write(Buffer.from('held '));
    near.write(Buffer.from('back'));
    far.write(Buffer.from('free'));
    await passing.pass(10_000);
    expect([text(log, 'one'), text(log, 'two')]).toEqual(['free', '']);
    streams.heal();
    near.write(Buffer.from(', healed'));
    await passing.pass(10);
    expect(text(log, 'two')).toBe('held back, healed');
  });

  test('a close behind a cut is told to the other side when that is healed', async () => {
    const { streams, passing, log, near } = await dialled();
    streams.cut('n-one', 'n-two');
    near.close();
    await passing.pass(10_000);
    expect(log).toEqual(['one closed']);
    streams.heal();
    await passing.pass(10);
    expect(log).toEqual(['one closed', 'two closed']);
  });

  test.each([
    ['n-one', 'n-two'],
    ['n-two', 'n-one'],
  ])('nobody is dialled while the way from %s to %s is cut', async (from, to) => {
    const { streams, dial } = await dialled();
    streams.cut(from, to);
    expect(codeIn(await dial())).toBe('NODE_UNREACHABLE');
    streams.heal();
    expect(codeIn(await dial())).toBe('ok');
  });

  test.each([0, 1] as const)(
    'the death of side %i breaks its streams, and only the other is told',
    async (dead) => {
      const { passing, lives, log, dial } = await dialled();
      lives[dead].die();
      await passing.pass(10);
      expect(log).toEqual([dead === 0 ? 'two closed' : 'one closed']);
      if (dead === 1) expect(codeIn(await dial())).toBe('NODE_UNREACHABLE');
    },
  );

  test('who hangs hears of everything when it wakes, in order', async () => {
    const { passing, lives, log, near } = await dialled();
    lives[1].hang();
    near.write(Buffer.from('first '));
    near.write(Buffer.from('second'));
    await passing.pass(100);
    expect(text(log, 'two')).toBe('');
    near.close();
    await passing.pass(100);
    lives[1].wake();
    await passing.pass(10);
    expect(log.at(-1)).toBe('two closed');
    expect(text(log, 'two')).toBe('first second');
  });

  test('two machines have sockets of their own', async () => {
    const { streams, passing } = simulation();
    const [one, two] = ['n-one', 'n-two'].map((name) => streams.join(name, new SimulatedLife()));
    if (!one || !two) throw new Error('no members');
    const folder = await one.socketFolder();
    const address = { kind: 'unix', path: `${folder.path}/link` } as const;
    valueIn(
      await one.listen(
        address,
        () => undefined,
        () => undefined,
      ),
    );
    expect(one.hostId()).not.toBe(two.hostId());
    const away = two.dial(address, { name: 'x', key: KEY });
    expect(codeIn(await settled(passing, 'dialled', away))).toBe('NODE_UNREACHABLE');
  });
});
