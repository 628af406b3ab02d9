/**
 * Redirects, for a skill that wants them followed: what the next request asks for (RFC 9110, section 15.4). The loop is in the guest's
 * `ctx`, so that each hop is a host call of its own, checked, taped and told of like a first request.
 */
import { failure, type Result, success } from '../../contracts/index.ts';
import { isAmbiguous } from '../egress.ts';
import type { GuestRequest } from './http.ts';

export const REDIRECTS_MAX = 3;

export interface NextRequest {
  readonly request: Omit<GuestRequest, 'body'>;
  /** Whether the body of the first request goes along; it is not sent back and forth. */
  readonly hasBody: boolean;
}

const FOLLOWED: readonly number[] = [301, 302, 303, 307, 308];
/** What an origin was trusted with is not another's. */
const OF_ORIGIN = /^(authorization|cookie|cookie2)$/;
const OF_BODY = /^content-/;

/** @returns undefined when there is nothing to follow. Failure: EGRESS_REFUSED. */
export function nextRequest(
  request: GuestRequest,
  from: URL,
  { status, headers }: { status: number; headers: Readonly<Record<string, string>> },
): Result<NextRequest | undefined> {
  const { location } = headers;
  if (request.redirect !== 'follow' || !FOLLOWED.includes(status) || location === undefined) {
    return success(undefined);
  }
  const refused = (reason: string) =>
    failure('EGRESS_REFUSED', { url: location.slice(0, 200), reason });
  const hops = (request.hops ?? 0) + 1;
  if (hops > REDIRECTS_MAX) return refused(`it would be redirect ${hops} of ${REDIRECTS_MAX}`);
  if (isAmbiguous(location)) return refused('the redirect has characters that must be encoded');
  if (!URL.canParse(location, from.href)) return refused('the redirect leads to no URL');
  const to = new URL(location, from.href);
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    return refused('the redirect leads from https to http');
  }
  const { method = 'GET', body, headers: sent = {}, ...rest } = request;
  const isRead = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
  const kept = Object.entries(sent).filter(([name, value]) => {
    const lower = name.toLowerCase();
    if (to.origin !== from.origin && (OF_ORIGIN.test(lower) || typeof value !== 'string')) {
      return false;
    }
    return !(isRead && OF_BODY.test(lower));
  });
  const next = {
    ...rest,
    url: to.href,
    method: isRead ? 'GET' : method,
    headers: Object.fromEntries(kept),
    hops,
  };
  return success({ request: next, hasBody: body !== undefined && !isRead });
}
