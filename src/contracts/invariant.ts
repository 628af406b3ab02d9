/** A broken invariant is a crash: the supervisor does the rest. Kept on in production. */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${why}`);
}

export function assertNever(value: never, what: string): never {
  throw new Error(`invariant broken: ${what} has no case for ${JSON.stringify(value)}`);
}
