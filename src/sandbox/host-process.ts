/**
 * One host process, seen from the node: one tenant for its life, one run at a time, believed in nothing. Whatever it says
 * is bounded and checked; whatever it does, SIGKILL ends it. Every end has one typed `SandboxExit`, the first that happened.
 */
import {
  type Clock,
  describeSandboxExit,
  failure,
  LIMITS,
  NO_USAGE,
  type ProcessExit,
  type Processes,
  type ProcessHandle,
  type ProcessSpec,
  type Result,
  type SandboxExit,
  success,
  type TenantId,
  type Timers,
} from '../contracts/index.ts';
import { type FrameBudget, frameBudget, IDLE_FRAMES, memoryClassOf } from './budget.ts';
import { encodeFrame, FrameReader } from './frame-codec.ts';
import { type NodeFrame, parseHostFrame, type ReadyFrame } from './host-frames.ts';
import { HostedRun } from './hosted-run.ts';
import type { HaltJudge } from './kill-switch/standing-orders.ts';
import type { RunReport, RunRequest } from './run-request.ts';
import { exitOfDeath } from './violations.ts';

/** Kept of what the process writes to stderr: V8's last words. */
const STDERR_BYTES = 4_096;
/** Read of it before the process is taken to flood. */
const STDERR_BYTES_MAX = 1024 * 1024;

export interface HostProcessOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly spec: ProcessSpec;
  readonly memoryClassMiB: number;
  /** Time from the start to `ready`. */
  readonly startMs: number;
  /** Asked when the process is gone: whether the kernel killed it for its memory. */
  readonly wasOutOfMemory?: () => boolean;
  /** What may not run; default: all may. */
  readonly halted?: HaltJudge;
}

export const NOT_READY_IN_TIME = 'it did not get ready in time';

/** What a lease holder may do with a host. */
export interface LeasedHost {
  readonly pid: number | undefined;
  readonly tenant: TenantId;
  /** False once the process has ended or must end; lease another. */
  readonly isAlive: () => boolean;
  /** Runs a skill. Never throws, never rejects. */
  readonly run: (request: RunRequest) => Promise<RunReport>;
  /** Called once, when the process is gone; at once if it already is. */
  readonly onExit: (exited: (exit: SandboxExit) => void) => void;
  /** Kills the process. A run in it ends with SANDBOX_DIED. */
  readonly dispose: () => void;
}

export class HostProcess {
  /** Settles once: what the host reported about itself, or why it did not start. */
  readonly ready: Promise<Result<ReadyFrame>>;
  /** Settles when the process is gone. */
  readonly gone: Promise<SandboxExit>;
  readonly memoryClassMiB: number;
  readonly #options: HostProcessOptions;
  readonly #handle: ProcessHandle;
  readonly #reader: FrameReader;
  #settleReady: ((ready: Result<ReadyFrame>) => void) | undefined;
  #settleGone: (exit: SandboxExit) => void;
  #exit: SandboxExit | undefined;
  #isGone = false;
  #tenant: TenantId | undefined;
  #current: HostedRun | undefined;
  #runs = 0;
  #budget: FrameBudget = IDLE_FRAMES;
  #frames = 0;
  #stderr = '';
  #stderrBytes = 0;

  constructor(options: HostProcessOptions) {
    const ready = Promise.withResolvers<Result<ReadyFrame>>();
    const gone = Promise.withResolvers<SandboxExit>();
    this.ready = ready.promise;
    this.gone = gone.promise;
    this.#settleReady = ready.resolve;
    this.#settleGone = gone.resolve;
    this.#options = options;
    this.memoryClassMiB = options.memoryClassMiB;
    this.#reader = new FrameReader({
      maxBytes: () => this.#budget.bytes,
      onFrame: (body) => this.#receive(body),
    });
    this.#handle = options.processes.start(options.spec);
    this.#handle.onData((bytes) => this.#read(bytes));
    this.#handle.onStderr((bytes) => this.#readStderr(bytes));
    this.#handle.onExit((exit) => this.#died(exit));
    const deadline = options.timers.after(options.startMs, () =>
      this.#end({ kind: 'start-failed', reason: NOT_READY_IN_TIME }),
    );
    void this.ready.then(deadline.cancel);
  }

  get pid(): number | undefined {
    return this.#handle.pid;
  }

  isAlive(): boolean {
    return this.#exit === undefined;
  }

  /** Gives the process to a tenant, for good. */
  lease(tenant: TenantId): LeasedHost {
    this.#tenant = tenant;
    return {
      pid: this.pid,
      tenant,
      isAlive: () => this.isAlive(),
      run: (request) => this.#run(request),
      onExit: (exited) => void this.gone.then(exited),
      dispose: () => this.kill(),
    };
  }

  kill(): void {
    this.#end({ kind: 'killed', signal: 'SIGKILL' });
  }

  /** Kills the process if the kill switch wants what it runs, or whom it belongs to, stopped. @returns what was stopped */
  halt(judge: HaltJudge): { readonly runs: number; readonly hostCalls: number } | undefined {
    if (this.#exit) return undefined;
    const current = this.#current;
    const tenant = this.#tenant === undefined ? {} : { tenant: this.#tenant };
    const error = judge({ ...tenant, ...(current ? { skill: current.skill } : {}) });
    if (!error) return undefined;
    const stopped = { runs: current ? 1 : 0, hostCalls: current?.halt(error) ?? 0 };
    this.kill();
    return stopped;
  }

  async #run(request: RunRequest): Promise<RunReport> {
    const refusal = this.#refuse(request);
    if (refusal) return unstarted(refusal, request, this.#exit);
    const { clock, timers } = this.#options;
    const run = new HostedRun(++this.#runs, request, {
      clock,
      timers,
      send: (frame) => this.#send(frame),
      endHost: (exit) => this.#end(exit),
    });
    this.#current = run;
    this.#budget = frameBudget(request.resources);
    this.#frames = 0;
    void run.start();
    const report = await run.report;
    this.#current = undefined;
    this.#budget = { ...IDLE_FRAMES, frames: 0 };
    return report;
  }

  #refuse({ tenant, skill, input, resources }: RunRequest): Result<never> | undefined {
    const unavailable = (reason: string) => failure('SANDBOX_UNAVAILABLE', { reason });
    const halted = this.#options.halted?.({ skill: skill.manifest.name, tenant });
    if (halted) return { ok: false, error: halted };
    if (this.#exit)
      return unavailable(`the host process ended: ${describeSandboxExit(this.#exit)}`);
    if (this.#current) return unavailable('the host process runs another call');
    if (tenant !== this.#tenant) return unavailable('the host process belongs to another tenant');
    if (memoryClassOf(resources) > this.memoryClassMiB) {
      return unavailable(`the host process was started for ${this.memoryClassMiB} MiB`);
    }
    if (Buffer.byteLength(skill.source) > LIMITS.skillSourceBytes) {
      const reason = `its source is larger than ${LIMITS.skillSourceBytes} bytes`;
      return failure('SKILL_REFUSED', { skill: skill.manifest.name, reason });
    }
    return refuseInput(skill.manifest.name, input, resources.inputBytes);
  }

  #send(frame: NodeFrame): void {
    if (!this.#exit) this.#handle.write(encodeFrame(JSON.stringify(frame)));
  }

  #read(bytes: Uint8Array): void {
    if (this.#exit) return;
    if (!this.#reader.push(bytes)) this.#protocol('a frame over its size limit');
  }

  #readStderr(bytes: Uint8Array): void {
    this.#stderrBytes += bytes.length;
    if (this.#stderrBytes > STDERR_BYTES_MAX) return this.#protocol('a flood on stderr');
    if (this.#stderr.length >= STDERR_BYTES) return;
    this.#stderr += Buffer.from(bytes).toString('latin1').slice(0, STDERR_BYTES);
  }

  #receive(body: Uint8Array): void {
    if (this.#exit) return;
    if (++this.#frames > this.#budget.frames) return this.#protocol('more frames than allowed');
    const parsed = parseHostFrame(body, this.#budget.data);
    if ('invalid' in parsed) return this.#protocol(parsed.invalid);
    const { frame } = parsed;
    if (this.#settleReady && frame.kind === 'ready') {
      this.#settleReady(success(frame));
      this.#settleReady = undefined;
      this.#budget = { ...IDLE_FRAMES, frames: 0 };
      return;
    }
    const violation = this.#current
      ? this.#current.receive(frame, body.length)
      : 'a frame out of turn';
    if (violation) this.#protocol(violation);
  }

  #protocol(reason: string): void {
    this.#end({ kind: 'protocol', reason });
  }

  /** The one place that decides how this process ended; the first reason stays. */
  #end(exit: SandboxExit): void {
    if (this.#exit) return;
    this.#exit = exit;
    this.#handle.kill();
    this.#current?.hostEnded(exit);
    const reason = describeSandboxExit(exit);
    this.#settleReady?.(failure('SANDBOX_UNAVAILABLE', { reason }));
    this.#settleReady = undefined;
  }

  #died(exit: ProcessExit): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (!this.#exit && this.#options.wasOutOfMemory?.()) this.#end({ kind: 'heap' });
    this.#end(
      this.#settleReady
        ? { kind: 'start-failed', reason: startFailure(exit, this.#stderr) }
        : exitOfDeath(exit, this.#stderr),
    );
    this.#settleGone(this.#exit ?? { kind: 'killed', signal: 'SIGKILL' });
  }
}

const startFailure = ({ exitCode, signal }: ProcessExit, stderr: string): string => {
  const firstLine = stderr.trim().split('\n', 1)[0]?.slice(0, 300);
  return firstLine || `it ended with ${signal ?? `exit code ${exitCode}`}`;
};

function refuseInput(skill: string, input: unknown, limit: number): Result<never> | undefined {
  let bytes: number;
  try {
    bytes = Buffer.byteLength(JSON.stringify(input) ?? 'null');
  } catch {
    return failure('INPUT_INVALID', {
      of: skill,
      found: 'a value that is no JSON',
      expected: 'JSON data',
    });
  }
  return bytes > limit
    ? failure('SKILL_INPUT_TOO_LARGE', { limit, unit: 'bytes', used: bytes })
    : undefined;
}

/** The report of a run that never began. */
const unstarted = (
  result: Result<never>,
  { seed, startWallMs }: RunRequest,
  exit: SandboxExit | undefined,
): RunReport => ({
  result,
  usage: NO_USAGE,
  tape: { seed, startWallMs, effects: [] },
  limitTouched: false,
  ...(exit ? { exit } : {}),
});
