/**
 * JSON to an endpoint that the operator set up, by the same way as requests of skills: past the egress guard, to the address that was
 * checked, with the secret filled in and kept out of the answer. Redirects are not followed.
 */
import { type Clock, failure, LIMITS, type Result, success } from '../../contracts/index.ts';
import type { HttpClient } from '../../host/index.ts';
import { checkEgress } from '../egress.ts';
import { redactor } from '../secrets/redact.ts';
import type { Secrets } from '../secrets/secret-store.ts';

export interface ServiceParts {
  readonly http: HttpClient;
  readonly secrets: Secrets;
  readonly clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
}

export interface Endpoint {
  readonly url: string;
  readonly secret?: string;
  readonly privateAddresses?: boolean;
}

export interface Posted {
  readonly body: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Gives the request up. */
  readonly signal?: AbortSignal | undefined;
}

/** The text of an answer with a 2xx status. Failures: SERVICE_FAILED (worth another try), SERVICE_REFUSED, SECRET_UNAVAILABLE. */
export async function postJson(
  service: string,
  { url, secret, privateAddresses }: Endpoint,
  { body, timeoutMs, maxBytes, signal = new AbortController().signal }: Posted,
  { http, secrets }: ServiceParts,
): Promise<Result<string>> {
  const refused = (reason: string) => failure('SERVICE_REFUSED', { service, reason });
  const failed = (reason: string) => failure('SERVICE_FAILED', { service, reason });
  if (!URL.canParse(url)) return refused('its URL is none');
  const grant = {
    ...{ hosts: [new URL(url).host], methods: ['POST'] },
    ...(privateAddresses ? { privateAddresses: true } : {}),
  };
  const destination = await checkEgress(url, grant, http.resolve);
  if (!destination.ok) {
    const { code, details } = destination.error;
    const { reason = code } = details as { reason?: string };
    return code === 'EGRESS_FAILED' ? failed(reason) : refused(reason);
  }
  const found = secret === undefined ? undefined : secrets.find(secret);
  if (found?.ok === false) return found;
  const { url: target, ...where } = destination.value;
  const reply = await http.send({
    ...where,
    secure: target.protocol === 'https:',
    hostHeader: target.host,
    path: `${target.pathname}${target.search}`,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(found ? { authorization: `Bearer ${found.value.value}` } : {}),
    },
    ...{ body, timeoutMs, maxBytes },
    signal,
  });
  if (reply.kind === 'timeout') return failed(`no answer within ${timeoutMs} ms`);
  const redact = redactor(secrets.values());
  if (reply.kind === 'failed') return failed(redact(reply.reason));
  if (reply.status >= 200 && reply.status < 300) return success(redact(reply.body));
  const reason = `it answered with status ${reply.status}`;
  return reply.status === 429 || reply.status >= 500 ? failed(reason) : refused(reason);
}

/** So many calls in any minute. */
export class RateBound {
  readonly #atMs: number[] = [];
  readonly #perMinute: number;

  constructor(perMinute: number = LIMITS.serviceCallsPerMinute) {
    this.#perMinute = perMinute;
  }

  /** Counts a call. Failure: SERVICE_BUSY. */
  admit(service: string, nowMs: number): Result<void> {
    while ((this.#atMs[0] ?? nowMs) <= nowMs - MINUTE_MS) this.#atMs.shift();
    if (this.#atMs.length >= this.#perMinute) {
      return failure('SERVICE_BUSY', { service, limit: this.#perMinute });
    }
    this.#atMs.push(nowMs);
    return success(undefined);
  }
}

const MINUTE_MS = 60_000;
