/** A node's signature under what the kill switch says: over a domain and the canonical text, so that none stands for another. */
import type { Json, NodeId } from '../../contracts/index.ts';
import { keyText, type NodeKey } from '../../transport/index.ts';
import { canonicalJson } from '../canonical-json.ts';

export interface Signed {
  readonly node: NodeId;
  /** The public key, from which the ID follows. */
  readonly key: string;
  /** base64url. */
  readonly signature: string;
}

export function signatureOf(domain: string, what: object, key: NodeKey): Signed {
  const bytes = Buffer.from(domain + canonicalJson(what as Json));
  const signature = Buffer.from(key.sign(bytes)).toString('base64url');
  return { node: key.id, key: keyText(key.publicKey), signature };
}
