/**
 * The floor: a mailbox and a run queue in one thread and nothing else. A message is a type and a payload, looked up in a
 * table of handlers; there are no bounds, supervision, addresses, deadlines, correlation or yielding. It says what the
 * machine allows, and Skein's distance to it what the promises cost.
 */
import type { Definition, Ref, Runtime, Self } from './runtime.ts';

const TURN = 64;

class Ring<T> {
  slots: (T | undefined)[] = new Array(8);
  head = 0;
  length = 0;

  push(item: T): void {
    if (this.length === this.slots.length) this.grow();
    this.slots[(this.head + this.length++) & (this.slots.length - 1)] = item;
  }

  shift(): T | undefined {
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & (this.slots.length - 1);
    this.length--;
    return item;
  }

  grow(): void {
    const larger = new Array<T | undefined>(this.slots.length * 2);
    for (let at = 0; at < this.length; at++)
      larger[at] = this.slots[(this.head + at) & (this.slots.length - 1)];
    this.slots = larger;
    this.head = 0;
  }
}

class Message {
  readonly type: string;
  readonly payload: unknown;
  readonly resolve: ((value: unknown) => void) | undefined;
  constructor(type: string, payload: unknown, resolve: ((value: unknown) => void) | undefined) {
    this.type = type;
    this.payload = payload;
    this.resolve = resolve;
  }
}

type Receive = (state: unknown, payload: unknown, self: Self) => unknown;
interface Defined {
  readonly initial: (args: unknown, self: Self) => unknown;
  readonly handlers: Readonly<Record<string, Receive>>;
}

class Actor {
  readonly handlers: Readonly<Record<string, Receive>>;
  readonly state: unknown;
  readonly mailbox = new Ring<Message>();
  isQueued = false;
  isStopped = false;

  constructor({ handlers, initial }: Defined, args: unknown) {
    this.handlers = handlers;
    this.state = initial(args, this);
  }
}

const queue = new Ring<Actor>();
let isAwake = false;

function push(actor: Actor, message: Message): void {
  if (actor.isStopped) return;
  actor.mailbox.push(message);
  if (actor.isQueued) return;
  actor.isQueued = true;
  queue.push(actor);
  if (isAwake) return;
  isAwake = true;
  queueMicrotask(drain);
}

function turn(actor: Actor): void {
  const { handlers, mailbox, state } = actor;
  for (let left = TURN; left > 0 && mailbox.length > 0; left--) {
    const { type, payload, resolve } = mailbox.shift() as Message;
    const answer = handlers[type]?.(state, payload, actor);
    resolve?.(answer);
  }
  if (mailbox.length > 0) queue.push(actor);
  else actor.isQueued = false;
}

function drain(): void {
  while (queue.length > 0) turn(queue.shift() as Actor);
  isAwake = false;
}

const send = (to: Ref, message: unknown): void =>
  push(to as Actor, new Message('run', message, undefined));

export function startFloor(): Runtime {
  return {
    define: ({ initial, receive }) =>
      ({ initial, handlers: { run: receive } }) as Definition<never>,
    spawn: (definition, args) => new Actor(definition as unknown as Defined, args),
    tell: (_self, to, message) => send(to, message),
    send,
    selfOf: (self) => self,
    stop: (self) => {
      (self as Actor).isStopped = true;
    },
    ask: (to, message) =>
      new Promise((resolve) => {
        push(to as Actor, new Message('run', message, resolve));
      }),
  };
}
