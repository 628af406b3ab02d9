/** Headers of a request as a skill writes them, with the secrets that it names filled in: only for a destination that was checked. */
import { type CapabilityGrants, failure, type Result, success } from '../../contracts/index.ts';
import { type Destination, grantedTarget } from '../egress.ts';
import type { Secrets } from './secret-store.ts';

export interface SecretValue {
  readonly secret: string;
  /** Before the value: `Bearer `. */
  readonly prefix?: string;
}
export type WrittenHeaders = Readonly<Record<string, string | SecretValue>>;

/** Of a service that sends back what it was sent, they would give the secret piece by piece, and no piece is found in the answer. */
const OF_PARTS: readonly string[] = ['range', 'if-range', 'request-range'];

/** Names in lower case. Failures: CAPABILITY_DENIED (it was not granted), SECRET_UNAVAILABLE, HOST_CALL_INVALID. */
export function filledHeaders(
  headers: WrittenHeaders,
  { url, port }: Destination,
  { secret: granted }: CapabilityGrants,
  secrets: Secrets | undefined,
): Result<Record<string, string>> {
  const filled: Record<string, string> = {};
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (secretsIn(headers).length > 0 && names.some((name) => OF_PARTS.includes(name))) {
    const reason = 'no part of an answer is had with a secret: it may hold a part of the secret';
    return failure('HOST_CALL_INVALID', { capability: 'secret', reason });
  }
  for (const [header, value] of Object.entries(headers)) {
    if (typeof value === 'string') {
      filled[header.toLowerCase()] = value;
      continue;
    }
    const { secret: name, prefix = '' } = value;
    const refused = (reason: string) => failure('SECRET_UNAVAILABLE', { name, reason });
    if (!granted?.names.includes(name)) {
      return failure('CAPABILITY_DENIED', {
        capability: 'secret',
        reason: `${name} was not granted`,
      });
    }
    if (!secrets) return refused('this node has no secrets');
    const found = secrets.find(name);
    if (!found.ok) return found;
    const target = `${url.hostname}:${port}`;
    if (!found.value.hosts.some((host) => grantedTarget(host, url.protocol) === target)) {
      return refused(`it is not for ${target}`);
    }
    if (url.protocol !== 'https:' && found.value.plain !== true) return refused('it is for https');
    filled[header.toLowerCase()] = `${prefix}${found.value.value}`;
  }
  return success(filled);
}

/** A request with more headers than this is refused, whatever is decided about it. */
const SHOWN_MAX = 65;
/** The secrets that a request names, for whoever decides about it. */
export const secretsIn = (headers: unknown): readonly string[] =>
  typeof headers !== 'object' || headers === null
    ? []
    : Object.values(headers)
        .flatMap((value) => (typeof value?.secret === 'string' ? [value.secret.slice(0, 64)] : []))
        .slice(0, SHOWN_MAX);
