/**
 * While a simulation runs, nothing in the process may ask the real world for time, chance or a turn of its event loop: whoever does
 * gets an error with the stack that shows where. A simulation never waits for real I/O, so nobody else runs meanwhile.
 */

type Ambient = readonly [owner: object, name: string];

const AMBIENT: readonly Ambient[] = [
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [globalThis, 'setImmediate'],
  [Date, 'now'],
  [Math, 'random'],
  [performance, 'now'],
];

export class AmbientCall extends Error {}

/** @returns what ends the ban. `told` hears of each call, since whoever made it may swallow the error. */
export function forbidAmbient(told: (call: AmbientCall) => void): () => void {
  const before = AMBIENT.map(([owner, name]) => [owner, name, Reflect.get(owner, name)] as const);
  for (const [owner, name] of AMBIENT) {
    Reflect.set(owner, name, () => {
      const call = new AmbientCall(`${name} was called in a simulation`);
      told(call);
      throw call;
    });
  }
  return () => {
    for (const [owner, name, real] of before) Reflect.set(owner, name, real);
  };
}
