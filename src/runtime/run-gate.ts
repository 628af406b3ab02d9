/** Which runs a node takes: counted, bounded, and while it is drained none, until what is active has ended. */
import {
  type Clock,
  failure,
  LIMITS,
  type NodeId,
  type Result,
  type SkeinError,
  skeinError,
  success,
  type Timers,
} from '../contracts/index.ts';
import type { DrainReport, NodeFacts } from '../supervisor/index.ts';

/** The share of a node's runs that are taken, 0 to 1. */
export const loadOf = (activeRuns: number): number =>
  Math.round((activeRuns / LIMITS.concurrentRuns) * 100) / 100;

export interface RunGateOptions {
  readonly node: NodeId;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told when the node begins to refuse runs, and when it takes them again. */
  readonly onWork: (work: 'ready' | 'draining') => void;
}

export class RunGate {
  readonly #options: RunGateOptions;
  readonly #handOvers: (() => Promise<void>)[] = [];
  #work: NodeFacts['work'] = 'ready';
  #active = 0;
  #finished = 0;
  #drained: Promise<Result<DrainReport>> | undefined;
  #onIdle: (() => void) | undefined;
  #giveUp: (() => void) | undefined;

  constructor(options: RunGateOptions) {
    this.#options = options;
  }

  get work(): NodeFacts['work'] {
    return this.#work;
  }

  get active(): number {
    return this.#active;
  }

  /** Counts a run in, or says why it is refused: NODE_DRAINING, OVERLOADED. */
  enter(): SkeinError | undefined {
    if (this.#work !== 'ready') return skeinError('NODE_DRAINING', { node: this.#options.node });
    if (this.#active >= LIMITS.concurrentRuns)
      return skeinError('OVERLOADED', { reason: `${this.#active} runs are active` });
    this.#active++;
    return undefined;
  }

  /** Counts a run out. */
  leave(): void {
    this.#active--;
    this.#finished++;
    if (this.#active === 0) this.#onIdle?.();
  }

  /** What has to be given away once no run is active and before the node says that it is drained. */
  onDrain(handOver: () => Promise<void>): void {
    this.#handOvers.push(handOver);
  }

  /**
   * Refuses runs from now on, waits for those that are active, then hands over what the node owns. Asked twice, there is one drain.
   * Failure: DRAIN_TIMEOUT; the node goes on refusing, and may be asked again or told to `resume`.
   */
  drain(timeoutMs: number): Promise<Result<DrainReport>> {
    if (this.#drained) return this.#drained;
    const drained = this.#drain(timeoutMs).then((result) => {
      if (!result.ok && this.#drained === drained) this.#drained = undefined;
      return result;
    });
    this.#drained = drained;
    return drained;
  }

  /** Takes runs again. */
  resume(): void {
    if (this.#work === 'ready') return;
    this.#work = 'ready';
    this.#drained = undefined;
    this.#giveUp?.();
    this.#options.onWork('ready');
  }

  async #drain(timeoutMs: number): Promise<Result<DrainReport>> {
    const { node, clock, timers, onWork } = this.#options;
    const startedMs = clock.monotonicMs();
    const finishedBefore = this.#finished;
    this.#work = 'draining';
    onWork('draining');
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const giveUp = (): void => resolve('late');
    this.#giveUp = giveUp;
    const deadline = timers.after(timeoutMs, giveUp);
    const end = await Promise.race([this.#handOverAll(), late]);
    deadline.cancel();
    // `resume` may have come in the same turn.
    if (end === 'late' || this.#giveUp !== giveUp || this.#work !== 'draining')
      return failure('DRAIN_TIMEOUT', { node, timeoutMs, activeRuns: this.#active });
    this.#work = 'drained';
    const finishedRuns = this.#finished - finishedBefore;
    return success({ elapsedMs: clock.monotonicMs() - startedMs, finishedRuns });
  }

  async #handOverAll(): Promise<'done'> {
    if (this.#active > 0)
      await new Promise<void>((idle) => {
        this.#onIdle = idle;
      });
    await Promise.all(this.#handOvers.map((handOver) => handOver()));
    return 'done';
  }
}
