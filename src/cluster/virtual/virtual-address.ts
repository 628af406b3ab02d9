/** Addresses of virtual actors: `skein://<kind>/<key>`, the key percent-encoded. They name no node: the actor has none. */
import { failure, LIMITS, type Result, success } from '../../contracts/index.ts';
import { encodeKey } from '../ownership/state-key.ts';

export interface VirtualAddress {
  readonly kind: string;
  readonly key: string;
}

const SCHEME = 'skein://';
const KIND = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** The longest prefix that a key gets in the state, before its kind: `dir.<kind>.due.`. */
const PREFIX_LENGTH = 'dir..due.'.length;

export const formatVirtualAddress = ({ kind, key }: VirtualAddress): string =>
  `${SCHEME}${kind}/${encodeURIComponent(key)}`;

/** Failure: ADDRESS_INVALID. */
export function parseVirtualAddress(text: string): Result<VirtualAddress, 'ADDRESS_INVALID'> {
  const expected = 'skein://<kind>/<key>, the key percent-encoded';
  const refuse = () =>
    failure('ADDRESS_INVALID', { address: String(text).slice(0, 200), expected });
  if (typeof text !== 'string' || !text.startsWith(SCHEME) || text.length > 4_096) return refuse();
  const [kind = '', encoded = '', ...more] = text.slice(SCHEME.length).split('/');
  if (!isKind(kind) || more.length > 0) return refuse();
  const key = decoded(encoded);
  return key !== undefined && isKey(kind, key) ? success({ kind, key }) : refuse();
}

/** Letters, digits, `-` and `_`, from a letter on, 64 at most. */
export const isKind = (kind: string): boolean => KIND.test(kind);

/** Any well-formed text, as long as it fits into a key of the state once it is encoded. */
export const isKey = (kind: string, key: string): boolean =>
  key.length > 0 &&
  key.length <= LIMITS.stateKeyLength &&
  key.isWellFormed() &&
  PREFIX_LENGTH + kind.length + encodeKey(key).length <= LIMITS.stateKeyLength;

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
