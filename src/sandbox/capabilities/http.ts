/**
 * Capability `http`: `ctx.http.request({ url, method, headers, body, timeoutMs, redirect })` gives `{ status, headers, body }`. The
 * node makes the request for the skill, to the address that egress checked. Redirects come back as they are, or, to be followed,
 * with the request that comes next.
 */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  type CapabilityGrants,
  failure,
  type Json,
  LIMITS,
  type Result,
  smaller,
  success,
} from '../../contracts/index.ts';
import type { HttpClient, HttpReply } from '../../host/index.ts';
import { CALLS } from '../call-table.ts';
import { checkEgress, DEFAULT_PORTS, type HttpGrant } from '../egress.ts';
import { type Redact, redactor } from '../secrets/redact.ts';
import { filledHeaders, secretsIn } from '../secrets/secret-headers.ts';
import type { Secrets } from '../secrets/secret-store.ts';
import { type Capability, type CapabilityCall, resourceId } from './capability.ts';
import { nextRequest, REDIRECTS_MAX } from './redirects.ts';

const TIMEOUT_MS = 10_000;
const HEADERS_MAX = 64;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[\t\u0020-\u007e\u00a0-\u00ff]{0,4096}$/;
/** Headers that say where a request goes, how long it is or how the connection is used: the node's own affair. */
const NODE_HEADERS =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length|expect|accept-encoding|via|forwarded|x-forwarded-.*|proxy-.*)$/;

const SecretValueSchema = Type.Object(
  { secret: Type.String({ maxLength: 64 }), prefix: Type.Optional(Type.String()) },
  { additionalProperties: false },
);
const RequestSchema = Type.Object(
  {
    url: Type.String(),
    method: Type.Optional(Type.String()),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), SecretValueSchema]), {
        maxProperties: HEADERS_MAX,
      }),
    ),
    body: Type.Optional(Type.String({ maxLength: LIMITS.hostCallArgumentBytes })),
    timeoutMs: Type.Optional(Type.Number({ minimum: 1, maximum: LIMITS.skillWallMsMax })),
    /** An answer of a service that is unwell (429, 5xx) then is the retryable failure HTTP_STATUS. */
    failWhenUnwell: Type.Optional(Type.Boolean()),
    redirect: Type.Optional(Type.Union([Type.Literal('manual'), Type.Literal('follow')])),
    /** How many redirects led here; `ctx` counts. */
    hops: Type.Optional(Type.Integer({ minimum: 0, maximum: REDIRECTS_MAX })),
  },
  { additionalProperties: false },
);
export type GuestRequest = Static<typeof RequestSchema>;
const guestRequest = Compile(RequestSchema);

const METHODS = ['GET', 'HEAD'];
/** An answer is JSON text inside a frame, which may double it. */
const ANSWER_BYTES = LIMITS.hostCallResultBytes / 2;

export const http: Capability<'http'> = {
  name: 'http',
  calls: Object.keys(CALLS.http),
  effective: (asked, granted) => {
    if (!asked || !granted) return undefined;
    const methods: readonly string[] = asked.methods ?? METHODS;
    // A manifest that asks for `*` leaves the choice to the policy; a policy has no wildcard.
    const hosts = asked.hosts.includes('*') ? granted.hosts : asked.hosts;
    return {
      hosts: hosts.filter((host) => granted.hosts.includes(host)),
      methods: methods.filter((method) => granted.methods.includes(method)),
      ...smaller('maxBytes', asked.maxBytes, granted.maxBytes),
      ...(granted.privateAddresses ? { privateAddresses: true } : {}),
    };
  },
  missing: ({ http }) => (http ? undefined : 'this node has no network for skills'),
  serve: async (call, grant, { http, secrets }, grants) =>
    http
      ? serveHttp(call, grant, http, { grants, secrets })
      : failure('INTERNAL', { reason: 'http without a client' }),
  actionOf: ({ args: [request] }) => {
    const { url: text = '', method = 'GET', headers } = Object(request) as Partial<GuestRequest>;
    const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
    const port = url && (url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port));
    return {
      /** As grants name it: the scheme's own port is left out. */
      resource: { type: 'Host', id: resourceId(url?.host) },
      attributes: {
        method: resourceId(method),
        scheme: url?.protocol.slice(0, -1) ?? '',
        port: port ?? 0,
        path: resourceId(url?.pathname),
        secrets: secretsIn(headers),
      },
    };
  },
};

async function serveHttp(
  call: CapabilityCall,
  grant: HttpGrant,
  client: HttpClient,
  { grants, secrets }: { grants: CapabilityGrants; secrets: Secrets | undefined },
): Promise<Result<Json>> {
  const [request] = call.args;
  if (!guestRequest.Check(request)) {
    return invalid('the argument is { url, method?, headers?, body?, timeoutMs?, redirect? }');
  }
  const problem = headerProblem(request.headers);
  if (problem) return invalid(problem);
  const { url, method = 'GET', timeoutMs = TIMEOUT_MS } = request;
  if (!grant.methods.includes(method)) {
    const reason = `method ${JSON.stringify(method.slice(0, 20))} is not granted`;
    return failure('EGRESS_REFUSED', { url: url.slice(0, 200), reason });
  }
  if (request.body !== undefined && METHODS.includes(method))
    return invalid(`${method} has no body`);
  const { maxBytes = LIMITS.hostCallArgumentBytes } = grant;
  if (Buffer.byteLength(request.body ?? '') > maxBytes) {
    const reason = `the body is larger than the ${maxBytes} bytes that are granted`;
    return failure('EGRESS_REFUSED', { url: url.slice(0, 200), reason });
  }
  const destination = await checkEgress(url, grant, client.resolve);
  if (!destination.ok) return destination;
  const { url: target, ...where } = destination.value;
  const headers = filledHeaders(request.headers ?? {}, destination.value, grants, secrets);
  if (!headers.ok) return headers;
  const redact = redactor(secrets?.values() ?? []);
  const reply = await client.send({
    ...where,
    secure: target.protocol === 'https:',
    hostHeader: target.host,
    path: `${target.pathname}${target.search}`,
    method,
    headers: { ...keyFor(method, call.idempotencyKey), ...headers.value },
    ...(request.body === undefined ? {} : { body: request.body }),
    timeoutMs,
    maxBytes: Math.min(maxBytes, ANSWER_BYTES),
    signal: call.signal,
  });
  call.onEgress(reply.bytes);
  switch (reply.kind) {
    case 'timeout':
      return failure('EGRESS_TIMEOUT', { url: target.href, timeoutMs });
    case 'failed':
      return failure('EGRESS_FAILED', { url: target.href, reason: redact(reply.reason) });
    case 'answered': {
      const { status, headers, body } = redacted(reply, redact);
      if (request.failWhenUnwell && (status === 429 || status >= 500)) {
        return failure('HTTP_STATUS', { url: target.href, status });
      }
      const next = nextRequest(request, target, { status, headers });
      if (!next.ok) return next;
      return success({ status, headers, body, ...(next.value ? { next: { ...next.value } } : {}) });
    }
  }
}

const invalid = (reason: string) => failure('HOST_CALL_INVALID', { capability: 'http', reason });

function headerProblem(headers: GuestRequest['headers'] = {}): string | undefined {
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) return 'a header name has characters that are not allowed';
    const text = typeof value === 'string' ? value : (value.prefix ?? '');
    if (!HEADER_VALUE.test(text)) return `header ${name} has characters that are not allowed`;
    if (NODE_HEADERS.test(name.toLowerCase())) return `header ${name} is set by the node`;
  }
  return undefined;
}

/** Methods that RFC 9110 calls safe: they change nothing, so they need no key. */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD'];

/** A service that knows the header does the request once, however often it comes (draft-ietf-httpapi-idempotency-key-header). */
const keyFor = (method: string, key: string | undefined): Record<string, string> =>
  key === undefined || SAFE_METHODS.includes(method) ? {} : { 'idempotency-key': `"${key}"` };

type Answered = Extract<HttpReply, { kind: 'answered' }>;

const redacted = ({ status, headers, body }: Answered, redact: Redact) => ({
  status,
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [redact(name), redact(value)]),
  ),
  body: redact(body),
});
