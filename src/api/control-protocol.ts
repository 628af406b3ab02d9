/** Where a node's control endpoint is, and what goes over it: HTTP on a Unix socket that its owner alone can open. */
import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { RunEvent } from '../actors/index.ts';
import type { StructuredOutcome } from '../contracts/index.ts';
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
