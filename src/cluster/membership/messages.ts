/** What members say to each other. */
import type { NodeId } from '../../contracts/index.ts';
import type { MemberReport } from './member.ts';

export type GossipMessage =
  /** Are you there? Every message but `sync` brings rumours along. */
  | { readonly kind: 'ping'; readonly seq: number; readonly rumours: readonly MemberReport[] }
  | { readonly kind: 'ack'; readonly seq: number; readonly rumours: readonly MemberReport[] }
  /** Ask `target` for me: I get no answer. */
  | {
      readonly kind: 'ping-for';
      readonly seq: number;
      readonly target: NodeId;
      readonly rumours: readonly MemberReport[];
    }
  /** I have asked for you, in vain so far: that you hear me shows that it is not you who is cut off. */
  | { readonly kind: 'nack'; readonly seq: number; readonly rumours: readonly MemberReport[] }
  /** To everybody: I am here. */
  | { readonly kind: 'hello'; readonly rumours: readonly MemberReport[] }
  /** All that I know, in answer to which comes all that you know. */
  | { readonly kind: 'sync'; readonly members: readonly MemberReport[]; readonly isReply: boolean };
