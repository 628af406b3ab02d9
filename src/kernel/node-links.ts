/** Links from this thread to threads of other nodes: opened by the first message, or by the other side. */
import {
  type FramePort,
  invariant,
  isGeneratedName,
  isSafeName,
  type NodeId,
  parseAddress,
  type ThreadName,
  type WhileAway,
} from '../contracts/index.ts';
import {
  betweenNodes,
  ENDED_THERE,
  Link,
  type OtherMessage,
  type Peer,
  type RefText,
  type UserMessage,
} from '../transport/index.ts';
import { ActorRef } from './actor-ref.ts';
import type { ActorSystem } from './actor-system.ts';
import { checkAnswer, readForeignSignal } from './foreign-signal.ts';

/** Gives a port to a peer at once; it closes with a reason when nobody answers. */
export type OpenPeer = (peer: Peer) => FramePort;

type Receive = (link: Link, from: Peer, message: UserMessage) => void;

/** As text: the address, `#`, the incarnation. */
const refText: RefText = {
  isRef: (value) => value instanceof ActorRef,
  write: (ref) => {
    const { address, incarnation, cell } = ref as ActorRef;
    cell?.publish();
    return `${address}#${incarnation}`;
  },
  read: (text) => {
    const cut = text.lastIndexOf('#');
    const parsed = parseAddress(text.slice(0, cut));
    const incarnation = Number(text.slice(cut + 1));
    invariant(
      parsed.ok && Number.isSafeInteger(incarnation) && incarnation >= 0,
      'a ref has an address',
    );
    const { node, thread, path } = parsed.value;
    return new ActorRef(node, thread, path, incarnation);
  },
};
const dialect = betweenNodes(refText);

const SYSTEM_ENDED = 'the system ended';

/** Ends that nobody has to look into. */
const ORDERLY: ReadonlySet<string> = new Set([SYSTEM_ENDED, ENDED_THERE]);
const TYPE_LENGTH_MAX = 128;
const LEFT_MS_MAX = 2 ** 31;

export interface NodeLinkRules {
  /** Hears of frames that could not be read. */
  readonly refuse: (peer: Peer) => void;
  readonly whileAway: WhileAway;
  /** Actors that other nodes may not send to, with all below them: `root/kv`, or `root/run-*` for all that begin so. */
  readonly privatePaths: readonly string[];
}

const isWithin = (path: string, above: string): boolean =>
  path === above || path.startsWith(`${above}/`);

export class NodeLinks {
  readonly #system: ActorSystem;
  readonly #receive: Receive;
  readonly #links = new Map<NodeId, Map<ThreadName, Link>>();
  #open: OpenPeer | undefined;
  #whileAway: WhileAway = 'park';
  #private: readonly string[] = [];
  #refuse: (peer: Peer) => void = () => undefined;

  constructor(system: ActorSystem, receive: Receive) {
    this.#system = system;
    this.#receive = receive;
  }

  /** From now on messages to other nodes find a way. */
  use(open: OpenPeer, { refuse, whileAway, privatePaths }: NodeLinkRules): void {
    this.#open = open;
    this.#refuse = refuse;
    this.#whileAway = whileAway;
    this.#private = privatePaths;
  }

  /** Whether an actor at the path, or one above it, takes no messages from other nodes. */
  isPrivate(path: string): boolean {
    return this.#private.some((each) =>
      each.endsWith('*') ? path.startsWith(each.slice(0, -1)) : isWithin(path, each),
    );
  }

  /** Whether what goes over the link would wait for a way, and is not to. */
  refuses(link: Link): boolean {
    return this.#whileAway === 'refuse' && link.isAway;
  }

  /** A peer that opened a link, or opened one anew. */
  accept(peer: Peer, port: FramePort): Link {
    this.#find(peer)?.close('replaced by a new link');
    const link: Link = new Link(
      port,
      {
        onUser: (message) => this.#receive(link, peer, this.#checked(message)),
        onAnswer: (askId, answer) => this.#system.asks.settleNumber(askId, checkAnswer(answer)),
        onOther: (message) => this.#receiveSignal(message),
        onClosed: (reason) => this.#closed(peer, link, reason),
        onUnreadable: () => this.#refuse(peer),
      },
      dialect,
    );
    const threads = this.#links.get(peer.node) ?? new Map<ThreadName, Link>();
    this.#links.set(peer.node, threads.set(peer.thread, link));
    link.listen();
    return link;
  }

  linkTo({ node, thread }: Peer): Link | undefined {
    return this.#links.get(node)?.get(thread) ?? this.#opened({ node, thread });
  }

  flush(): void {
    for (const threads of this.#links.values()) {
      for (const link of threads.values()) link.flush();
    }
  }

  close(): void {
    this.#open = undefined;
    for (const threads of [...this.#links.values()]) {
      for (const link of [...threads.values()]) link.close(SYSTEM_ENDED);
    }
  }

  #find({ node, thread }: Peer): Link | undefined {
    return this.#links.get(node)?.get(thread);
  }

  #opened(peer: Peer): Link | undefined {
    return this.#open ? this.accept(peer, this.#open(peer)) : undefined;
  }

  #closed(peer: Peer, link: Link, reason: string): void {
    const threads = this.#links.get(peer.node);
    if (threads?.get(peer.thread) !== link) return;
    threads.delete(peer.thread);
    if (threads.size === 0) this.#links.delete(peer.node);
    const { node, thread } = peer;
    const say = ORDERLY.has(reason) ? this.#system.log.info : this.#system.log.warn;
    say('a link to another node closed', { peer: `${node}/${thread}`, reason });
    this.#system.peerLost(peer, reason);
  }

  /** @throws for what no link of ours would send: the peer is then not to be trusted with anything else. */
  #checked(message: UserMessage): UserMessage {
    const { target, sender, type, leftMs } = message;
    const { node, thread } = this.#system;
    const isHere = target instanceof ActorRef && target.node === node && target.thread === thread;
    invariant(isHere, 'a message is for an actor of this thread');
    invariant(sender === undefined || sender instanceof ActorRef, 'a sender is an actor');
    const isType = typeof type === 'string' && type.length > 0 && type.length <= TYPE_LENGTH_MAX;
    invariant(isType, 'a type is a short text');
    invariant(leftMs === undefined || Math.abs(leftMs) < LEFT_MS_MAX, 'a deadline is near');
    return message;
  }

  #receiveSignal(message: OtherMessage): void {
    const { to, incarnation, signal } = readForeignSignal(message);
    invariant(
      to.split('/').every((name) => isSafeName(name) || isGeneratedName(name)),
      'a path is of names',
    );
    const { node, thread } = this.#system;
    this.#system.signal(new ActorRef(node, thread, to, incarnation), signal);
  }
}
