/**
 * Requests to `execute` that no honest caller makes, as data: a valid request, a place in it, and what stands there instead.
 * The description is what fast-check shrinks and prints; `build` makes the request, traps and all.
 */
import fc from 'fast-check';

const trapped = (target: object): object => {
  const trap = (): never => {
    throw new Error('trap');
  };
  const names = ['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'apply'];
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, trap])));
};
/** Even asking what it is an instance of throws, and what that throws cannot be asked either. */
const unaskable = (): object => {
  const trap = (): never => {
    throw unaskable();
  };
  return new Proxy({}, { get: trap, getPrototypeOf: trap, ownKeys: trap, has: trap });
};
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const cyclic = (): object => {
  const value: Record<string, unknown> = { list: [] };
  value.self = value;
  (value.list as unknown[]).push(value);
  return value;
};
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { in: value };
  return value;
};
const throwing = (name: string): object => ({
  [name]: () => {
    throw new Error(name);
  },
});
const thenable = (then: (ok: () => void, fail: () => void) => void): object =>
  Object.fromEntries([['then', then]]);
const HUGE = 'x'.repeat(300_000);

/** Values that bite whoever touches them. */
export const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'a proxy whose traps throw': () => trapped({}),
  'a list whose traps throw': () => trapped([]),
  'a proxy whose traps throw such proxies': unaskable,
  'a function whose traps throw': () => trapped(() => undefined),
  'a revoked proxy': revoked,
  'a list of four billion holes': () => new Array(2 ** 32 - 1),
  'a cyclic object': cyclic,
  'a deep value': () => deep(20_000),
  'a huge string': () => HUGE,
  'a list of huge strings': () => Array(20).fill(HUGE),
  'a function': () => () => undefined,
  'a class': () => class Skill {},
  'a symbol': () => Symbol('skill'),
  'a big integer': () => 2n ** 70n,
  'no number': () => Number.NaN,
  'a thenable that never settles': () => thenable(() => undefined),
  'a rejecting thenable': () => thenable((_ok, fail) => fail()),
  'a throwing toString': () => throwing('toString'),
  'a throwing toJSON': () => throwing('toJSON'),
  'a throwing Symbol.toPrimitive': () => ({
    [Symbol.toPrimitive]: () => {
      throw new Error('toPrimitive');
    },
  }),
  'an invalid date': () => new Date(Number.NaN),
  'a key __proto__': () => JSON.parse('{"__proto__":{"polluted":true}}'),
  'a key constructor': () => ({ constructor: { prototype: { polluted: true } } }),
  'bytes that are no text': () => '\ud800\u0000\u202e',
};

const PLAN = {
  plan: 'mutated',
  description: 'valid, but for its skill',
  input: { name: 'x' },
  grants: { http: { hosts: ['a.test'], methods: ['GET'] }, kv: true, log: true },
  steps: [
    {
      id: 'one',
      skill: 'no_such_skill',
      needs: [],
      input: { name: '${input.name}' },
      retry: { attempts: 2, minMs: 1 },
      timeoutMs: 1_000,
    },
    {
      id: 'two',
      skill: 'no_such_skill@^1',
      needs: ['one'],
      forEach: { items: '${steps.one.list}', inFlight: 2 },
      input: { item: '${item}' },
      verify: { replicas: 2, quorum: 2 },
    },
  ],
  output: '${steps.two}',
  budget: { wallMs: 1_000, attempts: 5 },
};
export const PLAN_TEXT = `plan: text\nsteps:\n  - id: one\n    skill: no_such_skill\n    input: { name: "\${input.name}" }\n  - id: two\n    needs: [one]\n    skill: no_such_skill\n    retry: { attempts: 2 }\noutput: \${steps.two}\n`;

const TERMS = {
  input: { name: 'x' },
  tenant: 'tenant',
  grants: { http: { hosts: ['a.test'], methods: ['GET'] } },
  profile: { name: 'strict', skills: ['hello'], resources: { cpuMs: 1 }, grants: { kv: true } },
};
/** Valid requests. None reaches a sandbox: its skill does not exist. */
const REQUESTS: readonly object[] = [
  { target: { kind: 'plan', plan: PLAN }, ...TERMS },
  { target: { kind: 'plan-text', text: PLAN_TEXT, file: '/tmp/plan.yaml' }, ...TERMS },
  { target: { kind: 'skill', skill: 'no_such_skill' }, ...TERMS },
];

type Path = readonly string[];
const pathsOf = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? [path, ...Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))]
    : [path];
const PLACES = REQUESTS.flatMap((request, base) =>
  pathsOf(request).map((path) => ({ base, path })),
);

export interface BadRequest {
  readonly at: { readonly base: number; readonly path: Path };
  /** The value stands there, a getter gives it, a getter throws it, or nothing is there. */
  readonly how: 'holds' | 'gives' | 'throws' | 'lacks';
  readonly value: { readonly hostile: string } | { readonly plain: unknown };
}

const THROWN: Readonly<Record<string, () => unknown>> = {
  'an error': () => new Error('thrown'),
  'a proxy that nobody can ask': unaskable,
  nothing: () => undefined,
  'a symbol': () => Symbol('thrown'),
  'an error that is not one': () => Object.create(Error.prototype),
  'an object without a prototype': () => Object.create(null),
  'an error with a hostile message': () =>
    Object.defineProperty(new Error('x'), 'message', { get: () => trapped({}) }),
};

const plain = fc.anything({
  maxDepth: 3,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: false,
  withTypedArray: true,
  withBoxedValues: true,
});
const oneOf = (values: object) =>
  fc.constantFrom(...Object.keys(values)).map((hostile) => ({ hostile }));

export const badRequest: fc.Arbitrary<BadRequest> = fc.oneof(
  fc.record({
    at: fc.constantFrom(...PLACES),
    how: fc.constantFrom('holds', 'gives', 'lacks'),
    value: fc.oneof(
      oneOf(HOSTILE),
      plain.map((value) => ({ plain: value })),
    ),
  }),
  fc.record({
    at: fc.constantFrom(...PLACES),
    how: fc.constant('throws' as const),
    value: oneOf(THROWN),
  }),
) as fc.Arbitrary<BadRequest>;

export function build({ at, how, value }: BadRequest): unknown {
  const make = (): unknown =>
    'plain' in value ? value.plain : (HOSTILE[value.hostile] ?? THROWN[value.hostile])?.();
  const last = at.path.at(-1);
  if (last === undefined) return how === 'throws' ? trapped({}) : make();
  const request = structuredClone(REQUESTS[at.base]) as object;
  const owner = at.path.slice(0, -1).reduce((part, key) => Reflect.get(part, key), request);
  if (how === 'lacks') Reflect.deleteProperty(owner, last);
  else Object.defineProperty(owner, last, propertyOf(how, make));
  return request;
}

function propertyOf(how: 'holds' | 'gives' | 'throws', make: () => unknown): PropertyDescriptor {
  const shown = { enumerable: true, configurable: true };
  if (how === 'holds') return { ...shown, value: make() };
  const get = (): unknown => {
    if (how === 'throws') throw make();
    return make();
  };
  return { ...shown, get };
}

const TOKENS = ['&a ', '*a', '<<: *a', '!!js/function ', '{', ']', '- ', '? ', '|\n', '\t', '\0'];
const REFERENCES = ['${', '${}', '${steps.__proto__}', '${item}', '%YAML 9', '---\n', '"', "'"];

/** The text of a plan with a few pieces replaced: sometimes valid, mostly not. */
export const badText: fc.Arbitrary<string> = fc
  .array(
    fc.record({
      from: fc.nat(PLAN_TEXT.length),
      drop: fc.nat(12),
      put: fc.oneof(
        fc.constantFrom(...TOKENS, ...REFERENCES),
        fc.string({ maxLength: 8, unit: 'binary' }),
      ),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((pieces) =>
    pieces.reduce(
      (text, { from, drop, put }) => text.slice(0, from) + put + text.slice(from + drop),
      PLAN_TEXT,
    ),
  );
