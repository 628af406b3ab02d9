/** What every body of the `PacketBus` port promises. Order is not among it, and neither is that a packet arrives while the bus is away. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS, type PacketBus } from '../../src/contracts/index.ts';
import type { Passing } from './passing.ts';

export interface BusWorld {
  /** Another party's way to the same bus. */
  readonly join: () => Promise<PacketBus>;
  readonly passing: Passing;
  /** Takes the bus away from everybody; settles when all know. */
  readonly goAway: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface PacketBusBody {
  readonly name: string;
  readonly open: () => Promise<BusWorld>;
}

const PROBE = 0xff;
const TURN_MS = 5;

export function packetBusSuite({ name, open }: PacketBusBody): void {
  describe(`packet bus: ${name}`, () => {
    let world: BusWorld;
    let alpha: PacketBus;
    let beta: PacketBus;
    beforeEach(async () => {
      world = await open();
      [alpha, beta] = [await world.join(), await world.join()];
    });
    afterEach(() => world.close());

    /** Subscribes, and waits until what `from` publishes arrives: a subscription takes its time. */
    const listen = async (bus: PacketBus, subject: string, from: PacketBus) => {
      const packets: Uint8Array[] = [];
      let isThere = false;
      const end = bus.subscribe(subject, (packet) => {
        if (packet[0] === PROBE) isThere = true;
        else packets.push(packet);
      });
      await world.passing.until(`${subject} is heard`, () => {
        if (!isThere) from.publish(subject, Uint8Array.of(PROBE));
        return isThere;
      });
      return { packets, end };
    };
    const arrived = (packets: readonly Uint8Array[], count: number) =>
      world.passing.until(`${count} packets are there`, () => packets.length >= count);
    const firsts = (packets: readonly Uint8Array[]) =>
      packets.map(([first]) => first).sort((a = 0, b = 0) => a - b);

    test('carries packets to who subscribed to their subject', async () => {
      const { packets } = await listen(beta, 'to.beta', alpha);
      for (const id of [1, 2, 3]) alpha.publish('to.beta', Uint8Array.of(id, id, id));
      await arrived(packets, 3);
      expect(firsts(packets)).toEqual([1, 2, 3]);
    });

    test('carries both ways, and between many', async () => {
      const gamma = await world.join();
      const toAlpha = await listen(alpha, 'to.alpha', beta);
      const toBeta = await listen(beta, 'to.beta', alpha);
      alpha.publish('to.beta', Uint8Array.of(1));
      beta.publish('to.alpha', Uint8Array.of(2));
      gamma.publish('to.alpha', Uint8Array.of(3));
      gamma.publish('to.beta', Uint8Array.of(4));
      await arrived(toAlpha.packets, 2);
      await arrived(toBeta.packets, 2);
      expect(firsts(toAlpha.packets)).toEqual([2, 3]);
      expect(firsts(toBeta.packets)).toEqual([1, 4]);
    });

    test('keeps subjects apart, those with a common beginning too', async () => {
      const one = await listen(beta, 'to.beta', alpha);
      const two = await listen(beta, 'to.beta.two', alpha);
      alpha.publish('to.beta', Uint8Array.of(1));
      alpha.publish('to.beta.two', Uint8Array.of(2));
      await arrived(one.packets, 1);
      await arrived(two.packets, 1);
      expect([firsts(one.packets), firsts(two.packets)]).toEqual([[1], [2]]);
    });

    test('carries a packet to everybody who subscribed', async () => {
      const gamma = await world.join();
      const heard = [
        await listen(beta, 'to.all', alpha),
        await listen(beta, 'to.all', alpha),
        await listen(gamma, 'to.all', alpha),
      ];
      alpha.publish('to.all', Uint8Array.of(7));
      for (const { packets } of heard) await arrived(packets, 1);
      expect(heard.map(({ packets }) => firsts(packets))).toEqual([[7], [7], [7]]);
    });

    test('gives each subscriber bytes of its own', async () => {
      const gamma = await world.join();
      const heard = [await listen(beta, 'to.all', alpha), await listen(gamma, 'to.all', alpha)];
      alpha.publish('to.all', Uint8Array.of(7, 8));
      for (const { packets } of heard) await arrived(packets, 1);
      heard[0]?.packets[0]?.fill(0);
      expect([...(heard[1]?.packets[0] ?? [])]).toEqual([7, 8]);
    });

    test('does not bring a party its own packets', async () => {
      const own = await listen(alpha, 'to.all', beta);
      const other = await listen(beta, 'to.all', alpha);
      alpha.publish('to.all', Uint8Array.of(1));
      beta.publish('to.all', Uint8Array.of(2));
      await arrived(own.packets, 1);
      await arrived(other.packets, 1);
      await world.passing.pass(TURN_MS);
      expect([firsts(own.packets), firsts(other.packets)]).toEqual([[2], [1]]);
    });

    test('carries packets whole and unchanged, from none to the most bytes', async () => {
      const { packets } = await listen(beta, 'to.beta', alpha);
      const sizes = [0, 1, 2, 255, 4_096, 65_537, LIMITS.packetBytes];
      const sent = sizes.map((size) => Uint8Array.from({ length: size }, (_, at) => at % 251));
      for (const packet of sent) alpha.publish('to.beta', packet);
      await arrived(packets, sizes.length);
      const got = [...packets].sort((a, b) => a.byteLength - b.byteLength);
      expect(got.map(({ byteLength }) => byteLength)).toEqual(sizes);
      expect(got.every((packet, at) => Buffer.compare(packet, sent[at] ?? PACKETLESS) === 0)).toBe(
        true,
      );
    });

    test('has done with the bytes when the turn is over', async () => {
      const { packets } = await listen(beta, 'to.beta', alpha);
      const memory = Buffer.alloc(64);
      for (let id = 1; id <= 20; id++) {
        memory.fill(id);
        alpha.publish('to.beta', memory.subarray(8, 8 + id));
        await new Promise<void>((next) => setImmediate(next));
        memory.fill(PROBE);
      }
      await arrived(packets, 20);
      const got = [...packets].sort((a, b) => a.byteLength - b.byteLength);
      expect(got.map((packet) => [...packet])).toEqual(
        Array.from({ length: 20 }, (_, at) => new Array(at + 1).fill(at + 1)),
      );
    });

    test('calls nobody within a call of publish or subscribe', async () => {
      const { packets } = await listen(beta, 'to.beta', alpha);
      alpha.publish('to.beta', Uint8Array.of(1));
      expect(packets).toEqual([]);
      await arrived(packets, 1);
    });

    test('ends one subscription and leaves the others, however often it is told to', async () => {
      const one = await listen(beta, 'to.beta', alpha);
      const two = await listen(beta, 'to.beta', alpha);
      const three = await listen(beta, 'to.three', alpha);
      one.end();
      one.end();
      alpha.publish('to.beta', Uint8Array.of(1));
      alpha.publish('to.three', Uint8Array.of(2));
      await arrived(two.packets, 1);
      await arrived(three.packets, 1);
      await world.passing.pass(TURN_MS);
      expect([one, two, three].map(({ packets }) => firsts(packets))).toEqual([[], [1], [2]]);
    });

    test('can be subscribed to again', async () => {
      const first = await listen(beta, 'to.beta', alpha);
      first.end();
      const second = await listen(beta, 'to.beta', alpha);
      first.end();
      alpha.publish('to.beta', Uint8Array.of(1));
      await arrived(second.packets, 1);
      expect([firsts(first.packets), firsts(second.packets)]).toEqual([[], [1]]);
    });

    test('loses in silence what nobody listens to', async () => {
      const { packets } = await listen(beta, 'to.beta', alpha);
      alpha.publish('to.nobody', Uint8Array.of(1));
      alpha.publish('to.beta', Uint8Array.of(2));
      await arrived(packets, 1);
      expect(firsts(packets)).toEqual([2]);
    });

    test('may be published to from within a receiver', async () => {
      beta.subscribe('ping', ([id = 0]) => beta.publish('pong', Uint8Array.of(id)));
      const { packets } = await listen(alpha, 'pong', beta);
      await world.passing.until('the ping is answered', () => {
        alpha.publish('ping', Uint8Array.of(1));
        return packets.length > 0;
      });
      expect(packets[0]?.[0]).toBe(1);
    });

    test('tells each time that it is back, and carries again then', async () => {
      const returns = { alpha: 0, again: 0, beta: 0 };
      alpha.onReturn(() => returns.alpha++);
      alpha.onReturn(() => returns.again++);
      beta.onReturn(() => returns.beta++);
      const { packets } = await listen(beta, 'to.beta', alpha);
      expect(returns).toEqual({ alpha: 0, again: 0, beta: 0 });
      for (const times of [1, 2]) {
        expect([alpha.isConnected(), beta.isConnected()]).toEqual([true, true]);
        await world.goAway();
        expect([alpha.isConnected(), beta.isConnected()]).toEqual([false, false]);
        expect(returns.alpha).toBe(times - 1);
        await world.comeBack();
        await world.passing.until(
          'both are told',
          () => returns.alpha + returns.beta === 2 * times,
        );
        expect(returns).toEqual({ alpha: times, again: times, beta: times });
        await world.passing.until('packets come again', () => {
          alpha.publish('to.beta', Uint8Array.of(times));
          return packets.some(([first]) => first === times);
        });
      }
    });

    test('never throws while it is away, and subscriptions made then hold afterwards', async () => {
      await world.goAway();
      for (let id = 0; id < 50; id++) alpha.publish('to.beta', Uint8Array.of(id));
      const packets: Uint8Array[] = [];
      const dropped: Uint8Array[] = [];
      const end = beta.subscribe('to.beta', (packet) => dropped.push(packet));
      beta.subscribe('to.beta', (packet) => packets.push(packet));
      end();
      await world.passing.pass(TURN_MS);
      expect(packets).toEqual([]);
      await world.comeBack();
      await world.passing.until('packets come', () => {
        alpha.publish('to.beta', Uint8Array.of(99));
        return packets.some(([first]) => first === 99);
      });
      expect(dropped).toEqual([]);
    });
  });
}

const PACKETLESS = Buffer.from('nothing was sent');
