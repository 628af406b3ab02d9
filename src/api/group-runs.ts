/**
 * Runs that come to a group: each goes to the ready node with the fewest of them. One that was not accepted (the node drains, is full,
 * or closed the connection before the run began) goes to the next; while no node is ready it waits.
 */
import type { RunEvent } from '../actors/index.ts';
import {
  failure,
  LIMITS,
  type Ports,
  type Result,
  type SkeinError,
  type StructuredOutcome,
} from '../contracts/index.ts';
import type { ExecuteRequest, GroupOperator } from '../runtime/index.ts';
import { isOwnOrder } from '../sandbox/index.ts';
import { ControlClient, type RunAnswer } from './control-client.ts';

/** How long a run waits for a node that is ready: longer than a node takes to be replaced. */
const PATIENCE_MS = 30_000;
/** Who was passed over may take the run a little later. */
const AGAIN_MS = 100;

type Attempt =
  | { readonly kind: 'over'; readonly answer: Result<RunAnswer> }
  | { readonly kind: 'not accepted'; readonly why: SkeinError };

export class GroupRuns {
  readonly #group: Pick<GroupOperator, 'nodes' | 'onChange'>;
  readonly #ports: Pick<Ports, 'clock' | 'timers'>;
  readonly #clientOf: (dataDir: string) => Pick<ControlClient, 'run'>;
  readonly #inFlight = new Map<string, number>();
  #waiting = 0;

  constructor(
    group: Pick<GroupOperator, 'nodes' | 'onChange'>,
    ports: Pick<Ports, 'clock' | 'timers'>,
    clientOf: (dataDir: string) => Pick<ControlClient, 'run'> = (dataDir) =>
      new ControlClient(dataDir),
  ) {
    this.#group = group;
    this.#ports = ports;
    this.#clientOf = clientOf;
  }

  /** Runs that wait for a node. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Failures of its own: OVERLOADED when no node took the run in time, PEER_LOST when its node ended after it began. */
  async run(
    request: ExecuteRequest,
    onEvent: (event: RunEvent) => void,
  ): Promise<Result<RunAnswer>> {
    const untilMs = this.#ports.clock.monotonicMs() + PATIENCE_MS;
    let why: SkeinError | undefined;
    for (;;) {
      for (const passedOver = new Set<string>(); ; ) {
        const node = this.#next(passedOver);
        if (!node) break;
        const attempt = await this.#attempt(node, request, onEvent);
        if (attempt.kind === 'over') return attempt.answer;
        passedOver.add(node.name);
        why = attempt.why;
      }
      if (this.#ports.clock.monotonicMs() >= untilMs || this.#waiting >= LIMITS.groupWaitingRuns) {
        const reason = why?.message ?? 'no node of the group is ready';
        return failure('OVERLOADED', { reason });
      }
      await this.#change();
    }
  }

  #next(passedOver: ReadonlySet<string>) {
    const inFlight = ({ name }: { readonly name: string }) => this.#inFlight.get(name) ?? 0;
    const [best] = this.#group
      .nodes()
      .filter(({ state, name }) => state === 'ready' && !passedOver.has(name))
      .sort((a, b) => inFlight(a) - inFlight(b));
    return best;
  }

  async #attempt(
    { name, dataDir }: { readonly name: string; readonly dataDir: string },
    request: ExecuteRequest,
    onEvent: (event: RunEvent) => void,
  ): Promise<Attempt> {
    let isAccepted = false;
    this.#count(name, 1);
    const answer = await this.#clientOf(dataDir).run(request, (event) => {
      isAccepted = true;
      onEvent(event);
    });
    this.#count(name, -1);
    if (isAccepted) return { kind: 'over', answer: answer.ok ? answer : lost(name, answer.error) };
    const why = answer.ok ? refusal(answer.value.outcome) : answer.error;
    const isOver = why === undefined || (!answer.ok && why.code !== 'NODE_UNREACHABLE');
    return isOver ? { kind: 'over', answer } : { kind: 'not accepted', why };
  }

  #count(name: string, by: 1 | -1): void {
    this.#inFlight.set(name, (this.#inFlight.get(name) ?? 0) + by);
  }

  /** Settles when a node changes, at the latest after AGAIN_MS. */
  async #change(): Promise<void> {
    this.#waiting++;
    await new Promise<void>((resolve) => {
      const timer = this.#ports.timers.after(AGAIN_MS, () => finish());
      const forget = this.#group.onChange(() => finish());
      const finish = (): void => {
        timer.cancel();
        forget();
        resolve();
      };
    });
    this.#waiting--;
  }
}

/** Why a node did not begin the run, if it did not. */
function refusal(outcome: StructuredOutcome): SkeinError | undefined {
  if (outcome.ok || outcome.attempts > 0) return undefined;
  const { code } = outcome.error;
  return code === 'NODE_DRAINING' || code === 'OVERLOADED' || isOfOneNode(outcome.error)
    ? outcome.error
    : undefined;
}

/** Halted alone: the others may take it. */
function isOfOneNode({ code, details }: SkeinError): boolean {
  if (code !== 'HALTED') return false;
  const { scope, order } = details as { readonly scope?: unknown; readonly order?: unknown };
  return String(scope).startsWith('node ') || isOwnOrder(String(order));
}

/** A run that began may have had its effects: only its owner can say whether it may begin again. */
const lost = (name: string, error: SkeinError): Result<never> =>
  error.code === 'NODE_UNREACHABLE'
    ? failure('PEER_LOST', { peer: name, reason: 'it ended while the run was active' })
    : { ok: false, error };
