/** What members say to each other. Every message brings along what is said of members: rumours; with `sync`, what the other lacks. */
import type { NodeId } from '../../contracts/index.ts';
import type { Digest } from './digest.ts';
import type { Statement } from './statement.ts';

/** Of eight members what they say and three claims. */
export const STATEMENTS_A_MESSAGE = 32;

export type GossipMessage =
  /** Are you there? */
  | {
      readonly kind: 'ping';
      readonly seq: number;
      readonly digest: Digest;
      readonly said: readonly Statement[];
    }
  | {
      readonly kind: 'ack';
      readonly seq: number;
      readonly digest: Digest;
      readonly said: readonly Statement[];
    }
  /** Ask `target` for me: I get no answer. */
  | {
      readonly kind: 'ping-for';
      readonly seq: number;
      readonly target: NodeId;
      readonly said: readonly Statement[];
    }
  /** I have asked for you, in vain so far: that you hear me shows that it is not you who is cut off. */
  | { readonly kind: 'nack'; readonly seq: number; readonly said: readonly Statement[] }
  /** To everybody: I am here; or to one that was only now met, with a digest. */
  | { readonly kind: 'hello'; readonly digest: Digest | null; readonly said: readonly Statement[] }
  /**
   * What you lack of what I know. `known`: hashes of what I know, for you to say what I lack; and, unless this is a reply, to tell me what
   * you know in turn.
   */
  | {
      readonly kind: 'sync';
      readonly said: readonly Statement[];
      readonly known: Uint8Array | null;
      readonly isReply: boolean;
    };
