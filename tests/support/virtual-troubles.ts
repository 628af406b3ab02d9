/** What goes wrong in a world of virtual actors, drawn from its seed; the healing; and what has to be true after it. */
import type { Fact } from '../../src/chaos/checker.ts';
import { virtualActorsChecker } from '../../src/chaos/checkers/virtual-actors.ts';
import type { CounterState } from '../../src/chaos/virtual-counter.ts';
import { VIRTUAL_KEYS, type VirtualMachine, type VirtualWorld } from './virtual-world.ts';

/** A lease runs out (2.4 s), watches notice (3 s), every node before the last is waited for, a failed start rests; twice. */
const HEALED_WITHIN_MS = 20_000;

export async function troubleVirtual(world: VirtualWorld, forMs: number): Promise<void> {
  const { time, state, bus, machines } = world;
  const random = world.random.fork('troubles');
  const between = (least: number, most: number): number => least + random.next() * (most - least);
  const anyOf = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)] as T;
  const later = (delayMs: number, then: () => void): void => void time.timers.after(delayMs, then);
  const restartIn = (machine: VirtualMachine, delayMs: number): void =>
    later(delayMs, () => {
      if (!machine.actors && !machine.system) world.start(machine);
    });
  const toxicFor = (
    leastMs: number,
    mostMs: number,
    toxic: Parameters<typeof bus.add>[0],
  ): void => {
    later(between(leastMs, mostMs), bus.add(toxic));
  };
  const kinds: Readonly<Record<string, () => void>> = {
    cutState: () => state.cut(anyOf(machines).name),
    heal: () => state.heal(),
    down: () => {
      state.setDown(true);
      later(between(10, 4_000), () => state.setDown(false));
    },
    lose: () => {
      Object.assign(state.faults, { answerLoss: between(0, 0.4), requestLoss: between(0, 0.2) });
      later(between(500, 3_000), () =>
        Object.assign(state.faults, { answerLoss: 0, requestLoss: 0 }),
      );
    },
    slow: () => {
      Object.assign(state.faults, { jitterMs: between(1, 600), watchLagMs: between(0, 500) });
      later(between(500, 3_000), () => Object.assign(state.faults, { jitterMs: 1, watchLagMs: 0 }));
    },
    crash: () => {
      const machine = anyOf(machines);
      if (!machine.actors) return;
      world.crash(machine);
      restartIn(machine, between(1, 6_000));
    },
    leave: () => {
      const machine = anyOf(machines);
      void world.leave(machine).then(() => restartIn(machine, between(1, 2_000)));
    },
    pause: () => {
      const { life } = anyOf(machines);
      life.hang();
      later(between(50, 8_000), () => life.wake());
    },
    /** Between a write that is done and its answer. */
    stall: () => {
      const { name, life } = anyOf(machines);
      const end = state.onWrite(({ text }) => {
        if (!text?.includes(`"${name}"`)) return;
        end();
        life.hang();
        later(between(2_000, 8_000), () => life.wake());
      });
      later(5_000, end);
    },
    split: () => {
      const { name } = anyOf(machines);
      toxicFor(200, 6_000, { from: name, isCut: true });
      toxicFor(200, 6_000, { to: name, isCut: true });
    },
    lossy: () => toxicFor(500, 4_000, { loss: 0.2, repeat: 0.2, jitterMs: between(0, 80) }),
    ...(world.losesWrites && {
      rollback: () => {
        const { life } = anyOf(machines);
        const isPausedOver = random.next() < 0.5;
        if (isPausedOver) life.hang();
        later(between(0, 2_000), () => state.crash(Math.ceil(between(0, 12))));
        later(between(2_005, 3_500), () => {
          state.setDown(false);
          if (isPausedOver) later(between(1, 200), () => life.wake());
        });
      },
    }),
    weigh: () => world.weights.set(anyOf(machines).name, anyOf([0, 0.2, 1, 4])),
    suspect: () => {
      const { unseen, actors } = anyOf(machines);
      const { name } = anyOf(machines);
      if (!unseen.delete(name)) unseen.add(name);
      actors?.reconsider();
    },
  };
  const names = Object.keys(kinds);
  for (let passedMs = 0; passedMs < forMs; ) {
    kinds[anyOf(names)]?.();
    const waitMs = between(50, 1_500);
    passedMs += waitMs;
    await time.advance(waitMs);
  }
}

const OUTCOMES = {
  acknowledged: 'answered',
  refused: 'not-delivered',
  unknown: 'unknown',
} as const;

export interface Verdict {
  readonly violations: readonly string[];
  /** Keys that did not answer in time after the healing. */
  readonly silent: readonly string[];
  readonly states: ReadonlyMap<string, CounterState>;
}

/** Ends all troubles; then every key has to answer, with what was acknowledged and nothing twice. */
export async function judgeVirtual(world: VirtualWorld): Promise<Verdict> {
  const { time, state, bus, machines, weights } = world;
  await time.advance(4_000);
  Object.assign(state.faults, { answerLoss: 0, requestLoss: 0, jitterMs: 1, watchLagMs: 0 });
  state.heal();
  bus.heal();
  for (const machine of machines) {
    weights.set(machine.name, 1);
    machine.unseen.clear();
    machine.life.wake();
    if (!machine.actors && !machine.system) world.start(machine);
  }
  await time.advance(HEALED_WITHIN_MS / 2);
  world.stopAsking();
  await time.advance(HEALED_WITHIN_MS / 2);
  const states = new Map<string, CounterState>();
  const silent: string[] = [];
  for (const key of VIRTUAL_KEYS) {
    const found = await readOf(world, key);
    if (found) states.set(key, found);
    else silent.push(key);
  }
  if (!world.losesWrites) {
    checkCounters(world, states);
    await checkReminders(world, states);
  }
  return { violations: world.violations, silent, states };
}

async function readOf(world: VirtualWorld, key: string): Promise<CounterState | undefined> {
  let found: CounterState | undefined;
  const machine = world.machines.find(({ actors }) => actors) as VirtualMachine;
  void world
    .handle(machine, key)
    .ask('read', undefined, { timeoutMs: 4_000 })
    .then((result) => {
      if (result.kind === 'answered') found = structuredClone(result.value);
    });
  await world.time.advance(4_100);
  return found;
}

/** What the clients were told against what is there, by the checker of the simulator. */
function checkCounters(world: VirtualWorld, states: ReadonlyMap<string, CounterState>): void {
  const checker = virtualActorsChecker((_invariant, what) => world.complain(what));
  const hear = (fact: Fact): void => checker.hear(fact, 0);
  for (const [id, { key, outcome }] of world.told) {
    hear({ kind: 'counter asked', id, key, what: 'increment' });
    if (outcome !== 'open')
      hear({ kind: 'counter told', id, outcome: OUTCOMES[outcome], code: undefined });
  }
  let id = world.counts.asked;
  for (const [key, { done, fired }] of states) {
    hear({ kind: 'counter asked', id: ++id, key, what: 'read' });
    hear({ kind: 'counter found', id, key, done, fired });
  }
}

/** Who has set a reminder is still reminded, though nobody asks. */
async function checkReminders(
  world: VirtualWorld,
  before: ReadonlyMap<string, CounterState>,
): Promise<void> {
  await world.time.advance(4_000);
  for (const [key, { fired }] of before) {
    if (fired.length === 0) continue;
    const after = await readOf(world, key);
    if (after && after.fired.length <= fired.length)
      world.complain(`${key} is not reminded any more`);
  }
}
