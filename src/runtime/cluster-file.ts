/** Reads `cluster.yaml`: the node groups that one machine runs, checked before anything is started. */
import { dirname, resolve } from 'node:path';
import { satisfies, validRange } from 'semver';
import Type, { type Static } from 'typebox';
import {
  checker,
  failure,
  LIMITS,
  type Mismatch,
  preview,
  type Result,
  readDocument,
  success,
} from '../contracts/index.ts';
import { SANDBOX_LEVELS } from '../sandbox/index.ts';
import { readBounded } from '../skills/index.ts';
import { readCeiling } from './ceiling-file.ts';
import { readEffects } from './effects-file.ts';
import { labelFault } from './node-labels.ts';
import { isPolicyFile, readPolicyFile } from './policy/policy-file.ts';
import type { WantedNode } from './start-group.ts';

const closed = { additionalProperties: false } as const;

const GroupSchema = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,30}$',
      description: 'Its nodes are NAME-1, NAME-2, …',
    }),
    count: Type.Integer({ minimum: 1, maximum: LIMITS.groupNodes }),
    labels: Type.Optional(Type.Record(Type.String(), Type.String())),
    threads: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 16, description: 'Worker threads; default 2.' }),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          slotsPerThread: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
          warmHosts: Type.Optional(Type.Integer({ minimum: 0, maximum: 64 })),
          threadHeapMiB: Type.Optional(Type.Integer({ minimum: 64, maximum: 65_536 })),
          controlLeaseMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 999_999 })),
          policy: Type.Optional(
            Type.String({ minLength: 1, description: 'File of a ceiling, beside this one.' }),
          ),
          effects: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'File of channels and models, beside this one.',
            }),
          ),
          secrets: Type.Optional(
            Type.String({ minLength: 1, description: 'File of secrets, beside this one.' }),
          ),
          sandboxLevel: Type.Optional(
            Type.Union(SANDBOX_LEVELS.map((level) => Type.Literal(level))),
          ),
          jitless: Type.Optional(
            Type.Array(Type.String({ minLength: 1 }), {
              description: 'Skills that run without V8’s compilers; * means all.',
            }),
          ),
        },
        closed,
      ),
    ),
    version: Type.Optional(
      Type.String({
        description: 'Versions of Skein that the group is written for: ">=0.1 <0.3".',
      }),
    ),
  },
  closed,
);

export const ClusterFileSchema = Type.Object(
  {
    cluster: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    nats: Type.Optional(
      Type.String({
        pattern: '^(nats|tls)://[^\\s/]+/?$',
        description: 'Default: one nats-server for all groups of the file.',
      }),
    ),
    groups: Type.Array(GroupSchema, { minItems: 1, maxItems: LIMITS.groupNodes }),
  },
  { ...closed, $id: 'https://skein.dev/schemas/cluster.json', title: 'Node groups' },
);
type ClusterFile = Static<typeof ClusterFileSchema>;

export interface ClusterPlan {
  readonly cluster: string;
  readonly natsUrl?: string;
  readonly nodes: readonly WantedNode[];
}

const checkSchema = checker(ClusterFileSchema);
const DEFAULT_THREADS = 2;

/** `version`: of this build. Failures: FILE_UNREADABLE, CONFIG_INVALID with the line and the pointer, in this file or in a policy. */
export async function readClusterFile(file: string, version: string): Promise<Result<ClusterPlan>> {
  const text = await readBounded(file, LIMITS.manifestBytes);
  if (!text.ok) return text;
  const document = readDocument(text.value, (value) => {
    const checked = checkSchema(value);
    if (!checked.ok) return checked;
    const mismatch = faultOf(checked.value, version);
    return mismatch ? { ok: false, mismatch } : checked;
  });
  if (!document.ok) return failure('CONFIG_INVALID', { file, ...document.error });
  const { cluster, nats, groups } = document.value;
  const folder = dirname(resolve(file));
  for (const { limits } of groups) {
    const { effects } = limits ?? {};
    const read = effects === undefined ? success({}) : await readEffects(resolve(folder, effects));
    if (!read.ok) return read;
    if (limits?.policy === undefined) continue;
    const file = resolve(folder, limits.policy);
    const policy = await (isPolicyFile(file) ? readPolicyFile(file) : readCeiling(file));
    if (!policy.ok) return policy;
  }
  return success({
    cluster,
    ...(nats === undefined ? {} : { natsUrl: nats }),
    nodes: groups.flatMap((group) => nodesOf(group, folder)),
  });
}

function nodesOf(group: ClusterFile['groups'][number], folder: string): readonly WantedNode[] {
  const { name, count, labels = {}, threads = DEFAULT_THREADS, limits = {} } = group;
  const files = (['policy', 'effects', 'secrets'] as const).flatMap((name) => {
    const file = limits[name];
    return file === undefined ? [] : [[name, resolve(folder, file)] as const];
  });
  const absolute = { ...limits, ...Object.fromEntries(files) };
  return Array.from({ length: count }, (_, at) => ({
    name: `${name}-${at + 1}`,
    group: name,
    threads,
    labels,
    limits: absolute,
  }));
}

/** What the schema cannot say. */
function faultOf({ groups }: ClusterFile, version: string): Mismatch | undefined {
  const names = groups.map(({ name }) => name);
  let count = 0;
  for (const [at, group] of groups.entries()) {
    const pointer = `/groups/${at}`;
    if (names.indexOf(group.name) !== at) {
      const found = `a second group ${group.name}`;
      return { pointer: `${pointer}/name`, found, expected: 'a name of its own' };
    }
    count += group.count;
    if (count > LIMITS.groupNodes) {
      const expected = `at most ${LIMITS.groupNodes}`;
      return { pointer: `${pointer}/count`, found: `${count} nodes in all`, expected };
    }
    const label = labelFault(group.labels ?? {});
    if (label) return { pointer: `${pointer}/labels`, ...label };
    const fault = versionFault(group.version, version);
    if (fault) return { pointer: `${pointer}/version`, ...fault };
  }
  return undefined;
}

function versionFault(range: string | undefined, version: string) {
  if (range === undefined) return undefined;
  if (validRange(range) === null)
    return { found: preview(range), expected: 'a range of versions, as ">=0.1.0 <0.3.0"' };
  return satisfies(version, range)
    ? undefined
    : { found: `this build, ${version}`, expected: `a version in ${range}` };
}
