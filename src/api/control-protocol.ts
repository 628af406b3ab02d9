/** Where a node's control endpoint is, and what goes over it: HTTP on a Unix socket that its owner alone can open. */
import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import Type from 'typebox';
import type { RunEvent } from '../actors/index.ts';
import { checker, type Failure, failure, type StructuredOutcome } from '../contracts/index.ts';
import { HALT_ID, HALT_TEXT_MAX, HaltScopeSchema } from '../sandbox/index.ts';
import type { RolloutReport, RolloutStep } from '../supervisor/index.ts';
import type { SpanRecord } from '../telemetry/index.ts';

/** One line each of the answer to POST /v1/runs. */
export type RunLine =
  | { readonly event: RunEvent }
  | { readonly outcome: StructuredOutcome; readonly spans: readonly SpanRecord[] };

/** One line each of the answer to POST /v1/redeploy. */
export type RedeployLine = { readonly step: RolloutStep } | { readonly done: RolloutReport };

/** Socket paths are limited to about 100 bytes, so the data directory goes into the name as a hash. */
export function controlSocket(dataDir: string): { readonly folder: string; readonly path: string } {
  const folder = join(tmpdir(), `skein-${userInfo().uid}`);
  const name = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16);
  return { folder, path: join(folder, `${name}.sock`) };
}

/**
 * Why the folder of a socket is not to be used: others can reach what is in it, and could answer in the node's name. Anybody may make a
 * folder of that name beneath the one for temporary files. Undefined: it is right, or not there. Failure: CONFIG_INVALID.
 */
export async function folderProblem(folder: string): Promise<Failure | undefined> {
  const found = await lstat(folder).catch(() => undefined);
  if (!found) return undefined;
  const isOwn =
    found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
  if (isOwn) return undefined;
  return failure('CONFIG_INVALID', {
    file: folder,
    found: 'a folder that others can open',
    expected: 'one of yours with mode 700',
  });
}

const text = Type.String({ minLength: 1, maxLength: HALT_TEXT_MAX });
const timeoutMs = Type.Integer({ minimum: 1, maximum: 600_000 });

/** POST /v1/halts. Whoever asks chooses the ID, so that asking again is no second order. Of a node of a group the scope may hold its name in the group. */
export const checkHalt = checker(
  Type.Object(
    {
      id: Type.String({ pattern: HALT_ID.source }),
      scope: HaltScopeSchema,
      reach: Type.Union([Type.Literal('cluster'), Type.Literal('local')]),
      ...{ reason: text, by: text, timeoutMs },
    },
    { additionalProperties: false },
  ),
);

/** POST /v1/halts/ORDER/release; the order may be `all`. */
export const checkHaltRelease = checker(
  Type.Object({ reason: text, by: text, timeoutMs }, { additionalProperties: false }),
);
