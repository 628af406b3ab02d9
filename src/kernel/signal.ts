/** What the kernel's actors tell each other beside messages: orders of a parent, news of children, death watch. */
import type { ExitReason } from '../contracts/index.ts';
import type { ChildExit } from './actor.ts';
import type { ActorRef } from './actor-ref.ts';

/** `drain` lets an actor work off its mailbox first; `now` ends it after the current turn. */
export type StopMode = 'now' | 'drain';

export type Signal =
  | { readonly kind: 'stop'; readonly mode: StopMode; readonly reason: ExitReason }
  | { readonly kind: 'restart'; readonly reason: ExitReason }
  | { readonly kind: 'resume' }
  | { readonly kind: 'passivate' }
  | { readonly kind: 'watch'; readonly watcher: ActorRef }
  | { readonly kind: 'unwatch'; readonly watcher: ActorRef }
  | { readonly kind: 'terminated'; readonly ref: ActorRef; readonly reason: ExitReason }
  | { readonly kind: 'child-failed'; readonly exit: ChildExit }
  | { readonly kind: 'child-stopped'; readonly exit: ChildExit }
  | {
      readonly kind: 'thread-lost';
      readonly node: string;
      readonly thread: string;
      readonly reason: ExitReason;
    };
