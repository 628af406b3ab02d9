/** Actor addresses: `skein://<node>/<thread>/<path>`. The path is the line of names from the root, `user/orders/42`. */
import { failure } from './errors.ts';
import type { NodeId, ThreadName } from './ids.ts';
import { isGeneratedName, isSafeName } from './ids.ts';
import { LIMITS } from './limits.ts';
import type { Result } from './outcome.ts';
import { success } from './outcome.ts';

export interface Address {
  readonly node: NodeId;
  readonly thread: ThreadName;
  readonly path: string;
}

const SCHEME = 'skein://';
const EXPECTED =
  'skein://<node>/<thread>/<name>[/<name>…], names of letters, digits, ".", "_", "-"';

export const formatAddress = ({ node, thread, path }: Address): string =>
  `${SCHEME}${node}/${thread}/${path}`;

export function parseAddress(text: string): Result<Address, 'ADDRESS_INVALID'> {
  const refuse = () =>
    failure('ADDRESS_INVALID', { address: String(text).slice(0, 200), expected: EXPECTED });
  if (typeof text !== 'string' || !text.startsWith(SCHEME) || text.length > 4_096) return refuse();
  const [node, thread, ...names] = text.slice(SCHEME.length).split('/');
  if (node === undefined || thread === undefined || names.length === 0) return refuse();
  if (names.length > LIMITS.pathDepth || ![node, thread].every(isSafeName)) return refuse();
  if (!names.every((name) => isSafeName(name) || isGeneratedName(name))) return refuse();
  return success({ node: node as NodeId, thread: thread as ThreadName, path: names.join('/') });
}
