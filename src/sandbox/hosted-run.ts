/**
 * One run, as the node sees it: serves the host's calls or plays them from a tape, counts what the run uses, holds the
 * wall-clock watchdog, and settles exactly once. After that nothing is served and nothing is recorded.
 */
import { createHash } from 'node:crypto';
import {
  type Clock,
  failure,
  type Json,
  type Result,
  type SandboxExit,
  type SkeinError,
  skeinError,
  type TimerHandle,
  type Timers,
} from '../contracts/index.ts';
import { LOG_LINE_BYTES, watchdogMs } from './budget.ts';
import { callsWithin } from './call-rate.ts';
import { canonicalJson } from './canonical-json.ts';
import { logLine } from './capabilities/log.ts';
import { type EffectAnswer, type EffectTape, TapePlayer, TapeRecorder } from './effect-tape.ts';
import {
  ANSWER_BYTES_TOTAL,
  ARGUMENT_BOUNDS,
  type CallFrame,
  type DoneFrame,
  type HostFrame,
  type LogFrame,
  type NodeFrame,
} from './host-frames.ts';
import { type GateTerms, guardedCall, guardedStart } from './policy/gate.ts';
import { principalOf } from './policy/policy-request.ts';
import { printable, printableFailure } from './printable.ts';
import type { RunReport, RunRequest } from './run-request.ts';
import { rulesOf } from './run-rules.ts';
import { exitFailure, type RunFacts, resultOf } from './violations.ts';

export interface HostedRunPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly send: (frame: NodeFrame) => void;
  /** Ends the host process. The run is told through `hostEnded`. */
  readonly endHost: (exit: SandboxExit) => void;
}

/** The guest counts characters, each at most three bytes in UTF-8; the node counts bytes, and what a frame adds. */
const UTF8_BYTES_MAX = 3;
const CALL_FRAME_BYTES = 100;
const argumentBytesMax = (calls: number): number =>
  UTF8_BYTES_MAX * ARGUMENT_BOUNDS.totalBytes + calls * CALL_FRAME_BYTES;

const LIMIT_CODES = new Set([
  'SKILL_CPU_EXCEEDED',
  'SKILL_WALL_EXCEEDED',
  'SKILL_HEAP_EXCEEDED',
  'HOST_CALLS_EXCEEDED',
  'LOG_EXCEEDED',
]);

export class HostedRun {
  readonly report: Promise<RunReport>;
  readonly #run: number;
  readonly #request: RunRequest;
  readonly #ports: HostedRunPorts;
  readonly #settle: (report: RunReport) => void;
  readonly #recorder = new TapeRecorder();
  readonly #player: TapePlayer | undefined;
  readonly #abort = new AbortController();
  readonly #startMs: number;
  readonly #startedWallMs: number;
  #latestWallMs: number;
  readonly #watchdog: TimerHandle;
  readonly #facts: RunFacts;
  readonly #gate: GateTerms;
  #hasBegun = false;
  #settled = false;
  #virtualMs: number;
  #calls = 0;
  #answered = 0;
  #argumentBytes = 0;
  #answerBytes = 0;
  #egressBytes = 0;
  #logBytes = 0;

  constructor(run: number, request: RunRequest, ports: HostedRunPorts) {
    const { promise, resolve } = Promise.withResolvers<RunReport>();
    this.report = promise;
    this.#settle = resolve;
    this.#run = run;
    this.#request = request;
    this.#ports = ports;
    this.#player = request.tape ? new TapePlayer(request.tape) : undefined;
    this.#virtualMs = Math.floor(this.#worldStart().startWallMs);
    this.#facts = {
      skill: request.skill.manifest.name,
      resources: request.resources,
      callError: (seq) => this.#recorder.errorOf(seq),
    };
    const { skill, tenant, policy, correlationId } = request;
    const { clock, timers } = ports;
    this.#gate = { policy, principal: principalOf(skill, tenant), correlationId, clock, timers };
    this.#startMs = ports.clock.monotonicMs();
    this.#startedWallMs = ports.clock.wallMs();
    this.#latestWallMs = this.#startedWallMs;
    this.#watchdog = ports.timers.after(watchdogMs(request.resources), () =>
      ports.endHost({ kind: 'wall' }),
    );
  }

  /** Begins it, unless the policy denies the run as a whole: then the report says so and nothing is sent. */
  async start(): Promise<void> {
    const { skill, input, resources, grants, entry = { kind: 'skill' } } = this.#request;
    const permitted = await guardedStart('run', this.#gate);
    if (!permitted.ok)
      return this.#finish(permitted, { cpuMs: 0, heapBytes: 0, limitTouched: false });
    const log = grants.log === true && (await guardedStart('log', this.#gate)).ok;
    if (this.#settled) return;
    const { seed } = this.#worldStart();
    this.#hasBegun = true;
    this.#ports.send({
      kind: 'run',
      run: this.#run,
      source: skill.source,
      input,
      entry: entry.kind,
      rules: rulesOf(skill.manifest, entry),
      resources,
      argumentCap: ARGUMENT_BOUNDS,
      log,
      seed: seedWords(seed),
      startWallMs: this.#virtualMs,
    });
  }

  /** @returns why the host must be ended, when it says what no honest host says */
  receive(frame: HostFrame, frameBytes: number): string | undefined {
    if (frame.kind === 'ready') return 'a second ready';
    if (frame.run !== this.#run) return 'a frame of another run';
    if (!this.#hasBegun) return 'a frame before the first';
    if (this.#settled) return 'a frame after the last';
    switch (frame.kind) {
      case 'call':
        return this.#receiveCall(frame, frameBytes);
      case 'log':
        return this.#receiveLog(frame);
      case 'done':
        this.#receiveDone(frame);
        return undefined;
    }
  }

  get skill(): string {
    return this.#facts.skill;
  }

  /** Ends the run as the kill switch wants it; host calls in flight are given up. @returns how many there were */
  halt(error: SkeinError): number {
    const inFlight = this.#settled ? 0 : this.#calls - this.#answered;
    const none = { cpuMs: 0, heapBytes: 0, limitTouched: false };
    this.#finish({ ok: false, error }, none);
    return inFlight;
  }

  hostEnded(exit: SandboxExit): void {
    this.#finish(exitFailure(exit, this.#facts), {
      exit,
      cpuMs: 0,
      heapBytes: 0,
      limitTouched: false,
    });
  }

  #worldStart(): Pick<EffectTape, 'seed' | 'startWallMs'> {
    return this.#request.tape ?? this.#request;
  }

  #receiveCall(frame: CallFrame, frameBytes: number): string | undefined {
    const { hostCalls, hostCallsInFlight, hostCallsPerSecond } = this.#request.resources;
    this.#calls++;
    if (frame.seq !== this.#calls) return 'a call out of order';
    if (this.#calls > hostCalls) return 'more calls than the contract allows';
    if (this.#calls > callsWithin(hostCallsPerSecond, this.#elapsedWallMs()))
      return 'more calls a second than allowed';
    this.#argumentBytes += frameBytes;
    if (this.#argumentBytes > argumentBytesMax(hostCalls)) return 'more arguments than allowed';
    if (this.#calls - this.#answered > hostCallsInFlight) return 'more calls at once than allowed';
    this.#recorder.called(frame);
    if (this.#player) this.#replay(this.#player, frame);
    else void this.#serve(frame);
    return undefined;
  }

  /** By the clock that answers bear; it never goes back. A replay has no time of its own: its calls are those of the tape. */
  #elapsedWallMs(): number {
    if (this.#player) return Number.POSITIVE_INFINITY;
    this.#latestWallMs = Math.max(this.#latestWallMs, this.#ports.clock.wallMs());
    return this.#latestWallMs - this.#startedWallMs;
  }

  async #serve({ seq, name, args }: CallFrame): Promise<void> {
    const { skill, tenant, grants, effects, task } = this.#request;
    const startWallMs = this.#ports.clock.wallMs();
    const call = {
      name,
      args,
      tenant,
      skill: skill.manifest.name,
      ...(task === undefined ? {} : { idempotencyKey: `${task}/${seq}` }),
      signal: this.#abort.signal,
      onEgress: (bytes: number) => {
        this.#egressBytes += bytes;
      },
    };
    const served = await guardedCall(call, grants, effects, this.#gate);
    const result = this.#capped(printableFailure(served));
    const endWallMs = this.#ports.clock.wallMs();
    const detail = detailOf(args, result);
    this.#tell(({ onHostCall }) =>
      onHostCall?.({ name, startWallMs, endWallMs, ok: result.ok, detail }),
    );
    this.#answer(seq, result, Math.floor(endWallMs));
  }

  /** Answers are kept on the tape; past their bound there is one more, which says so. */
  #capped(result: Result<Json>): Result<Json> {
    this.#answerBytes += result.ok ? jsonBytes(result.value) : 0;
    if (this.#answerBytes <= ANSWER_BYTES_TOTAL) return result;
    return failure('HOST_CALLS_EXCEEDED', { limit: ANSWER_BYTES_TOTAL, unit: 'bytes of answers' });
  }

  /** Listeners are the node's own, but what they are told comes from a skill: their failure must not become the node's. */
  #tell(listener: (request: RunRequest) => void): void {
    try {
      listener(this.#request);
    } catch {
      // Whoever listens reports its own failures.
    }
  }

  #replay(player: TapePlayer, call: CallFrame): void {
    const due = player.call(call);
    if ('found' in due) return this.#diverged(due);
    for (const { seq, answer, atMs } of due) this.#answer(seq, answer, atMs);
  }

  #diverged(at: { at: number; found: string; expected: string }): void {
    const error = skeinError('TAPE_DIVERGED', { skill: this.#facts.skill, ...at });
    const exit = { kind: 'killed', signal: 'SIGKILL' } as const;
    this.#finish({ ok: false, error }, { exit, cpuMs: 0, heapBytes: 0, limitTouched: false });
    this.#ports.endHost(exit);
  }

  #answer(seq: number, answer: EffectAnswer, atMs: number): void {
    if (this.#settled) return;
    this.#answered++;
    this.#virtualMs = Math.max(this.#virtualMs, atMs);
    this.#recorder.answered(seq, answer, this.#virtualMs);
    const head = { kind: 'answer', run: this.#run, seq, atMs: this.#virtualMs } as const;
    if (answer.ok) return this.#ports.send({ ...head, ok: true, value: answer.value });
    const { code, message, retryable } = answer.error;
    this.#ports.send({ ...head, ok: false, code, message, retryable });
  }

  #receiveLog(frame: LogFrame): string | undefined {
    const { tenant, skill, correlationId, attempt, resources } = this.#request;
    this.#logBytes += Buffer.byteLength(frame.message) + jsonBytes(frame.fields) + LOG_LINE_BYTES;
    if (this.#logBytes > UTF8_BYTES_MAX * resources.logBytes)
      return 'more log than the contract allows';
    if (this.#player) return undefined;
    const origin = { tenant, skill: skill.manifest.name, correlationId, attempt };
    this.#tell(({ effects }) => effects.log?.(logLine(frame, origin)));
    return undefined;
  }

  #receiveDone({ ending, cpuMs, heapBytes, limitTouched }: DoneFrame): void {
    const result = resultOf(ending, this.#facts);
    const missing = ending.kind === 'limit' ? undefined : this.#player?.missing();
    if (missing) return this.#diverged(missing);
    const exit = ending.kind === 'limit' ? { exit: { kind: ending.limit } } : {};
    this.#finish(result, { ...exit, cpuMs, heapBytes, limitTouched });
    if (ending.kind === 'limit') this.#ports.endHost({ kind: ending.limit });
  }

  #finish(
    result: Result<Json>,
    host: { exit?: SandboxExit; cpuMs: number; heapBytes: number; limitTouched: boolean },
  ): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#watchdog.cancel();
    this.#abort.abort();
    const { seed, startWallMs } = this.#worldStart();
    // As many bytes as the output's JSON: only the order of keys differs.
    const canonical = result.ok ? canonicalJson(result.value) : undefined;
    this.#settle({
      result,
      ...(canonical === undefined ? {} : { outputHash: sha256(canonical).toString('hex') }),
      limitTouched: host.limitTouched || (!result.ok && LIMIT_CODES.has(result.error.code)),
      ...(host.exit ? { exit: host.exit } : {}),
      tape: this.#recorder.tape(seed, Math.floor(startWallMs)),
      usage: {
        wallMs: this.#ports.clock.monotonicMs() - this.#startMs,
        cpuMs:
          host.exit?.kind === 'cpu'
            ? Math.max(host.cpuMs, this.#request.resources.cpuMs)
            : host.cpuMs,
        heapPeakBytes: host.heapBytes,
        hostCalls: this.#calls,
        egressBytes: this.#egressBytes,
        outputBytes: Buffer.byteLength(canonical ?? ''),
        logBytes: this.#logBytes,
      },
    });
  }
}

const jsonBytes = (value: Json | undefined): number =>
  value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

const seedWords = (seed: string): number[] => {
  const digest = sha256(seed);
  return [0, 4, 8, 12].map((at) => digest.readUInt32BE(at));
};

function detailOf([subject]: readonly Json[], result: Result<Json>): string {
  const about =
    typeof subject === 'object' && subject !== null && 'url' in subject ? subject.url : subject;
  const asked = typeof about === 'string' ? printable(about, 200) : '';
  return `${asked} ${result.ok ? '' : result.error.code}`.trim();
}
