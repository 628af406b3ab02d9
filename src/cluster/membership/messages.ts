/** What members say to each other. Every message brings along what is said of members: rumours; with `sync`, all that is known. */
import type { NodeId } from '../../contracts/index.ts';
import type { Statement } from './statement.ts';

export type GossipMessage =
  /** Are you there? */
  | { readonly kind: 'ping'; readonly seq: number; readonly said: readonly Statement[] }
  | { readonly kind: 'ack'; readonly seq: number; readonly said: readonly Statement[] }
  /** Ask `target` for me: I get no answer. */
  | {
      readonly kind: 'ping-for';
      readonly seq: number;
      readonly target: NodeId;
      readonly said: readonly Statement[];
    }
  /** I have asked for you, in vain so far: that you hear me shows that it is not you who is cut off. */
  | { readonly kind: 'nack'; readonly seq: number; readonly said: readonly Statement[] }
  /** To everybody: I am here. */
  | { readonly kind: 'hello'; readonly said: readonly Statement[] }
  /** All that I know, in answer to which comes all that you know. */
  | { readonly kind: 'sync'; readonly said: readonly Statement[]; readonly isReply: boolean };
