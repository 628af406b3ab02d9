/**
 * Egress: the decision whether a request may leave the node, before any byte or DNS query does. The URL is parsed once, by
 * the URL standard; host and port must be those of a grant, exactly; the name is resolved once, every address is checked,
 * and the address that was checked is the one that is dialled. A redirect is another request, checked as the first was.
 */
import { isIP } from 'node:net';
import { type CapabilityGrants, failure, type Result, success } from '../contracts/index.ts';
import { addressRefusal } from './addresses.ts';

export type HttpGrant = NonNullable<CapabilityGrants['http']>;

export interface Destination {
  readonly url: URL;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The one address that was checked. */
  readonly address: string;
}

export type Resolve = (hostname: string) => Promise<readonly string[]>;

const URL_LENGTH_MAX = 8_192;
export const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
/** Characters that parsers disagree about: blanks and controls, backslash, anything beyond ASCII. */
const AMBIGUOUS = /[^\u0021-\u005b\u005d-\u007e]/;
export const isAmbiguous = (text: string): boolean => AMBIGUOUS.test(text);

export async function checkEgress(
  text: string,
  grant: HttpGrant,
  resolve: Resolve,
): Promise<Result<Destination>> {
  const refused = (reason: string) =>
    failure('EGRESS_REFUSED', { url: text.slice(0, 200), reason });
  const target = parseTarget(text, grant.hosts);
  if (typeof target === 'string') return refused(target);
  const { url, hostname, port } = target;

  let addresses: readonly string[];
  try {
    addresses = isIP(hostname) ? [hostname] : await resolve(hostname);
  } catch {
    return failure('EGRESS_FAILED', { url: url.href, reason: `${hostname} cannot be resolved` });
  }
  for (const address of addresses) {
    const refusal = addressRefusal(address, { privateAddresses: grant.privateAddresses === true });
    if (refusal) return refused(refusal);
  }
  const [address] = addresses;
  if (address === undefined) {
    return failure('EGRESS_FAILED', { url: url.href, reason: `${hostname} has no address` });
  }
  return success({ url, hostname, port, address });
}

/** @returns the target, or why there is none. Asks nobody. */
function parseTarget(
  text: string,
  hosts: readonly string[],
): Omit<Destination, 'address'> | string {
  if (text.length > URL_LENGTH_MAX) return `the URL is longer than ${URL_LENGTH_MAX} characters`;
  if (isAmbiguous(text)) return 'the URL has characters that must be percent-encoded';
  if (!URL.canParse(text)) return 'it is not a URL';
  const url = new URL(text);
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) return 'only http and https may be used';
  if (url.username || url.password) return 'a URL may not carry credentials';
  const port = url.port === '' ? defaultPort : Number(url.port);
  const granted = hosts.some(
    (host) => grantedTarget(host, url.protocol) === `${url.hostname}:${port}`,
  );
  if (!granted) return `${url.hostname}:${port} is not granted`;
  return { url, hostname: url.hostname.replace(/^\[|\]$/g, ''), port };
}

/** A granted `host` means the scheme's own port, `host:port` exactly that port. */
export function grantedTarget(host: string, protocol: string): string | undefined {
  if (/[/?#@\\\s]/.test(host) || !URL.canParse(`${protocol}//${host}`)) return undefined;
  const { hostname, port } = new URL(`${protocol}//${host}`);
  return `${hostname}:${port === '' ? DEFAULT_PORTS[protocol] : port}`;
}
