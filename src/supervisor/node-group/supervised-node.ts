/**
 * A node of a group over all its lives: a process that is started again when it ends unasked, as often as the strategy lets it.
 *
 *     starting -> joining -> ready <-> draining -> drained
 *         any of these -> waiting (ended unasked) -> starting | failed
 *         any of these -> stopping -> stopped (asked to)
 */
import {
  failure,
  type Log,
  type Ports,
  type ProcessExit,
  type Processes,
  type ProcessSpec,
  type Result,
  type SkeinError,
  skeinError,
  success,
  type TimerHandle,
} from '../../contracts/index.ts';
import type { Strategy } from '../strategy.ts';
import type { DrainReport, FromNode, NodeFacts } from './group-lines.ts';
import { describeProcessExit, fateOf } from './node-fate.ts';
import { NodeProcess } from './node-process.ts';
import type { NodeSettings } from './node-settings.ts';

export type NodeState =
  | 'starting'
  | 'joining'
  | 'ready'
  | 'draining'
  | 'drained'
  | 'waiting'
  | 'stopping'
  | 'stopped'
  | 'failed';

/** What a group says of one of its nodes. */
export interface GroupNode {
  readonly name: string;
  readonly group: string;
  readonly state: NodeState;
  readonly dataDir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Node ID, once the first life has said it; it stays over the lives. */
  readonly node: string | null;
  readonly pid: number | null;
  readonly uptimeMs: number;
  /** Starts that nobody asked for. */
  readonly restarts: number;
  readonly facts: NodeFacts | null;
  /** Why it is not running. */
  readonly error: SkeinError | null;
}

export type NodeChange =
  | { readonly kind: 'phase'; readonly phase: string; readonly phaseMs: number }
  | { readonly kind: 'state'; readonly state: NodeState; readonly detail?: string };

export interface SupervisedNodeParts extends Ports {
  readonly processes: Processes;
  readonly launch: (settings: NodeSettings) => ProcessSpec;
  readonly strategy: Strategy;
  readonly log: Log;
  /** From the start of a process until it has to be ready. */
  readonly startMs: number;
  readonly stopMs: number;
  readonly onChange: (change: NodeChange) => void;
  readonly onFacts: () => void;
  readonly onStderr: (text: string) => void;
}

/** Over the deadline of the drain itself, for the answer. */
const DRAIN_ANSWER_MS = 2_000;
const RUNNING: readonly NodeState[] = ['joining', 'ready', 'draining', 'drained'];

export class SupervisedNode {
  readonly #parts: SupervisedNodeParts;
  #settings: NodeSettings;
  #state: NodeState = 'stopped';
  #process: NodeProcess | undefined;
  #node: string | undefined;
  #facts: NodeFacts | undefined;
  #error: SkeinError | undefined;
  #bornMs = 0;
  #wasReady = false;
  #restarts = 0;
  #recentMs: readonly number[] = [];
  #timer: TimerHandle | undefined;
  #draining: ((result: Result<DrainReport>) => void) | undefined;

  constructor(settings: NodeSettings, parts: SupervisedNodeParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  get state(): NodeState {
    return this.#state;
  }

  get settings(): NodeSettings {
    return this.#settings;
  }

  get facts(): NodeFacts | undefined {
    return this.#facts;
  }

  /** Its ID while its process is in the cluster. */
  get member(): string | undefined {
    return RUNNING.includes(this.#state) ? this.#node : undefined;
  }

  get error(): SkeinError | undefined {
    return this.#error;
  }

  describe(): GroupNode {
    const { name, group, dataDir, labels } = this.#settings;
    const isAlive = this.#process !== undefined;
    return {
      name,
      group,
      state: this.#state,
      dataDir,
      labels,
      node: this.#node ?? null,
      pid: this.#process?.pid ?? null,
      uptimeMs: isAlive ? this.#parts.clock.monotonicMs() - this.#bornMs : 0,
      restarts: this.#restarts,
      facts: this.#facts ?? null,
      error: this.#error ?? null,
    };
  }

  /** Begins a life, and with it a new count of restarts. */
  begin(settings = this.#settings): void {
    this.#settings = settings;
    this.#recentMs = [];
    this.#launch();
  }

  /** It knows the others of its group. */
  joined(): void {
    if (this.#state !== 'joining' || !this.#facts) return;
    this.#wasReady = true;
    this.#timer?.cancel();
    this.#set(this.#facts.work);
  }

  /** Failures: DRAIN_TIMEOUT as the node gives it, NODE_UNREACHABLE when it ends or does not answer. */
  drain(timeoutMs: number): Promise<Result<DrainReport>> {
    const { promise, resolve } = Promise.withResolvers<Result<DrainReport>>();
    if (!this.#process?.say({ kind: 'drain', timeoutMs })) {
      resolve(this.#unreachable(`it is ${this.#state}`));
      return promise;
    }
    const deadline = this.#parts.timers.after(timeoutMs + DRAIN_ANSWER_MS, () =>
      this.#draining?.(this.#unreachable('it did not answer')),
    );
    this.#draining?.(this.#unreachable('it was asked again'));
    this.#draining = (result) => {
      this.#draining = undefined;
      deadline.cancel();
      resolve(result);
    };
    return promise;
  }

  /** Takes work again after a drain. */
  resume(): void {
    this.#process?.say({ kind: 'resume' });
  }

  /** Ends it for as long as nobody begins it again; settles when its process is gone. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    const process = this.#process;
    if (process) {
      this.#set('stopping');
      await process.stop(this.#parts.stopMs);
    } else if (this.#state !== 'stopped') this.#set('stopped');
  }

  #launch(): void {
    const { processes, launch, clock, timers, startMs, onStderr } = this.#parts;
    this.#facts = undefined;
    this.#error = undefined;
    this.#wasReady = false;
    this.#bornMs = clock.monotonicMs();
    const process: NodeProcess = new NodeProcess({
      handle: processes.start(launch(this.#settings)),
      timers,
      onMessage: (message) => {
        if (this.#process === process) this.#receive(message);
      },
      onStderr,
    });
    this.#process = process;
    this.#timer = timers.after(startMs, () => {
      this.#error = this.#startFailure(`it was not ready in ${startMs} ms`);
      process.kill();
    });
    this.#set('starting', `process ${process.pid ?? 'none'}`);
    void process.gone.then((exit) => this.#ended(process, exit));
  }

  #receive(message: FromNode): void {
    switch (message.kind) {
      case 'phase':
        return this.#parts.onChange({
          kind: 'phase',
          phase: message.name,
          phaseMs: message.elapsedMs,
        });
      case 'ready':
        this.#node = message.node;
        if (this.#state === 'starting') this.#set('joining');
        return;
      case 'facts': {
        this.#facts = message.facts;
        const { work } = message.facts;
        if (RUNNING.includes(this.#state) && this.#state !== 'joining' && this.#state !== work)
          this.#set(work);
        return this.#parts.onFacts();
      }
      case 'drained':
        return this.#draining?.(success(message.report));
      case 'not-drained':
        return this.#draining?.({ ok: false, error: message.error });
      case 'failed':
        return;
    }
  }

  #ended(process: NodeProcess, exit: ProcessExit): void {
    if (this.#process !== process) return;
    this.#process = undefined;
    this.#timer?.cancel();
    this.#draining?.(this.#unreachable('it ended'));
    if (this.#state === 'stopping') return this.#set('stopped');
    const how = describeProcessExit(exit);
    this.#error ??= process.error ?? this.#startFailure(reasonOf(how, process.lastWords));
    const { strategy, clock, timers, random, log } = this.#parts;
    const { name } = this.#settings;
    const { error } = process;
    const ended = { exit, error, wasReady: this.#wasReady, recentMs: this.#recentMs };
    const fate = fateOf({ ...ended, nowMs: clock.monotonicMs() }, strategy, random);
    if (fate.kind === 'failed') {
      if (fate.why === 'too many restarts')
        this.#error = skeinError('RESTART_INTENSITY_EXCEEDED', {
          supervisor: 'the group supervisor',
          ...strategy.intensity,
          reason: `node ${name}: ${how}`,
        });
      log.error('a node ended and stays down', { name, how, why: fate.why });
      return this.#set('failed', `${how}; ${fate.why}`);
    }
    this.#recentMs = fate.recentMs;
    const delayMs = Math.round(fate.delayMs);
    log.warn('a node ended and is started again', { name, how, delayMs });
    this.#set('waiting', `${how}; starts again in ${delayMs} ms`);
    this.#timer = timers.after(fate.delayMs, () => {
      this.#restarts++;
      this.#launch();
    });
  }

  #set(state: NodeState, detail?: string): void {
    this.#state = state;
    this.#parts.onChange({ kind: 'state', state, ...(detail === undefined ? {} : { detail }) });
  }

  #startFailure(reason: string): SkeinError {
    return skeinError('NODE_START_FAILED', { node: this.#settings.name, reason });
  }

  #unreachable(reason: string) {
    return failure('NODE_UNREACHABLE', { endpoint: this.#settings.name, reason });
  }
}

const reasonOf = (how: string, lastWords: string): string =>
  lastWords === '' ? how : `${how}: ${lastWords}`;
