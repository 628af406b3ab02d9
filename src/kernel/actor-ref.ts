/**
 * A reference to an actor: an address and an incarnation, typed by the protocol of the actor behind it. It is a value: it
 * may be kept, compared by `address`, and sent in messages to any thread. Sending is done by a context or a system, so that
 * sender, deadline and correlation ID always go along.
 */
import { formatAddress, type NodeId, type ThreadName } from '../contracts/index.ts';
import { registerWireType } from '../transport/index.ts';
import type { Cell } from './cell.ts';

/** For each message type: what it carries and what an ask for it answers. */
// biome-ignore lint/suspicious/noExplicitAny: a ref of unknown protocol accepts any message
export type Protocol = Record<string, { payload: any; reply: any }>;

// biome-ignore lint/suspicious/noExplicitAny: see Protocol
export class ActorRef<P extends Protocol = any> {
  /** Exists only for the type checker. */
  declare readonly protocol: P;
  readonly node: NodeId;
  readonly thread: ThreadName;
  /** The name that was given; undefined for a generated one. Without a parent: the whole path. */
  readonly label: string | undefined;
  /** Tells this actor from an earlier one of the same path; 0 addresses whichever lives there now. */
  readonly incarnation: number;
  /** The local actor, once resolved: a path is looked up at most once per ref and incarnation. */
  cell: Cell | undefined = undefined;

  /** Known for refs that were made by spawning here: their path is put together only when somebody looks. */
  readonly parent: ActorRef | undefined;

  constructor(
    node: NodeId,
    thread: ThreadName,
    label: string | undefined,
    incarnation: number,
    parent?: ActorRef,
  ) {
    this.node = node;
    this.thread = thread;
    this.label = label;
    this.incarnation = incarnation;
    this.parent = parent;
  }

  get path(): string {
    const { parent } = this;
    return parent ? `${parent.path}/${this.name}` : (this.label ?? '');
  }

  get address(): string {
    return formatAddress(this);
  }

  get name(): string {
    const { label } = this;
    if (label === undefined) return `$${this.incarnation}`;
    return this.parent ? label : label.slice(label.lastIndexOf('/') + 1);
  }

  toString(): string {
    return this.address;
  }

  toJSON(): string {
    return this.address;
  }
}

type RefFields = [node: NodeId, thread: ThreadName, path: string, incarnation: number];

registerWireType({
  type: 0x41,
  class: ActorRef,
  pack: (ref: ActorRef): RefFields => {
    ref.cell?.publish();
    return [ref.node, ref.thread, ref.path, ref.incarnation];
  },
  unpack: ([node, thread, path, incarnation]: RefFields) =>
    new ActorRef(node, thread, path, incarnation),
});
