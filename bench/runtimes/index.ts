/** Who is measured beside Skein in one thread, by the name that tables show. Each is loaded only in its own process. */
import type { Runtime } from './runtime.ts';

export const RUNTIMES = {
  Skein: async () => (await import('./skein.ts')).startSkein(),
  floor: async () => (await import('./floor.ts')).startFloor(),
  xstate: async () => (await import('./xstate.ts')).startXstate(),
  nact: async () => (await import('./nact.ts')).startNact(),
  comedy: async () => (await import('./comedy.ts')).startComedy(),
  effect: async () => (await import('./effect.ts')).startEffect(),
  moleculer: async () => (await import('./moleculer.ts')).startMoleculer(),
} satisfies Readonly<Record<string, () => Promise<Runtime>>>;

export type LocalName = keyof typeof RUNTIMES;
