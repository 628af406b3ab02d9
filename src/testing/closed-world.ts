/**
 * While a test body runs, nothing may ask the real world for time, chance or a timer. What prints is let through: a test runner's
 * console stamps its lines with the real time, which decides nothing.
 */
import { type AmbientCall, forbidAmbient } from '../host/index.ts';

const PRINTING = ['debug', 'info', 'log', 'warn', 'error', 'dir', 'table', 'trace'] as const;

/**
 * `told` hears of each call, since whoever made it may swallow the error. `furnish` puts something in the place of what was taken
 * away and gives back what removes it.
 * @returns what opens the world again
 */
export function closeWorld(
  told: (call: AmbientCall) => void,
  furnish: () => () => void = () => () => undefined,
): () => void {
  const close = (): (() => void) => {
    const allow = forbidAmbient(told);
    const remove = furnish();
    return () => {
      remove();
      allow();
    };
  };
  let open = close();
  const before = PRINTING.map((name) => [name, console[name]] as const);
  for (const [name, print] of before) {
    console[name] = (...values: unknown[]): void => {
      open();
      try {
        Reflect.apply(print, console, values);
      } finally {
        open = close();
      }
    };
  }
  return () => {
    for (const [name, print] of before) console[name] = print;
    open();
  };
}
