/**
 * What nodes say to each other about a step that one does for another: an offer that is accepted or refused, then the task itself and
 * its execution. Skills go by name, version and content hash: each node runs its own copy, under its own policy. What comes from a
 * skill or goes to one travels as JSON text: its depth and its keys are nobody's affair on the way.
 */
import Type from 'typebox';
import {
  type Checked,
  checker,
  DEFAULT_RESOURCES,
  ErrorSchema,
  GrantSchema,
  LIMITS,
  ManifestSchema,
  type Mismatch,
  type SkillPackage,
  type TenantId,
  UsageSchema,
  unsoundJson,
} from '../../contracts/index.ts';
import { ActorRef } from '../../kernel/index.ts';
import type { Execution, ExecutionRequest } from '../execution.ts';

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

/** Of JSON, for a task or an execution; a message holds a header beside it. */
export const TASK_BYTES_MAX = LIMITS.peerMessageBytes - 12 * 1024;

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
const checkMessage = checker(
  Type.Object({ ...offer, request: Type.String(), kv: Type.Unknown() }, closed),
);
const checkRequest = checker(RequestSchema);
export const checkSkillNames = checker(Type.Array(skill, { maxItems: 1_000 }));
export const checkSkillCard = checker(
  Type.Object({ manifest: ManifestSchema, contentHash: hash }, closed),
);
const checkExecution = checker(
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

/** A task as it goes to another node. */
export interface TaskMessage extends Offer {
  readonly request: string;
  readonly kv: ActorRef;
}

export const taskMessage = (task: Task): TaskMessage => ({
  ...task,
  request: JSON.stringify(task.request),
});

/** What came as a task from another node; what is wrong with it when it is none. */
export function readTask(came: unknown): Task | string {
  const message = checkMessage(came);
  if (!message.ok) return wrong(message.mismatch);
  const request = read(message.value.request, checkRequest);
  if (typeof request === 'string') return request;
  const { kv } = message.value;
  if (!(kv instanceof ActorRef)) return '/kv: expected an actor';
  return { ...message.value, request, kv } as unknown as Task;
}

/** What came as the text of an execution; what is wrong with it when it is none. */
export const readExecution = (came: unknown): Execution | string =>
  typeof came === 'string'
    ? (read(came, checkExecution) as Execution | string)
    : '/: expected JSON text';

function read<T>(text: string, check: (value: unknown) => Checked<T>): T | string {
  try {
    const value: unknown = JSON.parse(text);
    const unsound = unsoundJson(value);
    if (unsound) return wrong(unsound);
    const checked = check(value);
    return checked.ok ? checked.value : wrong(checked.mismatch);
  } catch {
    return '/: expected JSON text';
  }
}

const wrong = ({ pointer, found, expected }: Mismatch): string =>
  `${pointer}: found ${found}, expected ${expected}`;
