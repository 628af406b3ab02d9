/**
 * While a test body runs, nothing may ask the real world for time, chance or a timer. What prints is let through: a test runner's
 * console stamps its lines with the real time, which decides nothing.
 */
import { type AmbientCall, forbidAmbient } from '../host/index.ts';

const PRINTING = ['debug', 'info', 'log', 'warn', 'error', 'dir', 'table', 'trace'] as const;

/** @returns what opens the world again. `told` hears of each call, since whoever made it may swallow the error. */
export function closeWorld(told: (call: AmbientCall) => void): () => void {
  let allow = forbidAmbient(told);
  const before = PRINTING.map((name) => [name, console[name]] as const);
  for (const [name, print] of before) {
    console[name] = (...values: unknown[]): void => {
      allow();
      try {
        Reflect.apply(print, console, values);
      } finally {
        allow = forbidAmbient(told);
      }
    };
  }
  return () => {
    for (const [name, print] of before) console[name] = print;
    allow();
  };
}
