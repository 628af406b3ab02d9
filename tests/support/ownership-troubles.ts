/** What goes wrong in a world of owners, drawn from its seed; and the healing. */
import { KEYS, type Machine, type OwnershipWorld } from './ownership-world.ts';

export interface Troubles {
  /** Processes stand still for up to 8 s. */
  readonly pauses: boolean;
  /** The state loses writes that it acknowledged. */
  readonly rollbacks: boolean;
}

/** A lease runs out (3.7 s), watches notice (3 s), every node before the last is waited for, twice; a failed start rests. */
const HEALED_WITHIN_MS = 30_000;

export async function trouble(
  world: OwnershipWorld,
  { pauses, rollbacks }: Troubles,
  forMs: number,
): Promise<void> {
  const { time, state, machines } = world;
  const random = world.random.fork('troubles');
  const between = (least: number, most: number): number => least + random.next() * (most - least);
  const anyOf = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)] as T;
  const later = (delayMs: number, then: () => void): void => {
    time.timers.after(delayMs, then);
  };
  const restartIn = (machine: Machine, delayMs: number): void =>
    later(delayMs, () => {
      if (!machine.ownership) world.start(machine);
    });
  const kinds: Readonly<Record<string, () => void>> = {
    cut: () => state.cut(anyOf(machines).name),
    heal: () => state.heal(),
    down: () => {
      state.setDown(true);
      later(between(10, 3_000), () => state.setDown(false));
    },
    lose: () => {
      Object.assign(state.faults, { answerLoss: between(0, 0.6), requestLoss: between(0, 0.3) });
      later(between(500, 4_000), () =>
        Object.assign(state.faults, { answerLoss: 0, requestLoss: 0 }),
      );
    },
    slow: () => {
      Object.assign(state.faults, { jitterMs: between(1, 900), watchLagMs: between(0, 500) });
      later(between(500, 4_000), () => Object.assign(state.faults, { jitterMs: 1, watchLagMs: 0 }));
    },
    crash: () => {
      const machine = anyOf(machines);
      world.crash(machine);
      restartIn(machine, between(1, 6_000));
    },
    leave: () => {
      const machine = anyOf(machines);
      const { ownership } = machine;
      void ownership?.close().then(() => {
        if (machine.ownership !== ownership) return;
        world.crash(machine);
        restartIn(machine, between(1, 2_000));
      });
    },
    weigh: () => world.weights.set(anyOf(machines).name, anyOf([0, 0.2, 1, 4])),
    suspect: () => {
      const { unseen, ownership } = anyOf(machines);
      const { name } = anyOf(machines);
      if (!unseen.delete(name)) unseen.add(name);
      ownership?.reconsider();
    },
    ...(pauses && {
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
    }),
    ...(rollbacks && {
      rollback: () => {
        const { life } = anyOf(machines);
        const isPausedOver = pauses && random.next() < 0.5;
        if (isPausedOver) life.hang();
        later(between(0, 2_000), () => state.crash(Math.ceil(between(0, 12))));
        later(between(2_005, 3_500), () => {
          state.setDown(false);
          if (isPausedOver) later(between(1, 200), () => life.wake());
        });
      },
    }),
  };
  const names = Object.keys(kinds);
  for (let passedMs = 0; passedMs < forMs; ) {
    kinds[anyOf(names)]?.();
    const waitMs = between(50, 1_500);
    passedMs += waitMs;
    await time.advance(waitMs);
  }
}

/** Ends all troubles, and says what is not owned, or by more than one, when everything has had its time. */
export async function heal(world: OwnershipWorld): Promise<readonly string[]> {
  const { time, state, machines, weights } = world;
  await time.advance(8_000);
  Object.assign(state.faults, { answerLoss: 0, requestLoss: 0, jitterMs: 1, watchLagMs: 0 });
  state.heal();
  for (const machine of machines) {
    weights.set(machine.name, 1);
    machine.unseen.clear();
    machine.life.wake();
    if (!machine.ownership) world.start(machine);
  }
  await time.advance(HEALED_WITHIN_MS);
  return KEYS.filter((key) => world.claims(key).length !== 1);
}
