/** The skill package's manifest, `skill.json`: what a skill is, takes, gives, asks for and may use. */
import Type, { type Static } from 'typebox';
import { ActorModuleSchema } from './actor-module.ts';
import { AuthorSchema } from './author-schema.ts';
import { LIMITS } from './limits.ts';

const MIB = 1024 * 1024;
const closed = { additionalProperties: false } as const;
const limited = (maximum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, description }));

export const CapabilitySchema = Type.Object(
  {
    http: Type.Optional(
      Type.Object(
        {
          hosts: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
            maxItems: 50,
            description:
              'Exact `host` or `host:port` names. A grant of the operator must name each too.',
          }),
          methods: Type.Optional(
            Type.Array(
              Type.Union([
                Type.Literal('GET'),
                Type.Literal('HEAD'),
                Type.Literal('POST'),
                Type.Literal('PUT'),
                Type.Literal('PATCH'),
                Type.Literal('DELETE'),
              ]),
              {
                description: 'Default: GET and HEAD.',
              },
            ),
          ),
          maxBytes: Type.Optional(
            Type.Integer({
              minimum: 1,
              description: 'Of the body of one request, and of one answer.',
            }),
          ),
        },
        closed,
      ),
    ),
    fs: Type.Optional(
      Type.Union([Type.Literal('read'), Type.Literal('write')], {
        description: 'Files in the workspace of the run; `write` reads too.',
      }),
    ),
    kv: Type.Optional(Type.Boolean({ description: 'A key-value space of the skill and tenant.' })),
    secret: Type.Optional(
      Type.Object(
        {
          names: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 20 }),
          reveal: Type.Optional(
            Type.Boolean({
              description: 'To read them by ctx.secret.get; to use them in headers needs no more.',
            }),
          ),
        },
        { ...closed, description: 'Secrets of the operator, by name.' },
      ),
    ),
    actor: Type.Optional(
      Type.Object(
        { kinds: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 50 }) },
        { ...closed, description: 'Messages to virtual actors of these kinds.' },
      ),
    ),
    notify: Type.Optional(
      Type.Object(
        { channels: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 50 }) },
        { ...closed, description: 'Notes to these channels of the operator.' },
      ),
    ),
    llm: Type.Optional(
      Type.Object(
        {
          models: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 50 }),
          maxTokens: Type.Optional(
            Type.Integer({ minimum: 1, description: 'The most that one completion may have.' }),
          ),
        },
        { ...closed, description: 'Completions by these models of the operator.' },
      ),
    ),
    random: Type.Optional(
      Type.Boolean({ description: 'Entropy of the machine, beside the seeded Math.random.' }),
    ),
    clock: Type.Optional(
      Type.Boolean({ description: 'The node’s wall clock, beside the Date that stands still.' }),
    ),
    log: Type.Optional(
      Type.Boolean({ description: 'Log lines in the node’s log. Default: true.' }),
    ),
  },
  closed,
);
export type Capabilities = Static<typeof CapabilitySchema>;

export const ResourceSchema = Type.Object(
  {
    cpuMs: limited(
      LIMITS.skillCpuMsMax,
      `Processor time of one call; default ${LIMITS.skillCpuMs}.`,
    ),
    wallMs: limited(
      LIMITS.skillWallMsMax,
      `Elapsed time of one call; default ${LIMITS.skillWallMs}.`,
    ),
    memoryMiB: limited(
      LIMITS.skillMemoryMiBMax,
      `Heap and buffers; default ${LIMITS.skillMemoryMiB}.`,
    ),
    inputBytes: limited(
      LIMITS.skillIoBytesMax,
      `JSON of the input; default ${LIMITS.skillInputBytes}.`,
    ),
    outputBytes: limited(
      LIMITS.skillIoBytesMax,
      `JSON of the output; default ${LIMITS.skillOutputBytes}.`,
    ),
    logBytes: limited(4 * MIB, `Log lines together; default ${LIMITS.skillLogBytes}.`),
    hostCalls: limited(100_000, `Calls of ctx in all; default ${LIMITS.skillHostCalls}.`),
    hostCallsPerSecond: limited(
      100_000,
      `Calls of ctx a second, and as many at once; default ${LIMITS.skillHostCallsPerSecond}.`,
    ),
  },
  closed,
);

/** Every limit of one call, filled in: what the sandbox enforces. */
export interface ResourceContract {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly memoryMiB: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly outputDepth: number;
  readonly outputNodes: number;
  readonly logBytes: number;
  readonly hostCalls: number;
  readonly hostCallsInFlight: number;
  /** A token bucket that holds one second's worth. */
  readonly hostCallsPerSecond: number;
}

export const DEFAULT_RESOURCES: ResourceContract = {
  cpuMs: LIMITS.skillCpuMs,
  wallMs: LIMITS.skillWallMs,
  memoryMiB: LIMITS.skillMemoryMiB,
  inputBytes: LIMITS.skillInputBytes,
  outputBytes: LIMITS.skillOutputBytes,
  outputDepth: LIMITS.skillOutputDepth,
  outputNodes: LIMITS.skillOutputNodes,
  logBytes: LIMITS.skillLogBytes,
  hostCalls: LIMITS.skillHostCalls,
  hostCallsInFlight: LIMITS.skillHostCallsInFlight,
  hostCallsPerSecond: LIMITS.skillHostCallsPerSecond,
};

const NUMBER = '(0|[1-9]\\d{0,14})';
const IDENTIFIER = `(${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
/** As the package `semver` reads it, so that every version that is taken can be compared. Without build metadata. */
export const VersionSchema = Type.String({
  pattern: `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${IDENTIFIER}(\\.${IDENTIFIER})*)?$`,
  maxLength: 100,
  description: 'Semantic version.',
});

/** What a call gives, for readers and for `skein skills test`. */
const ExampleSchema = Type.Object(
  {
    input: Type.Unknown(),
    output: Type.Optional(Type.Unknown({ description: 'Left out: any that fits the schema.' })),
  },
  closed,
);

export const ManifestSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    name: Type.String({
      pattern: '^[a-z][a-z0-9_-]{0,63}$',
      description: 'Lower case; unique in a registry.',
    }),
    version: VersionSchema,
    description: Type.String({ minLength: 1, maxLength: 500 }),
    entry: Type.Optional(
      Type.String({ description: 'The ES module; default index.ts, else index.js.' }),
    ),
    input: AuthorSchema,
    output: AuthorSchema,
    actor: Type.Optional(ActorModuleSchema),
    capabilities: Type.Optional(CapabilitySchema),
    resources: Type.Optional(ResourceSchema),
    effects: Type.Optional(
      Type.Union(
        [
          Type.Literal('none'),
          Type.Literal('read'),
          Type.Literal('idempotent'),
          Type.Literal('once'),
        ],
        {
          description:
            'What a repeated call does to the world; default none. Only `once` is never retried.',
        },
      ),
    ),
    examples: Type.Optional(Type.Array(ExampleSchema, { maxItems: 50 })),
    license: Type.Optional(Type.String({ maxLength: 100 })),
    author: Type.Optional(Type.String({ maxLength: 200 })),
  },
  {
    ...closed,
    $id: 'https://skein.dev/schemas/skill-manifest.json',
    title: 'Skein skill manifest',
  },
);
export type SkillManifest = Static<typeof ManifestSchema>;

/** A loaded skill: the manifest, its one module as JavaScript, and the hash that names both. Plain data. */
export interface SkillPackage {
  readonly manifest: SkillManifest;
  /** Empty when only other nodes hold it. */
  readonly source: string;
  /** SHA-256, hex, over the canonical manifest and the source. */
  readonly contentHash: string;
}

/** Whether this node can run it: one that only others hold comes without its source. */
export const isHeldHere = ({ source }: SkillPackage): boolean => source !== '';
