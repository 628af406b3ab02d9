/** The world behind a skill's capabilities, as a test tells it: answers of services and a key-value store in memory. */
import type { Json, KeyValue } from '../contracts/index.ts';
import { type HttpClient, seededRandom } from '../host/index.ts';
import { memoryKeyValue } from '../journal/index.ts';
import type { HostEffects, LogLine } from '../sandbox/index.ts';
import { requireArgument } from './expectation.ts';
import { type FakeServices, fakeServices } from './fake-services.ts';
import { type MemoryFiles, memoryFiles } from './memory-files.ts';
import type { SteppedTime } from './stepped-time.ts';

export interface FakeRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface FakeResponse {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Instead of `body`: sent as JSON, with its content type. */
  readonly json?: Json;
  /** Instead of an answer: the connection fails for this reason. */
  readonly failed?: string;
  /** Virtual time that the answer takes; default 0. From the request's `timeoutMs` on the request times out. */
  readonly afterMs?: number;
}

export interface SkillFakes extends FakeServices {
  /**
   * Answers what passed the grants. What it throws is thrown by the test. It may wait for nothing but promises: an answer that
   * takes time says so by `afterMs`. Left out: there is no network, whatever is granted.
   */
  readonly http?: (request: FakeRequest) => FakeResponse | Promise<FakeResponse>;
  /** What a host name resolves to; default a public address. Private ones show what egress refuses. */
  readonly addresses?: (host: string) => readonly string[];
  /** What the store holds before the run, or a store of the test's own. Default: an empty one. */
  readonly kv?: Readonly<Record<string, Json>> | KeyValue;
  /** What the workspace of the run holds before it, by path. Default: nothing. */
  readonly files?: Readonly<Record<string, string>>;
  /** The seed of what `ctx.random` gives; default `skein`. */
  readonly random?: string;
}

export interface FakeEffects {
  readonly effects: HostEffects;
  readonly store: KeyValue;
  readonly lines: LogLine[];
  readonly files: MemoryFiles;
  /** What fakes threw. */
  readonly faults: unknown[];
}

const PUBLIC_ADDRESS = '8.8.8.8';
const AFTER_MS_MAX = 3_600_000;

export async function fakeEffects(
  fakes: SkillFakes,
  { space, time }: { readonly space: string; readonly time: SteppedTime },
): Promise<FakeEffects> {
  const { http, addresses = () => [PUBLIC_ADDRESS], kv, random = 'skein' } = fakes;
  const lines: LogLine[] = [];
  const faults: unknown[] = [];
  const files = memoryFiles(fakes.files ?? {});
  const store = await keyValueOf(kv, space);
  const guarded = async (request: FakeRequest): Promise<FakeResponse> => {
    try {
      return (await http?.(request)) ?? {};
    } catch (thrown) {
      faults.push(thrown);
      return { failed: 'the fake threw' };
    }
  };
  const client: HttpClient = {
    resolve: async (host) => addresses(host),
    send: (request) => answer(request, guarded, time),
  };
  const effects = {
    ...(http ? { http: client } : {}),
    ...fakeServices(fakes, faults),
    files,
    keyValue: store,
    random: seededRandom(random),
    clock: time.clock,
    log: (line: LogLine) => void lines.push(line),
  };
  return { effects, store, lines, files, faults };
}

/** The store itself, or one in memory that holds the entries. @throws ARGUMENT_INVALID as a `SkeinException` */
export async function keyValueOf(kv: SkillFakes['kv'] = {}, space: string): Promise<KeyValue> {
  if (isStore(kv)) return kv;
  const store = memoryKeyValue();
  for (const [key, value] of Object.entries(kv)) {
    const written = await store.put(space, key, value);
    const facts = { found: key, expected: written.ok ? '' : written.error.message };
    requireArgument(written.ok, 'fakes.kv', facts);
  }
  return store;
}

const isStore = (kv: NonNullable<SkillFakes['kv']>): kv is KeyValue => typeof kv.get === 'function';

type Sent = Parameters<HttpClient['send']>[0];

async function answer(
  { secure, hostHeader, path, method, headers, body, timeoutMs, maxBytes }: Sent,
  respond: (request: FakeRequest) => Promise<FakeResponse>,
  { timers }: SteppedTime,
): ReturnType<HttpClient['send']> {
  const url = `${secure ? 'https' : 'http'}://${hostHeader}${path}`;
  const request = { method, url, headers, ...(body === undefined ? {} : { body }) };
  const response = await respond(request);
  const { afterMs = 0, failed } = response;
  const wait = (forMs: number): Promise<void> =>
    new Promise((resolve) => void timers.after(forMs, resolve));
  const sentBytes = Buffer.byteLength(body ?? '');
  const takesMs = Math.min(Math.max(0, afterMs), AFTER_MS_MAX);
  if (takesMs > 0) await wait(Math.min(takesMs, timeoutMs));
  if (takesMs >= timeoutMs) return { kind: 'timeout', bytes: sentBytes };
  if (failed !== undefined) return { kind: 'failed', reason: failed, bytes: sentBytes };
  const text = textOf(response);
  const receivedBytes = Buffer.byteLength(text);
  const bytes = sentBytes + receivedBytes;
  if (receivedBytes > maxBytes) {
    return { kind: 'failed', reason: `the answer is larger than ${maxBytes} bytes`, bytes };
  }
  const { status = 200 } = response;
  return { kind: 'answered', status, headers: headersOf(response), body: text, bytes };
}

const textOf = ({ body = '', json }: FakeResponse): string =>
  json === undefined ? body : JSON.stringify(json);

const headersOf = ({ headers = {}, json }: FakeResponse): Record<string, string> => ({
  ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  ...Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  ),
});
