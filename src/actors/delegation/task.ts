/**
 * What nodes say to each other about a step that one does for another: an offer that is accepted or refused, then the task itself and
 * its execution. Skills go by name, version and content hash: each node runs its own copy, under its own policy.
 */
import Type from 'typebox';
import {
  checker,
  DEFAULT_RESOURCES,
  ErrorSchema,
  GrantSchema,
  ManifestSchema,
  type SkillPackage,
  type TenantId,
  UsageSchema,
} from '../../contracts/index.ts';
import { ActorRef } from '../../kernel/index.ts';
import type { ExecutionRequest } from '../execution.ts';

export interface SkillName {
  readonly name: string;
  readonly version: string;
  readonly contentHash: string;
}

export interface Offer {
  /** The same for every attempt to have one call done, wherever: `run/step/index`. */
  readonly task: string;
  readonly skill: SkillName;
  readonly tenant: TenantId;
}

export interface Task extends Offer {
  readonly request: ExecutionRequest;
  /** The key-value store of the node that asks: a skill finds the same keys wherever it runs. */
  readonly kv: ActorRef;
}

/** What a node tells of a skill to one that lacks it. */
export type SkillCard = Pick<SkillPackage, 'manifest' | 'contentHash'>;

export const skillNameOf = ({ manifest, contentHash }: SkillCard): SkillName => ({
  name: manifest.name,
  version: manifest.version,
  contentHash,
});

export const skillKey = ({ name, version, contentHash }: SkillName): string =>
  `${name}@${version} ${contentHash}`;

const closed = { additionalProperties: false } as const;
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const figure = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const skill = Type.Object({ name: text(64), version: text(64), contentHash: hash }, closed);
const tenant = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' });
const offer = { task: text(300), skill, tenant };

const TapeSchema = Type.Object(
  {
    seed: text(400),
    startWallMs: figure,
    effects: Type.Array(
      Type.Object(
        {
          seq: figure,
          name: text(100),
          args: Type.Array(Type.Unknown()),
          answer: Type.Optional(
            Type.Union([
              Type.Object({ ok: Type.Literal(true), value: Type.Unknown() }, closed),
              Type.Object({ ok: Type.Literal(false), error: ErrorSchema }, closed),
            ]),
          ),
          atMs: Type.Optional(figure),
        },
        closed,
      ),
    ),
  },
  closed,
);

const RequestSchema = Type.Object(
  {
    input: Type.Unknown(),
    grants: GrantSchema,
    resources: Type.Object(
      Object.fromEntries(Object.keys(DEFAULT_RESOURCES).map((name) => [name, figure])),
      closed,
    ),
    seed: text(400),
    startWallMs: figure,
    attempt: Type.Integer({ minimum: 1, maximum: 1_000 }),
    task: Type.Optional(text(300)),
    tape: Type.Optional(TapeSchema),
  },
  closed,
);

export const checkOffer = checker(Type.Object(offer, closed));
const checkTaskFields = checker(
  Type.Object({ ...offer, request: RequestSchema, kv: Type.Unknown() }, closed),
);
export const checkSkillNames = checker(Type.Array(skill, { maxItems: 1_000 }));
export const checkSkillCard = checker(
  Type.Object({ manifest: ManifestSchema, contentHash: hash }, closed),
);
export const checkExecution = checker(
  Type.Object(
    {
      result: Type.Union([
        Type.Object({ ok: Type.Literal(true), value: Type.Unknown() }, closed),
        Type.Object({ ok: Type.Literal(false), error: ErrorSchema }, closed),
      ]),
      usage: UsageSchema,
      tape: TapeSchema,
      outputHash: Type.Optional(hash),
      limitTouched: Type.Boolean(),
      thread: Type.String({ maxLength: 64 }),
      exit: Type.Optional(Type.Unknown()),
    },
    closed,
  ),
);

/** What came as a task from another node, when it is one. */
export function checkTask(value: unknown): Task | string {
  const checked = checkTaskFields(value);
  if (!checked.ok) {
    const { pointer, found, expected } = checked.mismatch;
    return `${pointer}: found ${found}, expected ${expected}`;
  }
  const task = checked.value as unknown as Task;
  return task.kv instanceof ActorRef ? task : '/kv: expected an actor';
}
