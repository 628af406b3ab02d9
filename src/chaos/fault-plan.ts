/**
 * Fault plans: what is done to a cluster, as data. The file says what has to hold before and after, what may be touched at once,
 * and the faults with their targets; names and numbers are checked before anything runs.
 */
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import {
  checker,
  failure,
  LIMITS,
  type Result,
  readDocument,
  reasonOf,
  success,
} from '../contracts/index.ts';
import { type Fault, targetOf } from './fault.ts';
import { FAULTS } from './fault-table.ts';
import { ALL_SOMETIMES } from './sometimes.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

const closed = { additionalProperties: false } as const;
const ms = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000, description }));

export const TargetSchema = Type.Union([
  Type.Object(
    {
      names: Type.Array(Type.String({ maxLength: 100 }), {
        minItems: 1,
        maxItems: 1_000,
        description: 'As `n-1`, `n-1/t1`, `n-1>n-2` or `cluster`, whatever the fault aims at.',
      }),
    },
    closed,
  ),
  Type.Object(
    {
      any: Type.Integer({
        minimum: 1,
        maximum: 1_000,
        description: 'So many of them, as the seed decides.',
      }),
    },
    closed,
  ),
]);

export const PlannedFaultSchema = Type.Object(
  {
    fault: Type.String({ maxLength: 100, description: 'Its name; `skein sim --list` shows all.' }),
    atMs: ms('From the beginning; default 0.'),
    everyMs: Type.Optional(
      Type.Integer({ minimum: 100, maximum: 86_400_000, description: 'Again and again.' }),
    ),
    forMs: ms('Until it is undone; default 0: at once.'),
    probability: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Of each time; default 1.' }),
    ),
    target: Type.Optional(TargetSchema),
    attributes: Type.Optional(Type.Record(Type.String(), Type.Number())),
  },
  closed,
);

export const WorkloadSchema = Type.Unsafe<Workload>({
  enum: [...WORKLOADS],
  description: 'Which parts of the workload run; default `actors`.',
});

const least = (minimum: number) => Type.Integer({ minimum, maximum: 1_000 });
export const WorldSchema = Type.Object(
  {
    nodes: Type.Optional(
      Type.Object(
        { min: least(1), max: least(1) },
        { ...closed, description: 'How many, as the seed decides.' },
      ),
    ),
    threads: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 16, description: 'Worker threads of each node.' }),
    ),
  },
  closed,
);

export const DrawSchema = Type.Object(
  {
    faults: Type.Array(Type.String({ maxLength: 100 }), {
      minItems: 1,
      maxItems: 100,
      description: 'Those that a seed may have; what they do to whom is drawn.',
    }),
    share: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Of them that a seed has; default 1.' }),
    ),
    everyMs: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 86_400_000,
        description: 'Mean time from the beginning of one to the next; default 2,500.',
      }),
    ),
  },
  closed,
);

export const FaultPlanSchema = Type.Object(
  {
    version: Type.Literal(1),
    title: Type.String({ minLength: 1, maxLength: 200 }),
    seed: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2 ** 32, description: 'Default: the one of the run.' }),
    ),
    steadyState: Type.Optional(
      Type.Object(
        {
          answersWithinMs: Type.Integer({
            minimum: 100,
            maximum: 600_000,
            description: 'Every thread answers every node, before the faults and after them.',
          }),
        },
        closed,
      ),
    ),
    blastRadius: Type.Optional(
      Type.Object(
        {
          nodes: Type.Integer({
            minimum: 0,
            maximum: 1_000,
            description: 'So many nodes are touched at the same time, at most.',
          }),
        },
        closed,
      ),
    ),
    workload: Type.Optional(WorkloadSchema),
    world: Type.Optional(WorldSchema),
    faults: Type.Optional(Type.Array(PlannedFaultSchema, { maxItems: 200 })),
    draw: Type.Optional(DrawSchema),
    sometimes: Type.Optional(
      Type.Array(Type.String({ maxLength: 100 }), {
        maxItems: 200,
        description: 'What a sweep of 150 seeds or more has to meet; default: nothing.',
      }),
    ),
    verify: Type.Optional(
      Type.Array(Type.String({ maxLength: 100 }), {
        maxItems: 50,
        description: 'Invariants that count; default: all.',
      }),
    ),
    rollback: Type.Optional(
      Type.Object(
        {
          withinMs: Type.Integer({
            minimum: 4_000,
            maximum: 600_000,
            description: 'After the last fault is undone, until the steady state; default 40,000.',
          }),
        },
        closed,
      ),
    ),
  },
  { ...closed, $id: 'https://skein.dev/schemas/fault-plan.json', title: 'Skein fault plan' },
);
export type FaultPlan = Static<typeof FaultPlanSchema>;
export type PlannedFault = Static<typeof PlannedFaultSchema>;

const check = checker(FaultPlanSchema);

/** Failures: FILE_UNREADABLE, FAULT_PLAN_INVALID with the place and what is expected there. */
export async function loadFaultPlan(file: string): Promise<Result<FaultPlan>> {
  try {
    return readFaultPlan(await readFile(file, 'utf8'), file);
  } catch (thrown) {
    return failure('FILE_UNREADABLE', { file, reason: reasonOf(thrown) });
  }
}

const PROFILES = new URL('../../profiles/', import.meta.url);
const NO_THROW = { throwIfNoEntry: false } as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/** As `loadFaultPlan`; a word that is no file here is the name of a plan that comes with Skein. */
export async function loadProfile(fileOrName: string): Promise<Result<FaultPlan>> {
  const isName = NAME.test(fileOrName) && !statSync(fileOrName, NO_THROW)?.isFile();
  return await loadFaultPlan(
    isName ? fileURLToPath(new URL(`${fileOrName}.yaml`, PROFILES)) : fileOrName,
  );
}

export function readFaultPlan(text: string, file: string): Result<FaultPlan> {
  if (text.length > LIMITS.manifestBytes) {
    const expected = `at most ${LIMITS.manifestBytes} characters`;
    return failure('FAULT_PLAN_INVALID', { file, pointer: '', found: 'more', expected });
  }
  const read = readDocument(text, check);
  if (!read.ok) return failure('FAULT_PLAN_INVALID', { file, ...read.error });
  const wrong = mistakeInPlan(read.value);
  return wrong ? failure('FAULT_PLAN_INVALID', { ...wrong, file }) : success(read.value);
}

function mistakeInPlan({ faults, draw, world, sometimes = [] }: FaultPlan): Mistake | undefined {
  if (!faults && !draw) return { pointer: '', found: 'neither', expected: 'faults, draw or both' };
  for (const [at, planned] of (faults ?? []).entries()) {
    const wrong = mistakeIn(planned);
    if (wrong) return { ...wrong, pointer: `/faults/${at}${wrong.pointer}` };
  }
  for (const [at, name] of (draw?.faults ?? []).entries()) {
    const wrong = mistakeIn({ fault: name });
    if (wrong) return { ...wrong, pointer: `/draw/faults/${at}` };
  }
  const { min = 1, max = 1 } = world?.nodes ?? {};
  if (min > max) {
    return { pointer: '/world/nodes/min', found: `${min}`, expected: `at most max, ${max}` };
  }
  for (const [at, what] of sometimes.entries()) {
    if ((ALL_SOMETIMES as readonly string[]).includes(what)) continue;
    const expected = `one of ${ALL_SOMETIMES.join(', ')}`;
    return { pointer: `/sometimes/${at}`, found: JSON.stringify(what), expected };
  }
  return undefined;
}

interface Mistake {
  readonly pointer: string;
  readonly found: string;
  readonly expected: string;
}

function mistakeIn({ fault: name, target, attributes }: PlannedFault): Mistake | undefined {
  const fault = Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
  if (!fault) {
    const expected = `one of ${Object.keys(FAULTS).join(', ')}`;
    return { pointer: '/fault', found: JSON.stringify(name), expected };
  }
  if (target && 'names' in target) {
    for (const [at, each] of target.names.entries()) {
      if (targetOf(fault.target, each)) continue;
      const expected = SHAPES[fault.target];
      return { pointer: `/target/names/${at}`, found: JSON.stringify(each), expected };
    }
  }
  return attributes && mistakeInAttributes(fault, attributes);
}

const SHAPES = {
  cluster: '`cluster`',
  node: 'a node, as `n-1`',
  thread: 'a thread, as `n-1/t1`',
  link: 'a direction, as `n-1>n-2`',
} as const;

function mistakeInAttributes(
  fault: Fault,
  attributes: Readonly<Record<string, number>>,
): Mistake | undefined {
  const { properties = {} } = fault.attributes as { readonly properties?: object };
  const known = Object.keys(properties);
  for (const [name, value] of Object.entries(attributes)) {
    const pointer = `/attributes/${name}`;
    if (!known.includes(name)) {
      return { pointer, found: 'it', expected: `one of ${known.join(', ') || 'none'}` };
    }
    const schema = (properties as Record<string, { minimum?: number; maximum?: number }>)[name];
    if (schema && Value.Check(schema as never, value)) continue;
    const { minimum, maximum } = schema ?? {};
    return { pointer, found: String(value), expected: `a number from ${minimum} to ${maximum}` };
  }
  return undefined;
}
