/**
 * What the actors of a simulation do, so that the checkers have something to check: streams of numbered messages, asks that add
 * one, and watches, between all threads of all nodes. The facts go to the checkers past all links.
 */
import type { NodeId, ThreadName } from '../contracts/index.ts';
import {
  type ActorContext,
  ActorRef,
  type AskResult,
  defineActor,
  provideModule,
} from '../kernel/index.ts';
import type { ChildSpec } from '../supervisor/index.ts';
import type { Fact } from './checker.ts';

export const WORKLOAD_URL = 'skein:simulated-workload';

export interface Place {
  readonly node: NodeId;
  readonly thread: ThreadName;
}

export interface WorkloadTerms {
  readonly hear: (fact: Fact) => void;
  /** Every thread of the cluster, whether it is alive or not. */
  readonly places: readonly Place[];
  readonly uniform: () => number;
  /** Virtual time. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Share of the usual traffic, 0 to 1. */
  readonly traffic: () => number;
}

let terms: WorkloadTerms;
let lives = 0;

/** One simulation at a time: what the actors of the next one report goes to its checkers. */
export function beginWorkload(next: WorkloadTerms): void {
  terms = next;
  lives = 0;
}

const ASK_MS = 2_000;
const TICK_MS = 40;
const BURST_MAX = 6;
const NAP_MS_MAX = 3_000;
/** Long enough for others to come meanwhile. */
const REST_MS = 5;

interface HubState {
  readonly self: string;
  /** Whom it knows: everybody, or in a large world some. */
  readonly others: readonly Place[];
  readonly streams: Map<string, number>;
  readonly watches: Map<string, string>;
  asked: number;
  watched: number;
  guest: ActorRef;
  readonly sleeper: ActorRef;
  readonly gate: ActorRef;
  /** A guest of another hub, alive or not. */
  met: ActorRef | undefined;
}

const keyOf = ({ address, incarnation }: ActorRef): string => `${address}#${incarnation}`;

/** A child that lives for a while, so that there is something to watch, and to send to too late. */
const guest = defineActor({
  kind: 'guest',
  initial: (_none: undefined, ctx: ActorContext) => ({ self: keyOf(ctx.self) }),
  receive: {
    leave: (_state, _none: undefined, ctx: ActorContext) => ctx.stop(),
    fuss: () => {
      throw new Error('a guest makes a fuss');
    },
    note: (_state, { stream, id }: Numbered) => terms.hear({ kind: 'received', stream, id }),
  },
  signals: { stopped: (state) => terms.hear({ kind: 'ended', actor: state?.self ?? '' }) },
});

/** A child that takes its time, so that what it is asked waits in its mailbox for too long. */
const sleeper = defineActor({
  kind: 'sleeper',
  initial: () => undefined,
  receive: {
    nap: async (_state, { ask, napMs }: { readonly ask: string; readonly napMs: number }) => {
      terms.hear({ kind: 'ran', ask });
      await terms.sleep(napMs);
      return napMs;
    },
  },
});

const GATE_MS = 150;

/** A child that puts aside what comes while it is closed: it has to come in order all the same. */
const gate = defineActor({
  kind: 'gate',
  initial: (_none: undefined, ctx: ActorContext) => {
    ctx.every('turn', GATE_MS, 'turn');
    return { isOpen: true };
  },
  receive: {
    note: (state, { stream, id }: Numbered, ctx: ActorContext) => {
      if (state.isOpen) terms.hear({ kind: 'received', stream, id });
      else ctx.stash();
    },
    turn: (state, _none: undefined, ctx: ActorContext) => {
      state.isOpen = !state.isOpen || terms.traffic() === 0;
      if (state.isOpen) ctx.unstashAll();
    },
  },
});

interface Numbered {
  readonly stream: string;
  readonly id: number;
}

/** One on each thread: it sends, asks and watches, and is the receiver of all others. */
export const hub = defineActor({
  kind: 'hub',
  initial: (_none: undefined, ctx: ActorContext): HubState => {
    ctx.every('tick', TICK_MS, 'tick');
    return {
      // A restart keeps the ref; what is counted from the beginning needs a name of its own.
      self: `${keyOf(ctx.self)}/${++lives}`,
      others: acquaintances(),
      streams: new Map(),
      watches: new Map(),
      asked: 0,
      watched: 0,
      guest: ctx.spawn(guest, undefined, { name: 'guest' }),
      sleeper: ctx.spawn(sleeper, undefined, { name: 'sleeper' }),
      gate: ctx.spawn(gate, undefined, { name: 'gate' }),
      met: undefined,
    };
  },
  receive: {
    tick: (state, _none: undefined, ctx: ActorContext) => act(state, ctx),
    item: (_state, { stream, id }: Numbered) => terms.hear({ kind: 'received', stream, id }),
    add: (_state, { ask, value }: { readonly ask: string; readonly value: number }) => {
      terms.hear({ kind: 'ran', ask });
      return value + 1;
    },
    guest: (state) => state.guest,
    rest: (state, ask: string, ctx: ActorContext) =>
      ctx.forward(state.sleeper, 'nap', { ask, napMs: REST_MS }),
    met: (state, found: AskResult<ActorRef | undefined>, ctx: ActorContext) => {
      const ref = found.kind === 'answered' ? found.value : undefined;
      state.met = ref;
      if (!ref || state.watches.has(keyOf(ref))) return;
      const watch = `${state.self} watch ${++state.watched} of ${keyOf(ref)}`;
      state.watches.set(keyOf(ref), watch);
      terms.hear({ kind: 'watched', watch, actor: keyOf(ref) });
      ctx.watch(ref);
    },
  },
  signals: {
    terminated: (state, { ref }) => {
      const watch = state.watches.get(keyOf(ref));
      if (watch === undefined) return;
      state.watches.delete(keyOf(ref));
      terms.hear({ kind: 'terminated', watch });
    },
    childStopped: (state, _exit, ctx) => {
      state.guest = ctx.spawn(guest, undefined, { name: 'guest' });
    },
  },
});
provideModule(WORKLOAD_URL, { hub });

/** In a large cluster too an actor talks to few others; all pairs would be what is measured. */
const ACQUAINTANCES_MAX = 40;

function acquaintances(): readonly Place[] {
  const { places, uniform } = terms;
  if (places.length <= ACQUAINTANCES_MAX) return places;
  return Array.from(
    { length: ACQUAINTANCES_MAX },
    () => places[Math.floor(uniform() * places.length)] as Place,
  );
}

/** Chance decides what comes next; nothing is begun once the end is near. */
function act(state: HubState, ctx: ActorContext): void {
  const traffic = terms.traffic();
  if (traffic === 0 || (traffic < 1 && terms.uniform() >= traffic)) return;
  const place = state.others[Math.floor(terms.uniform() * state.others.length)];
  if (!place) return;
  const to = hubAt(place.node, place.thread);
  const chance = terms.uniform();
  if (chance < 0.5) return send(state, ctx, to, 'item');
  if (chance < 0.8) return ask(state, ctx, to);
  if (chance < 0.84) return nap(state, ctx);
  if (chance < 0.86) return send(state, ctx, state.gate, 'note');
  if (chance < 0.9 && state.met) return send(state, ctx, state.met, 'note');
  if (chance < 0.97) {
    return ctx.pipeToSelf(ctx.ask(to, 'guest', undefined, { timeoutMs: ASK_MS }), 'met');
  }
  // What comes right after waits in the mailbox of one who is going.
  ctx.tell(state.guest, chance < 0.98 ? 'fuss' : 'leave');
  send(state, ctx, state.guest, 'note');
}

function send(state: HubState, ctx: ActorContext, to: ActorRef, type: 'item' | 'note'): void {
  const stream = `${state.self} > ${keyOf(to)}`;
  const burst = 1 + Math.floor(terms.uniform() * BURST_MAX);
  for (let each = 0; each < burst; each++) {
    const id = state.streams.get(stream) ?? 0;
    state.streams.set(stream, id + 1);
    const result = ctx.tell(to, type, { stream, id });
    terms.hear({ kind: 'sent', stream, id, isAccepted: result.kind === 'accepted' });
  }
}

function ask(state: HubState, ctx: ActorContext, to: ActorRef): void {
  const name = `${state.self} ask ${++state.asked} of ${to.address}`;
  const value = Math.floor(terms.uniform() * 1_000);
  terms.hear({ kind: 'asked', ask: name, timeoutMs: ASK_MS, isLocal: false });
  const asked = ctx.ask(to, 'add', { ask: name, value }, { timeoutMs: ASK_MS });
  void asked.then((result) => settled(name, result, value + 1));
}

/** Of the own child; several wait for each other, and some for too long. */
function nap(state: HubState, ctx: ActorContext): void {
  const name = `${state.self} nap ${++state.asked}`;
  const napMs = Math.floor(terms.uniform() * NAP_MS_MAX);
  terms.hear({ kind: 'asked', ask: name, timeoutMs: ASK_MS, isLocal: true });
  const asked = ctx.ask(state.sleeper, 'nap', { ask: name, napMs }, { timeoutMs: ASK_MS });
  void asked.then((result) => settled(name, result, napMs));
}

function settled(ask: string, result: AskResult<unknown>, wanted: unknown): void {
  const code = result.kind === 'answered' ? undefined : result.error.code;
  const isRight = result.kind === 'answered' && result.value === wanted;
  terms.hear({ kind: 'settled', ask, result: result.kind, code, isRight });
}

/** Whichever hub lives there when the message arrives. */
export const hubAt = (node: NodeId, thread: ThreadName): ActorRef =>
  new ActorRef(node, thread, `root/launcher/hub-${thread}`, 0);

/** A hub for every thread, started again when it is lost. */
export const hubSpecs = (threads: readonly ThreadName[]): readonly ChildSpec[] =>
  threads.map((thread) => ({
    name: `hub-${thread}`,
    actor: { module: { url: WORKLOAD_URL, exportName: 'hub' }, thread, args: undefined },
  }));
