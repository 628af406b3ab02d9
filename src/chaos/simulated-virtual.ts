/** The part of a simulated node that hosts virtual actors, and a client on it that asks for them, wherever they are. */
import {
  type Candidate,
  type LeaseTerms,
  VirtualActors,
  type VirtualContext,
} from '../cluster/index.ts';
import { type Log, type NodeId, type Ports, success } from '../contracts/index.ts';
import type { SimulatedLife, SimulatedState } from '../host/index.ts';
import type { ActorSystem } from '../kernel/index.ts';
import type { Fact } from './checker.ts';
import { Copies } from './copies.ts';
import { type Counter, type CounterState, counterActor } from './virtual-counter.ts';
import type { CounterAsk } from './virtual-facts.ts';

/** What the virtual actors of one simulation share. */
export class VirtualTerms {
  readonly copies: Copies;
  #asked = 0;

  constructor(hear: (fact: Fact) => void) {
    this.copies = new Copies((fact) => hear(asActivation(fact)));
  }

  nextId(): number {
    return ++this.#asked;
  }
}

export interface VirtualWorld {
  readonly id: NodeId;
  /** `n-1#2`: the node and which of its lives. */
  readonly name: string;
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly life: SimulatedLife;
  readonly log: Log;
  readonly state: SimulatedState;
  readonly lease: LeaseTerms;
  readonly patienceMs: number;
  readonly handOverAfterMs: number;
  readonly terms: VirtualTerms;
  readonly candidates: () => readonly Candidate[];
  readonly hear: (fact: Fact) => void;
  readonly isQuiet: () => boolean;
}

export const VIRTUAL_KEYS = ['a', 'account/7', 'räuber'] as const;
/** Nobody asks for it between two looks: only its reminders wake it. */
export const QUIET_KEY = 'quiet';
const EVERY_MS = 1_500;
const ASK_MS = 4_000;
const AGAIN_MS = 200;
const SLOW_SHARE = 0.1;
const SLOW_MS = 800;
const REMINDER_MS_MIN = 1_500;
const REMINDER_MS_SPAN = 2_000;

export class SimulatedVirtual {
  readonly #world: VirtualWorld;
  readonly #actors: VirtualActors;
  readonly #counter: Counter;
  /** Activations of this life, by nonce: what tells that each has ended. */
  readonly #ends = new Map<string, { readonly isHeld: () => boolean; readonly end: () => void }>();
  #isRegistered = false;
  #isClosed = false;

  constructor(world: VirtualWorld) {
    this.#world = world;
    const { id, name, system, ports, life, state, lease, hear } = world;
    const { patienceMs, handOverAfterMs, candidates } = world;
    const opened = VirtualActors.open({
      ...{ system, ports, terms: lease, patienceMs, handOverAfterMs, candidates },
      log: this.#heardLog(),
      openState: async () => success(state.join(id, life)),
    });
    if (!opened.ok) throw new Error(opened.error.message);
    this.#actors = opened.value;
    this.#counter = counterActor({
      acts: (ctx) => this.#acts(ctx),
      reminded: ({ key }) => hear({ kind: 'reminder fired', key, by: name }),
      sleep: (ms) => new Promise((resolve) => void ports.timers.after(ms, resolve)),
    });
    void this.#register();
    this.#next();
  }

  reconsider(): void {
    this.#actors.reconsider();
  }

  /** Asks for one key, and says what came of it. `turnMs`: of an increment; default: as chance has it. */
  async ask(key: string, what: CounterAsk, turnMs?: number): Promise<void> {
    if (!this.#isRegistered) return;
    const { name, terms, ports, life, hear } = this.#world;
    const { random } = ports;
    const handle = this.#actors.get(this.#counter, key);
    const id = terms.nextId();
    hear({ kind: 'counter asked', id, key, what });
    const options = { timeoutMs: ASK_MS };
    const drawnMs = random.next() < SLOW_SHARE ? random.next() * SLOW_MS : 0;
    const slowMs = turnMs ?? drawnMs;
    const everyMs = Math.round(REMINDER_MS_MIN + random.next() * REMINDER_MS_SPAN);
    if (what === 'remindMe') hear({ kind: 'reminder set', key, by: name });
    const asked = {
      increment: () => handle.ask('increment', { id, slowMs }, options),
      read: () => handle.ask('read', undefined, options),
      remindMe: () => handle.ask('remindMe', everyMs, options),
      fail: () => handle.ask('fail', undefined, options),
    };
    const answer = await asked[what]();
    if (!life.isAlive) return;
    if (what === 'read' && answer.kind === 'answered') {
      const { done, fired } = answer.value as CounterState;
      hear({ kind: 'counter found', id, key, done: [...done], fired: [...fired] });
    }
    const code = answer.kind === 'answered' ? undefined : answer.error.code;
    hear({ kind: 'counter told', id, outcome: answer.kind, code });
  }

  /** Hands everything over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#actors.handOverAll();
  }

  #next(): void {
    const { ports, isQuiet } = this.#world;
    const { random, timers } = ports;
    timers.after(-Math.log(1 - random.next()) * EVERY_MS, () => {
      if (this.#isClosed || isQuiet()) return;
      const key = VIRTUAL_KEYS[Math.floor(random.next() * VIRTUAL_KEYS.length)] as string;
      void this.ask(key, drawAsk(random.next()));
      this.#next();
    });
  }

  /** The state may be away when a node begins: it tries until it is there. */
  async #register(): Promise<void> {
    const { ports, life } = this.#world;
    while (!this.#isClosed && life.isAlive) {
      const registered = await this.#actors.register(this.#counter);
      this.#isRegistered = registered.ok;
      if (registered.ok) return;
      await new Promise<void>((resolve) => void ports.timers.after(AGAIN_MS, resolve));
    }
  }

  /** An activation is known by its turns: each may be its first, and tells that those before it on this node are over. */
  #acts({ key, token, isHeld }: VirtualContext): void {
    const { name, life, terms } = this.#world;
    const known = this.#ends.get(token.nonce);
    if (known) return;
    for (const [nonce, earlier] of this.#ends) {
      if (earlier.isHeld()) continue;
      earlier.end();
      this.#ends.delete(nonce);
    }
    const copy = `${name}/${token.revision}`;
    const hold = { token, remainingMs: () => (isHeld() ? 1 : 0) };
    this.#ends.set(token.nonce, { isHeld, end: terms.copies.begin({ copy, key, life, hold }) });
  }

  #heardLog(): Log {
    const { name, log, hear } = this.#world;
    return {
      ...log,
      debug: (message, fields = {}) => {
        const { actor, node, reason } = fields as Readonly<Record<string, string>>;
        if (message === 'a virtual actor is given up') {
          const key = decodeURIComponent(String(actor).slice('skein://counter/'.length));
          hear({ kind: 'actor given up', by: name, key, reason: String(reason) });
        }
        if (message === 'a virtual actor was not found where it was looked for')
          hear({
            kind: 'stale route',
            ...{ actor: String(actor), node: String(node), reason: String(reason) },
          });
        log.debug(message, fields);
      },
    };
  }
}

function drawAsk(draw: number): CounterAsk {
  if (draw < 0.03) return 'fail';
  if (draw < 0.08) return 'remindMe';
  return draw < 0.35 ? 'read' : 'increment';
}

/** What `Copies` tells, of virtual actors. */
function asActivation(fact: Fact): Fact {
  switch (fact.kind) {
    case 'copy began':
      return { ...fact, kind: 'activation began' };
    case 'copy ended':
      return { ...fact, kind: 'activation ended' };
    case 'held':
      return { ...fact, kind: 'activations' };
    default:
      return fact;
  }
}
