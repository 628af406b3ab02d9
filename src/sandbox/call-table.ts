/**
 * Every call that `ctx` offers, by capability: how many arguments it takes at least and at most. The guest's `ctx`, the frames of a
 * host process and the test kit are made from this table; the bodies are in `capabilities/`, one file each.
 */
export const CALLS = {
  http: { request: [1, 1] },
  fs: {
    read: [1, 2],
    write: [2, 3],
    list: [1, 1],
    stat: [1, 1],
    remove: [1, 1],
    rename: [2, 2],
    mkdir: [1, 1],
  },
  kv: { get: [1, 1], set: [2, 2], delete: [1, 1] },
  secret: { get: [1, 1] },
  actor: { tell: [3, 4], ask: [3, 5] },
  notify: { send: [1, 1] },
  llm: { complete: [1, 1] },
  random: { bytes: [1, 1] },
  clock: { now: [0, 0] },
  /** Lines are posted, never answered: `ctx.log` is no call. */
  log: {},
} as const;

export type CapabilityName = keyof typeof CALLS;
type CallOf<C extends CapabilityName> = C extends CapabilityName
  ? `${C}.${keyof (typeof CALLS)[C] & string}`
  : never;
export type CallName = CallOf<CapabilityName>;

export const CAPABILITY_NAMES = Object.keys(CALLS) as readonly CapabilityName[];
export const CALL_NAMES = Object.entries(CALLS).flatMap(([capability, calls]) =>
  Object.keys(calls).map((call) => `${capability}.${call}`),
) as readonly CallName[];
/** The most that any call takes. */
export const CALL_ARGUMENTS_MAX = 5;

export const capabilityOf = (call: string): string => call.split('.', 1)[0] ?? '';
