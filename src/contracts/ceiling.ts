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
    kv: Type.Optional(Type.Boolean()),
    log: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** What may be had, per capability. Absent means denied. */
export interface CapabilityGrants {
  readonly http?: {
    readonly hosts: readonly string[];
    readonly methods: readonly string[];
    /** Lets an `http` host resolve to loopback or private addresses. For services that run beside the node. */
    readonly privateAddresses?: boolean;
  };
  readonly kv?: boolean;
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
  const { http, kv = false, log = true } = written ?? {};
  const granted = http && {
    hosts: http.hosts,
    methods: http.methods ?? READING,
    ...(http.privateAddresses ? { privateAddresses: true } : {}),
  };
  return { log, kv, ...(granted ? { http: granted } : {}) };
}

/** What both give. */
export function commonGrants(left: CapabilityGrants, right: CapabilityGrants): CapabilityGrants {
  const http = left.http &&
    right.http && {
      hosts: left.http.hosts.filter((host) => right.http?.hosts.includes(host)),
      methods: left.http.methods.filter((method) => right.http?.methods.includes(method)),
      ...(left.http.privateAddresses && right.http.privateAddresses
        ? { privateAddresses: true }
        : {}),
    };
  return {
    ...(http ? { http } : {}),
    kv: left.kv === true && right.kv === true,
    log: left.log === true && right.log === true,
  };
}
