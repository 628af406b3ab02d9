/** A set of policies as it is kept and sent to threads: texts with names, and the hash that names the whole. Plain data. */
import { createHash } from 'node:crypto';
import type { Risk } from './risk.ts';

export interface NamedPolicy {
  /** `@id` of the text, else `FILE:LINE`; of a grant `grants.http.api.example.com`. */
  readonly id: string;
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
  /** What `@risk` says. */
  readonly risk?: Risk;
  /** Where it stands in the operator's file. */
  readonly line?: number;
}

export interface PolicySource {
  /** SHA-256, hex, over names and texts. */
  readonly hash: string;
  /** Whose permits count: those of the operator's file, or the grants of the run. */
  readonly origin: 'file' | 'grants';
  readonly file?: string;
  readonly policies: readonly NamedPolicy[];
}

export function policySource(
  policies: readonly NamedPolicy[],
  origin: PolicySource['origin'],
  file?: string,
): PolicySource {
  const named = policies.map(({ id, text, risk = '' }) => [id, text, risk]);
  const hash = createHash('sha256').update(JSON.stringify(named)).digest('hex');
  return { hash, origin, ...(file === undefined ? {} : { file }), policies };
}
