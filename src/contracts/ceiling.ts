/**
 * Ceilings laid over what a skill's manifest asks for: an operator's for a whole node, a caller's (an agent profile) for its
 * own runs. A ceiling only lowers: of two figures the smaller counts, of two grants what both give.
 */
import Type, { type Static } from 'typebox';
import { ResourceSchema } from './skill.ts';

export const GrantSchema = Type.Object(
  {
    http: Type.Optional(
      Type.Object(
        {
          hosts: Type.Array(Type.String(), { description: 'Exact `host` or `host:port` names.' }),
          methods: Type.Optional(
            Type.Array(Type.String(), { description: 'Default: GET and HEAD.' }),
          ),
          maxBytes: Type.Optional(
            Type.Integer({
              minimum: 1,
              description: 'Of the body of one request, and of one answer.',
            }),
          ),
          privateAddresses: Type.Optional(
            Type.Boolean({
              description:
                'Lets a host resolve to loopback or private addresses: services beside the node.',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    fs: Type.Optional(Type.Union([Type.Literal('read'), Type.Literal('write')])),
    kv: Type.Optional(Type.Boolean()),
    secret: Type.Optional(
      Type.Object(
        {
          names: Type.Array(Type.String(), { description: 'Of the secrets of the node.' }),
          reveal: Type.Optional(
            Type.Boolean({ description: 'Lets a skill read them, beside using them in headers.' }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    actor: Type.Optional(
      Type.Object(
        { kinds: Type.Array(Type.String(), { description: 'Kinds of virtual actors.' }) },
        { additionalProperties: false },
      ),
    ),
    notify: Type.Optional(
      Type.Object(
        { channels: Type.Array(Type.String(), { description: 'Channels of the node.' }) },
        { additionalProperties: false },
      ),
    ),
    llm: Type.Optional(
      Type.Object(
        {
          models: Type.Array(Type.String(), { description: 'Models of the node.' }),
          maxTokens: Type.Optional(
            Type.Integer({ minimum: 1, description: 'The most that one completion may have.' }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    random: Type.Optional(Type.Boolean()),
    clock: Type.Optional(Type.Boolean()),
    log: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** What may be had, per capability. Absent means denied. */
export interface CapabilityGrants {
  readonly http?: {
    readonly hosts: readonly string[];
    readonly methods: readonly string[];
    /** Of the body of one request, and of one answer. */
    readonly maxBytes?: number;
    /** Lets an `http` host resolve to loopback or private addresses. For services that run beside the node. */
    readonly privateAddresses?: boolean;
  };
  readonly fs?: 'read' | 'write';
  readonly kv?: boolean;
  readonly secret?: {
    readonly names: readonly string[];
    /** Lets a skill read them, beside using them in headers. */
    readonly reveal?: boolean;
  };
  readonly actor?: { readonly kinds: readonly string[] };
  readonly notify?: { readonly channels: readonly string[] };
  readonly llm?: {
    readonly models: readonly string[];
    /** The most that one completion may have. */
    readonly maxTokens?: number;
  };
  readonly random?: boolean;
  readonly clock?: boolean;
  readonly log?: boolean;
}

export const CeilingSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Shown in refusals.' }),
    skills: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
        maxItems: 1_000,
        description: 'Names of the skills that may be called; absent: all.',
      }),
    ),
    resources: Type.Optional(ResourceSchema),
    grants: Type.Optional(GrantSchema),
  },
  { additionalProperties: false, $id: 'https://skein.dev/schemas/ceiling.json', title: 'Ceiling' },
);
export type Ceiling = Static<typeof CeilingSchema>;

const READING: readonly string[] = ['GET', 'HEAD'];

/** Grants as a user writes them, with the defaults filled in. */
export function grantsFrom(written: Static<typeof GrantSchema> | undefined): CapabilityGrants {
  const { http, kv = false, log = true, ...rest } = written ?? {};
  const granted = http && {
    ...http,
    methods: http.methods ?? READING,
  };
  return { ...rest, log, kv, ...(granted ? { http: granted } : {}) } as CapabilityGrants;
}

/** What both give. */
export function commonGrants(left: CapabilityGrants, right: CapabilityGrants): CapabilityGrants {
  const both = Object.entries(MEETS).map(([name, meet]) => {
    const [one, other] = [left, right].map((grants) => grants[name as keyof CapabilityGrants]);
    const common = one && other ? meet(one as never, other as never) : false;
    return [name, common] as const;
  });
  return Object.fromEntries(both.filter(([name, common]) => common || name in YES_OR_NO));
}

const inBoth = <T>(left: readonly T[], right: readonly T[]): readonly T[] =>
  left.filter((each) => right.includes(each));
/** The smaller of two bounds that may be left out, under its name. */
export function smaller<Name extends string>(
  name: Name,
  ...bounds: readonly (number | undefined)[]
): { readonly [N in Name]?: number } {
  const given = bounds.filter((bound) => bound !== undefined);
  return given.length === 0 ? {} : ({ [name]: Math.min(...given) } as { [N in Name]: number });
}
const YES = (): boolean => true;
/** Whose absence is said. */
const YES_OR_NO = { kv: YES, log: YES };

/** What two grants of a capability both give, when both give something. */
const MEETS: {
  readonly [C in keyof CapabilityGrants]-?: (
    left: NonNullable<CapabilityGrants[C]>,
    right: NonNullable<CapabilityGrants[C]>,
  ) => CapabilityGrants[C];
} = {
  http: (left, right) => ({
    hosts: inBoth(left.hosts, right.hosts),
    methods: inBoth(left.methods, right.methods),
    ...smaller('maxBytes', left.maxBytes, right.maxBytes),
    ...(left.privateAddresses && right.privateAddresses ? { privateAddresses: true } : {}),
  }),
  fs: (left, right) => (left === 'write' && right === 'write' ? 'write' : 'read'),
  secret: (left, right) => ({
    names: inBoth(left.names, right.names),
    ...(left.reveal && right.reveal ? { reveal: true } : {}),
  }),
  actor: (left, right) => ({ kinds: inBoth(left.kinds, right.kinds) }),
  notify: (left, right) => ({ channels: inBoth(left.channels, right.channels) }),
  llm: (left, right) => ({
    models: inBoth(left.models, right.models),
    ...smaller('maxTokens', left.maxTokens, right.maxTokens),
  }),
  random: YES,
  clock: YES,
  ...YES_OR_NO,
};
