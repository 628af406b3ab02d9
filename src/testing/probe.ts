/**
 * A probe: an actor that keeps what it is sent, and helpers that move virtual time on until the next message is there. After
 * Akka's TestProbe.
 */
import type { ExitReason } from '../contracts/index.ts';
import {
  type ActorContext,
  type ActorRef,
  defineActor,
  type Later,
  type SendResult,
} from '../kernel/index.ts';
import { ExpectationFailed, shown } from './expectation.ts';
import type { TestSystem } from './test-system.ts';
import { advanceUntil, type WaitOptions, WITHIN_MS } from './waiting.ts';

export interface ProbedMessage {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a probe takes what it is sent
  readonly payload: any;
  readonly sender: ActorRef | undefined;
  /** Virtual time since the start. */
  readonly atMs: number;
  /** Answers the ask that brought the message; of no effect after a tell or a second time. */
  readonly reply: (value?: unknown) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: a probe takes and answers anything
type ProbeProtocol<T extends string> = { [K in T]: { payload: any; reply: any } };

export interface ProbeOptions {
  /** The probe's name among the top-level actors; made up when left out. */
  readonly name?: string;
}

const NONE_FOR_MS = 100;
const SHOWN_MESSAGES = 5;

export class Probe<T extends string = string> {
  readonly ref: ActorRef<ProbeProtocol<T>>;
  readonly #kit: TestSystem;
  readonly #received: ProbedMessage[] = [];
  readonly #ends = new Map<string, ExitReason>();
  readonly #watched = new Set<string>();
  #context: ActorContext | undefined;
  #taken = 0;

  constructor(kit: TestSystem, types: readonly T[], options: ProbeOptions) {
    this.#kit = kit;
    const definition = defineActor({
      kind: 'probe',
      initial: (_none: undefined, ctx: ActorContext) => {
        this.#context = ctx;
        return {};
      },
      receive: Object.fromEntries(
        types.map((type) => [
          type,
          (_state: object, payload: unknown, ctx: ActorContext) => this.#take(type, payload, ctx),
        ]),
      ),
      signals: {
        terminated: (_state, { ref, reason }) => void this.#ends.set(keyOf(ref), reason),
      },
    });
    this.ref = kit.system.spawn(definition, undefined, options) as ActorRef;
  }

  /** Everything it was sent, in order, what was taken by `next` included. */
  get received(): readonly ProbedMessage[] {
    return this.#received;
  }

  /** Sends as the probe: it is the sender that the other actor sees. */
  tell(ref: ActorRef, type: string, payload?: unknown): SendResult {
    const sent = this.#ctx.tell(ref, type, payload);
    this.#kit.system.remote.flushSoon();
    return sent;
  }

  /**
   * The next message that was not taken yet. Moves time on until there is one.
   * @throws ExpectationFailed when none comes `withinMs`, or one of another type comes first; that one is not taken
   */
  async next(type?: T, { withinMs = WITHIN_MS }: WaitOptions = {}): Promise<ProbedMessage> {
    const { time } = this.#kit;
    await advanceUntil(time, () => this.#received.length > this.#taken, withinMs);
    const message = this.#received[this.#taken];
    const expected = `${type ? `a message ${type}` : 'a message'} within ${withinMs} ms`;
    if (!message) throw new ExpectationFailed({ expected, found: `none${this.#story()}` });
    if (type && message.type !== type) {
      throw new ExpectationFailed({ expected, found: `${textOf(message)}${this.#story()}` });
    }
    this.#taken++;
    return message;
  }

  /**
   * Moves time on by `forMs` (default 100) in which nothing may come.
   * @throws ExpectationFailed as soon as there is a message that was not taken
   */
  async expectNone(forMs = NONE_FOR_MS): Promise<void> {
    const { time } = this.#kit;
    const hasCome = (): boolean => this.#received.length > this.#taken;
    if (!(await advanceUntil(time, hasCome, forMs))) return;
    const found = textOf(this.#received[this.#taken] as ProbedMessage);
    throw new ExpectationFailed({ expected: `no message for ${forMs} ms`, found });
  }

  /** From now on its end is noticed, with the reason. An actor that ended before is known to be gone, but not why. */
  watch(ref: ActorRef): void {
    this.#watched.add(keyOf(ref));
    this.#ctx.watch(ref);
    this.#kit.system.remote.flushSoon();
  }

  /**
   * Moves time on until `ref` has ended. Watches it when nobody did.
   * @throws ExpectationFailed when it lives on
   */
  async expectTerminated(
    ref: ActorRef,
    { withinMs = WITHIN_MS }: WaitOptions = {},
  ): Promise<ExitReason> {
    if (!this.#watched.has(keyOf(ref))) this.watch(ref);
    await advanceUntil(this.#kit.time, () => this.#ends.has(keyOf(ref)), withinMs);
    const reason = this.#ends.get(keyOf(ref));
    if (reason) return reason;
    const expected = `the end of ${ref.address} within ${withinMs} ms`;
    throw new ExpectationFailed({ expected, found: 'it has not ended' });
  }

  get #ctx(): ActorContext {
    if (this.#context) return this.#context;
    throw new ExpectationFailed({ expected: 'a probe that runs', found: 'its system has ended' });
  }

  #take(type: T, payload: unknown, ctx: ActorContext): Later<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const atMs = this.#kit.time.clock.monotonicMs();
    this.#received.push({ type, payload, sender: ctx.sender, atMs, reply: resolve });
    return ctx.replyLater(promise);
  }

  /** What came before, and what was sent here and refused: mostly a type that the probe was not told to take. */
  #story(): string {
    const before = this.#received.slice(0, this.#taken).slice(-SHOWN_MESSAGES).map(textOf);
    const refused = this.#kit.system.deadLetters
      .list()
      .filter(({ to }) => to === this.ref.address)
      .slice(-SHOWN_MESSAGES)
      .map(({ type, reason }) => `${type} (${reason.code})`);
    return [
      before.length > 0 ? `; before it: ${before.join(', ')}` : '',
      refused.length > 0 ? `; refused: ${refused.join(', ')}` : '',
    ].join('');
  }
}

/**
 * Starts a probe that takes messages of these types; others become dead letters, as with any actor, and failures name them.
 * @throws NAME_TAKEN, ARGUMENT_INVALID, SYSTEM_STOPPING as a `SkeinException`
 */
export function probe<const T extends string>(
  kit: TestSystem,
  types: readonly T[],
  options: ProbeOptions = {},
): Probe<T> {
  return new Probe(kit, types, options);
}

const keyOf = ({ address, incarnation }: ActorRef): string => `${address}#${incarnation}`;

const textOf = ({ type, payload, atMs }: ProbedMessage): string =>
  `${type} ${shown(payload)} at ${Math.round(atMs)} ms`;
