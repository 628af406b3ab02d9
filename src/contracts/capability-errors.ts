/** Errors of what skills reach through their capabilities, beside those of egress. */
import {
  cannotStart,
  denied,
  effect,
  type Limit,
  missing,
  over,
  overLimit,
  row,
} from './error-row.ts';

export const CAPABILITY_ERRORS = {
  PATH_REFUSED: denied<{ path: string; reason: string }>(
    (d) => `path ${d.path} is refused: ${d.reason}`,
    'Name a regular file or folder inside the workspace, relative to it; links are not followed.',
  ),
  FILE_NOT_FOUND: missing<{ path: string }>(
    (d) => `the workspace has no ${d.path}`,
    'Look with ctx.fs.list; a workspace lives as long as its run, on one node.',
  ),
  FILE_TOO_LARGE: overLimit<Limit>(over('a file'), 'Keep it in parts of that size.'),
  WORKSPACE_FULL: overLimit<Limit>(
    over('the workspace'),
    'Remove what is not needed, or ask the operator for a larger workspace.',
  ),
  SECRET_UNAVAILABLE: denied<{ name: string; reason: string }>(
    (d) => `secret ${d.name} cannot be used: ${d.reason}`,
    'Have the operator set it, with the hosts that it is for, in the file of --secrets.',
  ),
  SECRETS_UNUSABLE: cannotStart<{ source: string; reason: string }>(
    (d) => `the secrets in ${d.source} cannot be used: ${d.reason}`,
    'Let its owner alone read it (chmod 600) and write each secret as NAME: { value, hosts }.',
  ),
  SERVICE_UNKNOWN: denied<{ service: string; section: string }>(
    (d) => `the operator of the node has set up no ${d.service}`,
    'Have it named under `notify` or `llm` in the file of --effects.',
  ),
  SERVICE_BUSY: row(
    'capability',
    429,
    1,
    'retryable',
  )<{ service: string; limit: number }>(
    (d) => `${d.service} takes ${d.limit} calls in a minute from this node`,
    'Try again in a minute, or have the operator raise perMinute in the file of --effects.',
  ),
  SERVICE_REFUSED: denied<{ service: string; reason: string }>(
    (d) => `${d.service} did not take the call: ${d.reason}`,
    'See that its URL, its secret and what is asked of it are right.',
  ),
  SERVICE_FAILED: effect<{ service: string; reason: string }>(
    (d) => `${d.service} failed: ${d.reason}`,
    'Try again later; see whether the service is well.',
  ),
  FILE_FAILED: effect<{ path: string; reason: string }>(
    (d) => `the file system failed at ${d.path}: ${d.reason}`,
    'See what is wrong with the disk of the node’s data directory.',
  ),
} as const;
