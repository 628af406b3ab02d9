/**
 * The real HTTP client of egress: it resolves names and dials one given address. It decides nothing: who calls it has
 * checked the address. No proxy, no redirect, no cookie, no connection kept; time and bytes are bounded.
 */
import { lookup } from 'node:dns/promises';
import { type ClientRequest, request as plainRequest, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface HttpSend {
  readonly address: string;
  readonly port: number;
  /** The name that the certificate must bear. */
  readonly hostname: string;
  readonly hostHeader: string;
  readonly secure: boolean;
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Of the answer's body. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export type HttpReply = { readonly bytes: number } & (
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly reason: string }
);

export interface HttpClient {
  /** Every address of a name. Rejects when there is none, or none within 5 s. */
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
  /** Never rejects. */
  readonly send: (request: HttpSend) => Promise<HttpReply>;
}

const HEADER_BYTES_MAX = 16 * 1024;
const RESOLVE_MS = 5_000;

export const realHttpClient: HttpClient = {
  resolve: (hostname) =>
    new Promise((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error('no answer in time')), RESOLVE_MS);
      lookup(hostname, { all: true, verbatim: true })
        .then((found) => resolve(found.map(({ address }) => address)), reject)
        .finally(() => clearTimeout(deadline));
    }),
  send: (request) =>
    new Promise((resolve) => {
      // Given up while its address was looked up: no byte leaves.
      if (request.signal.aborted) return resolve({ kind: 'failed', reason: 'given up', bytes: 0 });
      const exchange = open(request);
      let bytes = Buffer.byteLength(request.body ?? '');
      const end = (reply: HttpReply): void => {
        clearTimeout(deadline);
        resolve(reply);
        exchange.destroy();
      };
      const fail = (reason: string) => end({ kind: 'failed', reason, bytes });
      const deadline = setTimeout(() => end({ kind: 'timeout', bytes }), request.timeoutMs);
      exchange.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'no connection'));
      exchange.on('response', (response) => {
        const chunks: Buffer[] = [];
        let received = 0;
        response.on('error', () => fail('the answer broke off'));
        response.on('aborted', () => fail('the answer broke off'));
        response.on('data', (chunk: Buffer) => {
          received += chunk.length;
          bytes += chunk.length;
          if (received > request.maxBytes)
            fail(`the answer is larger than ${request.maxBytes} bytes`);
          else chunks.push(chunk);
        });
        response.on('end', () =>
          end({
            kind: 'answered',
            status: response.statusCode ?? 0,
            headers: flat(response.headers),
            body: Buffer.concat(chunks).toString('utf8'),
            bytes,
          }),
        );
      });
      exchange.end(request.body);
    }),
};

function open(request: HttpSend): ClientRequest {
  const { address, port, hostname, hostHeader, secure, path, method, signal, body } = request;
  // Node writes the body of a GET, HEAD or DELETE without saying where it ends: whoever reads it takes it for another request.
  const framed = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const headers = { ...request.headers, ...framed };
  const options: RequestOptions & { servername?: string } = {
    host: address,
    port,
    path,
    method,
    headers: { ...headers, host: hostHeader, 'accept-encoding': 'identity' },
    agent: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    signal,
    // The address is numeric: were it ever not, no name would be looked up behind the guard's back.
    lookup: (_name, _options, done) => done(new Error('not a checked address'), '', 0),
  };
  return secure ? secureRequest({ ...options, servername: hostname }) : plainRequest(options);
}

const flat = (headers: NodeJS.Dict<string | string[]>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
