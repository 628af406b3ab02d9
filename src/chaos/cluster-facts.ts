/** What nodes do that know of each other and own keys, as the checkers hear it. `node` and `by` with a `#` name one life of a node. */

export type ClusterFact =
  /**
   * `troubled`: faults come and go. `healing`: they are over. `calm`: all has had its time, what is wrong now is wrong. `failing`: one
   * node was killed to see who notices. `ending`: the nodes leave.
   */
  | {
      readonly kind: 'phase';
      readonly phase: 'troubled' | 'healing' | 'calm' | 'failing' | 'ending';
    }
  /** `by` has heard this of `node`. About itself: what it says of itself from here on. */
  | {
      readonly kind: 'member seen';
      readonly by: string;
      readonly node: string;
      readonly status: string;
      readonly incarnation: number;
    }
  /** All that `by` believes, as `n-1 alive, n-2 suspect`, when everybody has to be right. */
  | { readonly kind: 'view'; readonly by: string; readonly members: string }
  /** `copy` is one activation, as `n-1#2/3`; it may act from here on while its lease lasts. */
  | {
      readonly kind: 'copy began';
      readonly copy: string;
      readonly key: string;
      readonly revision: number;
      readonly nonce: string;
    }
  /** It was told to stop, because its lease runs out or is another's. */
  | { readonly kind: 'lease lost'; readonly copy: string; readonly reason: string }
  /** It asked whether it may act, and may not. */
  | { readonly kind: 'held back'; readonly copy: string }
  /** It acts no more. */
  | { readonly kind: 'copy ended'; readonly copy: string }
  /** The state has taken a lease or its renewal: from here on it lasts for so long. */
  | {
      readonly kind: 'lease written';
      readonly key: string;
      readonly nonce: string;
      readonly ttlMs: number;
    }
  /** The state was told that the key is free. */
  | { readonly kind: 'given back'; readonly key: string; readonly nonce: string }
  /** Copies that hold their lease at this moment, each by the clock of its own machine. Told when they change. */
  | { readonly kind: 'held'; readonly key: string; readonly copies: readonly string[] }
  /** Somebody has to own the key by now; where it is given, this node. */
  | { readonly kind: 'owner due'; readonly key: string; readonly node?: string }
  /** The resource let a copy in and told it what is there. */
  | {
      readonly kind: 'resource read';
      readonly copy: string;
      readonly key: string;
      readonly revision: number;
      readonly nonce: string;
      readonly count: number;
    }
  | {
      readonly kind: 'write admitted';
      readonly copy: string;
      readonly key: string;
      readonly revision: number;
      readonly nonce: string;
      /** What the counter of the key is from here on. */
      readonly count: number;
      /** Of a client, or empty: the copy's own. */
      readonly request: string;
      readonly sentAtMs: number;
    }
  | {
      readonly kind: 'write refused';
      readonly copy: string;
      readonly key: string;
      readonly nonce: string;
      readonly sentAtMs: number;
    }
  /** A client was told that its work is done. */
  | { readonly kind: 'acknowledged'; readonly request: string }
  /** A client asked one that its directory named, and that does not own the key. */
  | { readonly kind: 'stale owner asked'; readonly request: string; readonly node: string }
  /** The shared state lost writes that it had acknowledged; revisions come again. */
  | { readonly kind: 'state lost writes'; readonly writes: number };
