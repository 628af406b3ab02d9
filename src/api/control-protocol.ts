/** Where a node's control endpoint is, and what goes over it: HTTP on a Unix socket that its owner alone can open. */
import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import Type from 'typebox';
import type { RunEvent } from '../actors/index.ts';
import { checker, type StructuredOutcome } from '../contracts/index.ts';
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
