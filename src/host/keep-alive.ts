/** Keeps this process alive while nothing else does: timers of the port let it end. */
const TURN_MS = 2 ** 30;

/** @returns a function that lets the process end again. */
export function keepAlive(): () => void {
  const turn = setInterval(() => undefined, TURN_MS);
  return () => clearInterval(turn);
}
