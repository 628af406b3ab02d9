/**
 * Whether all who read a URL read the same: the guard's decision, what a policy is told, what the resolver is asked and what is
 * dialled, for mutated URLs; and, for a part of them, where the bytes of the real client arrive among real servers on this machine.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CapabilityGrants, TenantId } from '../../src/contracts/index.ts';
import type { HttpSend } from '../../src/host/http-client.ts';
import { type HttpClient, realHttpClient, seededRandom } from '../../src/host/index.ts';
import { actionOf, serveCall } from '../../src/sandbox/capability.ts';
import { checkEgress } from '../../src/sandbox/egress.ts';
import { mutatedUrl } from './url-mutations.ts';

export interface AgreementReport {
  readonly urls: number;
  readonly allowed: number;
  readonly refused: number;
  /** Lookups of names that were not granted. */
  readonly strayQueries: number;
  readonly disagreements: readonly string[];
}

const HOST = 'api.example.com';
const OTHER = 'other.example.com:8443';
const ADDRESSES = ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'];

const callOf = (url: string) => ({
  name: 'http.request',
  args: [{ url }],
  tenant: 'acme' as TenantId,
  skill: 'orders',
  signal: new AbortController().signal,
  onEgress: () => undefined,
});

/** Against a resolver and a dialler that are played. */
export async function compareReaders(count: number, seed: string): Promise<AgreementReport> {
  const random = seededRandom(`urls ${seed}`);
  const bases = basesOf(HOST, OTHER);
  const grants: Required<Pick<CapabilityGrants, 'http'>> = {
    http: { hosts: [HOST, OTHER], methods: ['GET'] },
  };
  const granted = new Set([HOST, 'other.example.com']);
  const disagreements: string[] = [];
  let allowed = 0;
  let strayQueries = 0;
  for (let each = 0; each < count; each++) {
    const url = mutatedUrl(bases[each % bases.length] as string, bases, random);
    const asked: string[] = [];
    const sent: HttpSend[] = [];
    const resolve = async (name: string) => {
      asked.push(name);
      return ADDRESSES;
    };
    const client: HttpClient = {
      resolve,
      send: async (request) => {
        sent.push(request);
        return { kind: 'answered', status: 200, headers: {}, body: '', bytes: 0 };
      },
    };
    const decision = await checkEgress(url, grants.http, resolve);
    const queriesOfGuard = asked.splice(0);
    const served = await serveCall(callOf(url), grants, { http: client });
    strayQueries += [...queriesOfGuard, ...asked].filter((name) => !granted.has(name)).length;
    if (decision.ok) allowed++;
    const fault = faultOf({ url, decision, served, sent, queriesOfGuard, asked });
    if (fault) disagreements.push(`${JSON.stringify(url)}: ${fault}`);
  }
  return { urls: count, allowed, refused: count - allowed, strayQueries, disagreements };
}

function faultOf(seen: {
  readonly url: string;
  readonly decision: Awaited<ReturnType<typeof checkEgress>>;
  readonly served: Awaited<ReturnType<typeof serveCall>>;
  readonly sent: readonly HttpSend[];
  readonly queriesOfGuard: readonly string[];
  readonly asked: readonly string[];
}): string | undefined {
  const { url, decision, served, sent, queriesOfGuard, asked } = seen;
  if (decision.ok !== served.ok) return 'the guard and the call decided otherwise';
  if (!decision.ok) {
    if (sent.length > 0) return 'it was refused and dialled';
    return asked.length > 0 ? 'it was refused and looked up' : undefined;
  }
  const [dialled] = sent;
  if (sent.length !== 1 || !dialled) return `it was dialled ${sent.length} times`;
  const { hostname, port, address } = decision.value;
  if (dialled.address !== address || !ADDRESSES.includes(address)) return 'another address';
  if (dialled.hostname !== hostname || dialled.port !== port) return 'another host or port';
  const isGranted = `${hostname}:${port}` === `${HOST}:${dialled.secure ? 443 : 80}`;
  if (!isGranted && `${hostname}:${port}` !== OTHER) return 'it was not granted';
  if (queriesOfGuard.join() !== hostname || asked.join() !== hostname) return 'other look-ups';
  const action = actionOf(callOf(url));
  const host = dialled.hostHeader;
  if (action?.resource.id !== host || action.attributes.port !== port)
    return 'a policy was told of another host or port';
  // The words on the wire: what a server or a proxy would take the host from.
  const wire = new URL(
    `${dialled.secure ? 'https' : 'http'}://${dialled.hostHeader}${dialled.path}`,
  );
  if (wire.hostname !== hostname || wire.username !== '' || wire.hash !== '')
    return 'the Host header';
  if ((wire.port === '' ? (dialled.secure ? 443 : 80) : Number(wire.port)) !== port)
    return 'the port of the Host header';
  if (!/^\/[\u0021-\u007e]*$/.test(dialled.path)) return 'the path has room for another request';
  return undefined;
}

/**
 * With the real client. The granted name has the address of one server; beside it listen others that nothing may reach: on another
 * port, on another loopback address with the same port, and on IPv6.
 */
export async function compareWithServers(count: number, seed: string): Promise<AgreementReport> {
  const random = seededRandom(`served urls ${seed}`);
  const hits: string[] = [];
  const strays: string[] = [];
  const granted = await listening('127.0.0.1', 0, (host, path) => hits.push(`${host}${path}`));
  const { port } = granted.address() as AddressInfo;
  const stray = (host: string) => strays.push(host);
  const beside = await listening('127.0.0.1', 0, stray);
  const others = [beside];
  for (const address of ['127.0.0.2', '::1']) {
    const server = await listening(address, port, stray).catch(() => undefined);
    if (server) others.push(server);
  }
  const { port: otherPort } = beside.address() as AddressInfo;
  const bases = basesOf(`${HOST}:${port}`, `127.0.0.1:${otherPort}`, ['http']);
  const grants = {
    http: { hosts: [`${HOST}:${port}`], methods: ['GET'], privateAddresses: true },
  };
  const disagreements: string[] = [];
  let allowed = 0;
  let strayQueries = 0;
  const client: HttpClient = {
    resolve: async (name) => {
      if (name !== HOST) strayQueries++;
      return ['127.0.0.1'];
    },
    send: realHttpClient.send,
  };
  for (let each = 0; each < count; each++) {
    const url = mutatedUrl(bases[each % bases.length] as string, bases, random);
    const [hitsBefore, straysBefore] = [hits.length, strays.length];
    const served = await serveCall(callOf(url), grants, { http: client });
    if (served.ok) allowed++;
    const arrived = hits.slice(hitsBefore);
    const expected = served.ok ? [wireForm(url)] : [];
    if (arrived.join('\n') !== expected.join('\n') || strays.length !== straysBefore)
      disagreements.push(`${JSON.stringify(url)}: ${JSON.stringify({ arrived, strays })}`);
  }
  for (const server of [granted, ...others]) {
    server.closeAllConnections();
    server.close();
  }
  return { urls: count, allowed, refused: count - allowed, strayQueries, disagreements };
}

const wireForm = (text: string): string => {
  const { host, pathname, search } = new URL(text);
  return `${host}${pathname}${search}`;
};

function listening(
  address: string,
  port: number,
  onRequest: (host: string, path: string) => void,
): Promise<Server> {
  const server = createServer((request, response) => {
    onRequest(request.headers.host ?? '', request.url ?? '');
    response.end('here');
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

const basesOf = (
  host: string,
  other: string,
  schemes: readonly string[] = ['https', 'http'],
): readonly string[] =>
  schemes.flatMap((scheme) => [
    `${scheme}://${host}/`,
    `${scheme}://${host}/v1/orders?id=7&next=http://evil.test/#top`,
    `${scheme}://${host}/%2e%2e/a;b=c`,
    `${scheme}://${other}/x`,
    `${scheme}://evil.test/${host}/`,
  ]);
