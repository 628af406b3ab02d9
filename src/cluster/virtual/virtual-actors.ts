/**
 * Virtual actors of a node: kinds are registered, keys are addressed, the cluster does the rest. After Bykov et al., "Orleans:
 * Cloud Computing for Everyone" (2011), with a lease for each activation in place of a directory that may be wrong.
 *
 * Promised: at most one activation of a key acts at any moment (the conditions are those of `Lease`); every write carries the
 * fencing token and is refused after a later owner has shown its own; an ask that changed the state is answered only when the
 * change is durable. Every active key costs a write to the state per renewal of its lease, every change one: for thousands of
 * active keys, not millions.
 */
import {
  failure,
  LIMITS,
  type Log,
  type PlainCopy,
  type Ports,
  plainCopy,
  type Result,
  type SharedState,
  type SkeinError,
  SkeinException,
  skeinError,
  success,
} from '../../contracts/index.ts';
import {
  type ActorSystem,
  type AskResult,
  notDelivered,
  type ProtocolOf,
} from '../../kernel/index.ts';
import { type ClaimPatience, DEFAULT_PATIENCE } from '../ownership/claim.ts';
import { acceptTerms, type LeaseTerms } from '../ownership/lease-terms.ts';
import type { Candidate } from '../ownership/placement.ts';
import { AGENT_NAME, virtualAgent } from './agent.ts';
import { KindHost } from './kind-host.ts';
import { Router } from './router.ts';
import type {
  AnyVirtualDefinition,
  VirtualActorDefinition,
  VirtualAskOptions,
  VirtualHandle,
  VirtualHandlers,
  VirtualProtocol,
} from './virtual-actor.ts';
import { formatVirtualAddress, isKey, isKind, parseVirtualAddress } from './virtual-address.ts';

export interface VirtualActorsOptions extends Partial<ClaimPatience> {
  /** Of the node's main thread, where its virtual actors run. */
  readonly system: ActorSystem;
  /**
   * What all nodes share, with nothing else in it: leases, records and the directory. Opened by the first `register`, and tried
   * again by the next when that failed.
   */
  readonly openState: () => Promise<Result<SharedState>>;
  readonly ports: Ports;
  readonly log: Log;
  /** Nodes that are taken to be alive, this one included; of weight 0 while they take no more. `reconsider` says that it changed. */
  readonly candidates: () => readonly Candidate[];
  readonly terms?: Partial<LeaseTerms>;
  /** Why this node neither hosts nor calls virtual actors now; default: it does. */
  readonly halted?: () => SkeinError | undefined;
}

export interface RegisterOptions {
  /** Whether actors of the kind may live on this node; default true. Without it the node only sends to them. */
  readonly host?: boolean;
}

/** Of virtual actors: a lease that is lost with its node is waited for by every message to it. */
export const VIRTUAL_TERMS: Pick<LeaseTerms, 'ttlMs' | 'stopMs'> = { ttlMs: 5_000, stopMs: 500 };
/** Someone waits for the actor: the second in the order of preference does not wait long for the first. */
const VIRTUAL_PATIENCE: ClaimPatience = { ...DEFAULT_PATIENCE, patienceMs: 500 };
export const SINGLETON_KEY = 'singleton';

export class VirtualActors {
  readonly #options: VirtualActorsOptions;
  readonly #hosts = new Map<string, KindHost>();
  readonly #router: Router;
  readonly #terms: LeaseTerms;
  #state: Promise<Result<SharedState>> | undefined;
  #isClosed = false;

  /** Failures: ARGUMENT_INVALID, and NAME_TAKEN when the system has virtual actors already. */
  static open(options: VirtualActorsOptions): Result<VirtualActors> {
    const terms = acceptTerms({ ...VIRTUAL_TERMS, ...options.terms });
    if (!terms.ok) return terms;
    const actors = new VirtualActors(options, terms.value);
    try {
      const hostOf = (kind: string): KindHost | undefined => actors.#hosts.get(kind);
      options.system.spawn(virtualAgent, { hostOf }, { name: AGENT_NAME });
      return success(actors);
    } catch (thrown) {
      if (thrown instanceof SkeinException) return { ok: false, error: thrown.error };
      throw thrown;
    }
  }

  private constructor(options: VirtualActorsOptions, terms: LeaseTerms) {
    this.#options = options;
    this.#terms = terms;
    this.#router = new Router(options.system, options.log);
  }

  /**
   * Makes a kind known to this node. Failures: ARGUMENT_INVALID, NAME_TAKEN, OVERLOADED, SYSTEM_STOPPING, STATE_UNAVAILABLE and
   * those of opening the state (NATS_FAILED: it runs without JetStream, for one).
   */
  async register<S, H extends VirtualHandlers<S>>(
    definition: VirtualActorDefinition<S, H>,
    { host: isHost = true }: RegisterOptions = {},
  ): Promise<Result<void>> {
    const { kind } = definition;
    const refused = this.#whyNot(definition);
    if (refused) return refused;
    const state = await this.#openedState();
    if (!state.ok) return state;
    const overtaken = this.#whyNot(definition);
    if (overtaken) return overtaken;
    const { patienceMs, handOverAfterMs } = { ...VIRTUAL_PATIENCE, ...patienceIn(this.#options) };
    const opened = KindHost.open(definition, isHost, {
      ...this.#options,
      state: state.value,
      terms: this.#terms,
      patienceMs,
      handOverAfterMs,
    });
    if (!opened.ok) return opened;
    this.#hosts.set(kind, opened.value);
    const announced = await opened.value.announce();
    if (announced.ok) return announced;
    this.#hosts.delete(kind);
    await opened.value.close();
    return announced;
  }

  /** Forgets a kind: its actors here are handed over, and what comes for them is no longer for this node. */
  async unregister(kind: string): Promise<void> {
    const host = this.#hosts.get(kind);
    this.#hosts.delete(kind);
    await host?.close();
  }

  /** The actor of that key. @throws VIRTUAL_KIND_UNKNOWN or ARGUMENT_INVALID (the key), as a `SkeinException` */
  get<S, H extends VirtualHandlers<S>>(
    { kind }: VirtualActorDefinition<S, H>,
    key: string,
  ): VirtualHandle<ProtocolOf<H>> {
    return this.#handle(kind, key) as VirtualHandle<ProtocolOf<H>>;
  }

  /** The only one of its kind. @throws as `get` does */
  singleton<S, H extends VirtualHandlers<S>>(
    definition: VirtualActorDefinition<S, H>,
  ): VirtualHandle<ProtocolOf<H>> {
    return this.get(definition, SINGLETON_KEY);
  }

  /** The actor at `skein://<kind>/<key>`. Failures: ADDRESS_INVALID, VIRTUAL_KIND_UNKNOWN. */
  at(address: string): Result<VirtualHandle<VirtualProtocol>> {
    const parsed = parseVirtualAddress(address);
    if (!parsed.ok) return parsed;
    const { kind, key } = parsed.value;
    if (!this.#hosts.has(kind)) return failure('VIRTUAL_KIND_UNKNOWN', { kind });
    return success(this.#handle(kind, key));
  }

  /** Keys that are active on this node, by kind. */
  live(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#hosts].map(([kind, host]) => [kind, host.liveKeys]));
  }

  /** The candidates have changed. */
  reconsider(): void {
    for (const host of this.#hosts.values()) host.reconsider();
  }

  /** Gives up all that live here and that another node may have; what comes for them then goes there. For a node that drains. */
  async yieldAll(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.yieldAll()));
  }

  /** Ends all that live here at once; `halted` has to say why by now. @returns how many those were */
  async halt(error: SkeinError): Promise<number> {
    const counts = await Promise.all([...this.#hosts.values()].map((host) => host.halt(error)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Works off the mailboxes of all that live here, gives their leases back and takes no more. For the end of a node. */
  async handOverAll(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#hosts.values()].map((host) => host.close()));
  }

  async #openedState(): Promise<Result<SharedState>> {
    this.#state ??= this.#options.openState();
    const state = await this.#state;
    if (!state.ok) this.#state = undefined;
    return state;
  }

  #whyNot({ kind, receive }: AnyVirtualDefinition): Result<never> | undefined {
    const { system } = this.#options;
    const reserved = Object.keys(receive).find((type) => type.startsWith('$'));
    if (this.#isClosed) return failure('SYSTEM_STOPPING', { thread: system.thread });
    if (!isKind(kind))
      return invalid('kind', kind, 'letters, digits, "-", "_", from a letter on, 64 at most');
    if (reserved !== undefined)
      return invalid('receive', reserved, 'types that do not begin with $');
    if (this.#hosts.has(kind)) return failure('NAME_TAKEN', { actor: `skein://${kind}` });
    if (this.#hosts.size >= LIMITS.virtualKinds)
      return failure('OVERLOADED', { reason: `${this.#hosts.size} kinds are registered` });
    return undefined;
  }

  #handle(kind: string, key: string): VirtualHandle<VirtualProtocol> {
    const host = this.#hosts.get(kind);
    if (!host) throw new SkeinException(skeinError('VIRTUAL_KIND_UNKNOWN', { kind }));
    if (typeof key !== 'string' || !isKey(kind, key)) {
      const expected =
        '1 to about 240 characters of well-formed text, fewer where they are encoded';
      throw new SkeinException(invalid('key', JSON.stringify(key).slice(0, 100), expected).error);
    }
    const address = formatVirtualAddress({ kind, key });
    const ask = (
      type: string,
      given?: unknown,
      { timeoutMs = LIMITS.askTimeoutMs, trace }: VirtualAskOptions = {},
    ): Promise<AskResult<unknown>> => {
      const halted = this.#options.halted?.();
      if (halted) return Promise.resolve(notDelivered(halted));
      const payload = plainCopy(given);
      const isReserved = type.startsWith('$');
      if (payload.ok && !isReserved)
        return this.#router.ask(host, { key, type, payload: payload.value, timeoutMs, trace });
      const reason = payload.ok ? 'types that begin with $ are reserved' : whyNotPlain(payload);
      const error = skeinError('MESSAGE_INVALID', { actor: address, type, reason });
      return Promise.resolve(notDelivered(error));
    };
    const tell = (type: string, payload?: unknown, options?: VirtualAskOptions): void =>
      void ask(type, payload, options).then((result) => {
        if (result.kind === 'answered') return;
        const { code } = result.error;
        this.#options.log.warn('a message to a virtual actor was lost', {
          actor: address,
          type,
          code,
        });
      });
    return { kind, key, address, ask, tell } as VirtualHandle<VirtualProtocol>;
  }
}

const whyNotPlain = ({ mismatch }: Extract<PlainCopy, { ok: false }>): string =>
  `${mismatch.pointer ?? '/'} is ${mismatch.found}`;

const invalid = (argument: string, found: string, expected: string) =>
  failure('ARGUMENT_INVALID', { argument, found: String(found).slice(0, 100), expected });

const patienceIn = ({ patienceMs, handOverAfterMs }: Partial<ClaimPatience>) => ({
  ...(patienceMs === undefined ? {} : { patienceMs }),
  ...(handOverAfterMs === undefined ? {} : { handOverAfterMs }),
});
