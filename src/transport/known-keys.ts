/**
 * Whose key is whose. The ID has to follow from the key; a list of keys, where there is one, has to hold it; and since 40 bits of a
 * hash can be met by chance or by search, the first key that proved itself under an ID keeps the ID while this thread lives.
 */
import { LIMITS, type NodeId } from '../contracts/index.ts';
import { keyText, type NodeKey, nodeIdOf } from './node-key.ts';

export interface KeyBook {
  /** Judges before the signature is looked at. */
  readonly accepts: (node: NodeId, publicKey: Uint8Array) => boolean;
  /** The owner of the key has signed with it. */
  readonly proved: (node: NodeId, publicKey: Uint8Array) => void;
}

/** Who a thread is on the bus, and whom it believes. */
export interface Identity {
  readonly key: NodeKey;
  readonly book: KeyBook;
}

export class KnownKeys implements KeyBook {
  readonly #trusted: ReadonlySet<string> | undefined;
  /** By ID, the one that proved itself longest ago first. */
  readonly #proved = new Map<NodeId, string>();

  /** @param trustedKeys as `keyText` writes them; undefined: any key is taken */
  constructor(trustedKeys?: readonly string[]) {
    this.#trusted = trustedKeys && new Set(trustedKeys);
  }

  accepts(node: NodeId, publicKey: Uint8Array): boolean {
    const text = keyText(publicKey);
    if (this.#trusted && !this.#trusted.has(text)) return false;
    return (this.#proved.get(node) ?? text) === text && nodeIdOf(publicKey) === node;
  }

  proved(node: NodeId, publicKey: Uint8Array): void {
    this.#proved.delete(node);
    this.#proved.set(node, keyText(publicKey));
    if (this.#proved.size <= LIMITS.peerKeys) return;
    for (const oldest of this.#proved.keys()) return void this.#proved.delete(oldest);
  }
}
