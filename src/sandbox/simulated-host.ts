/**
 * A sandbox host process for the simulator: it speaks the frames of the real one, but a skill's source is the name of a function
 * of the simulation that runs as host code. Leases, budgets, watchdogs, grants and the tape are the real ones, on the node's side
 * of the pipe; the wall of V8 is not there.
 */
import { DEFAULT_RESOURCES, invariant, type Json } from '../contracts/index.ts';
import { type SimulatedProcess, seededRandom } from '../host/index.ts';
import { encodeFrame, FrameReader } from './frame-codec.ts';
import type { AnswerFrame, CallFrame, Ending, NodeFrame, RunFrame } from './host-frames.ts';

/** What a simulated skill may do. Each host call may be refused: it then rejects, and so does the run unless caught. */
export interface SimulatedSkillContext {
  readonly call: (name: CallFrame['name'], ...args: readonly Json[]) => Promise<Json>;
  /** The same in a replay of the same tape. */
  readonly random: () => number;
  /** Takes processor time, in virtual ms: towards the limits of the call. */
  readonly work: (cpuMs: number) => Promise<void>;
  /** Ends the host as a fault in native code does. */
  readonly abort: () => Promise<never>;
}

export type SimulatedSkill = (input: Json, ctx: SimulatedSkillContext) => Promise<Json>;

const MIB = 1024 * 1024;
const FRAME_BYTES_MAX = 128 * MIB;
const HEAP_BYTES = 2 * MIB;
const START_CPU_MS = 1;

class CallFailed extends Error {
  readonly seq: number;
  constructor(seq: number, message: string) {
    super(message);
    this.seq = seq;
  }
}

/** `skills` by the source of their package. */
export function simulatedHost(
  skills: ReadonlyMap<string, SimulatedSkill>,
): (process: SimulatedProcess) => void {
  return (process) => {
    const send = (frame: object): void => process.write(encodeFrame(JSON.stringify(frame)));
    let answer: ((frame: AnswerFrame) => void) | undefined;
    const reader = new FrameReader({
      maxBytes: () => FRAME_BYTES_MAX,
      onFrame: (body) => {
        const frame = JSON.parse(Buffer.from(body).toString()) as NodeFrame;
        if (frame.kind === 'answer') return answer?.(frame);
        const run = new SimulatedRun(frame, process, send);
        answer = (given) => run.answer(given);
        void run.carryOut(skills.get(frame.source));
      },
    });
    process.onData((bytes) => {
      invariant(reader.push(bytes), 'the node keeps its own bounds');
    });
    send({ kind: 'ready', isolatedVm: '7.0.1', node: 'simulated', missing: [] });
  };
}

class SimulatedRun {
  readonly #frame: RunFrame;
  readonly #process: SimulatedProcess;
  readonly #send: (frame: object) => void;
  readonly #open = new Map<number, (frame: AnswerFrame) => void>();
  #calls = 0;
  #cpuMs = START_CPU_MS;
  #isOver = false;

  constructor(frame: RunFrame, process: SimulatedProcess, send: (frame: object) => void) {
    this.#frame = frame;
    this.#process = process;
    this.#send = send;
  }

  answer(frame: AnswerFrame): void {
    if (frame.run !== this.#frame.run) return;
    this.#open.get(frame.seq)?.(frame);
    this.#open.delete(frame.seq);
  }

  async carryOut(skill: SimulatedSkill | undefined): Promise<void> {
    const { wallMs } = { ...DEFAULT_RESOURCES, ...this.#frame.resources };
    this.#process.ports.timers.after(wallMs, () => this.#end({ kind: 'limit', limit: 'wall' }));
    if (!skill) return this.#end({ kind: 'refused', reason: 'the simulation has no such skill' });
    const [seed = 0] = this.#frame.seed;
    try {
      const value = await skill(this.#frame.input, {
        call: (name, ...args) => this.#call(name, args),
        random: seededRandom(seed).next,
        work: (cpuMs) => this.#work(cpuMs),
        abort: () => this.#abort(),
      });
      this.#end({ kind: 'value', value });
    } catch (thrown) {
      const { name, message } = thrown as Error;
      if (thrown instanceof CallFailed) this.#end({ kind: 'call-failed', seq: thrown.seq });
      else this.#end({ kind: 'threw', name: String(name), message: String(message) });
    }
  }

  #call(name: CallFrame['name'], args: readonly Json[]): Promise<Json> {
    const seq = ++this.#calls;
    const { run } = this.#frame;
    if (!this.#isOver) this.#send({ kind: 'call', run, seq, name, args });
    return new Promise((resolve, reject) => {
      this.#open.set(seq, (frame) => {
        if (frame.ok) resolve(frame.value);
        else reject(new CallFailed(seq, frame.message));
      });
    });
  }

  #work(cpuMs: number): Promise<void> {
    const leftMs = this.#frame.resources.cpuMs - this.#cpuMs;
    this.#cpuMs += cpuMs;
    return new Promise((resolve) => {
      this.#process.ports.timers.after(Math.min(cpuMs, leftMs), () => {
        if (cpuMs <= leftMs) resolve();
        else this.#end({ kind: 'limit', limit: 'cpu' });
      });
    });
  }

  #abort(): Promise<never> {
    this.#isOver = true;
    this.#process.exit({ exitCode: null, signal: 'SIGABRT' });
    return new Promise(() => undefined);
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { run, resources } = this.#frame;
    const cpuMs = Math.min(this.#cpuMs, resources.cpuMs);
    this.#send({
      kind: 'done',
      run,
      cpuMs,
      heapBytes: HEAP_BYTES,
      limitTouched: ending.kind === 'limit',
      ending,
    });
  }
}
