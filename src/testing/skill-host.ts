/**
 * Plays the host process of a sandbox in the test's own realm: the run on the node's side is the real one (grants, limits on calls
 * and logs, effect tape, watchdog), the wall is not there. Answers are delivered one by one, each when the skill has nothing left
 * to do, since a replay relies on that order.
 */
import type { SandboxExit } from '../contracts/index.ts';
import {
  type AnswerFrame,
  checkRules,
  type Ending,
  HostedRun,
  type RunFrame,
  type RunReport,
  type RunRequest,
} from '../sandbox/index.ts';
import type { SkillContext } from '../skill.ts';
import { SkillCalls } from './skill-calls.ts';
import { enterSkillWorld } from './skill-world.ts';
import type { SteppedTime } from './stepped-time.ts';

/** The default export of a skill. */
// biome-ignore lint/suspicious/noExplicitAny: each skill declares its own input
export type SkillHandler = (input: any, ctx: SkillContext) => unknown;

export interface HostedSkill {
  readonly report: RunReport;
  /** What the skill threw, as it threw it. */
  readonly thrown: unknown;
}

const RUN = 1;
/** Turns of the promise queue after which an answer may be delivered, and after which nothing more is expected. */
const QUIET_TURNS = 500;
const SILENT_TURNS = 20_000;

export async function playHost(
  handler: SkillHandler,
  request: RunRequest,
  time: SteppedTime,
): Promise<HostedSkill> {
  return new SkillHost(handler, request, time).run();
}

class SkillHost {
  readonly #handler: SkillHandler;
  readonly #time: SteppedTime;
  readonly #hosted: HostedRun;
  readonly #answers: AnswerFrame[] = [];
  #frame: RunFrame | undefined;
  #nowMs = 0;
  #events = 0;
  #limit: Ending | undefined;
  #isOver = false;
  #thrown: unknown;

  constructor(handler: SkillHandler, request: RunRequest, time: SteppedTime) {
    this.#handler = handler;
    this.#time = time;
    this.#hosted = new HostedRun(RUN, request, {
      clock: time.clock,
      timers: time.timers,
      send: (frame) => {
        if (frame.kind === 'run') this.#frame = frame;
        else this.#answers.push(frame);
        this.#events++;
      },
      endHost: (exit) => this.#end(exit),
    });
  }

  async run(): Promise<HostedSkill> {
    await this.#hosted.start();
    const frame = this.#frame;
    if (!frame) return { report: await this.#hosted.report, thrown: undefined };
    this.#nowMs = frame.startWallMs;
    const refusal = judgeInput(frame);
    if (refusal) this.#done(refusal, false);
    else await this.#inWorld(frame);
    return { report: await this.#hosted.report, thrown: this.#thrown };
  }

  async #inWorld(frame: RunFrame): Promise<void> {
    const calls = new SkillCalls(frame, {
      call: (call, bytes) => this.#receive({ kind: 'call', run: RUN, ...call }, bytes),
      log: (line, bytes) => this.#receive({ kind: 'log', run: RUN, ...line }, bytes),
    });
    const wall = this.#time.timers.after(frame.resources.wallMs, () => {
      this.#limit = { kind: 'limit', limit: 'wall' };
    });
    const leave = enterSkillWorld({ nowMs: () => this.#nowMs, seed: frame.seed });
    try {
      const ending = await this.#drive(frame, calls);
      if (!this.#isOver) this.#done(ending, calls.limitTouched);
    } finally {
      leave();
      wall.cancel();
    }
  }

  async #drive(frame: RunFrame, calls: SkillCalls): Promise<Ending> {
    let ending: Ending | undefined;
    const settle = (made: () => Ending): void => {
      if (calls.isSettled) return;
      ending = made();
      calls.isSettled = true;
      this.#events++;
    };
    void this.#called(frame, calls).then(
      (value) => settle(() => judgeOutput(frame, calls, value)),
      (thrown) => {
        this.#thrown = thrown;
        settle(() => calls.endingOf(thrown));
      },
    );
    for (;;) {
      await this.#drain();
      if (ending || this.#isOver) break;
      const answer = this.#answers.shift();
      if (answer) this.#deliver(answer, calls);
      else if (!(await this.#isSilent())) continue;
      else if (calls.inFlight === 0) return { kind: 'never-settled' };
      else if (this.#limit || !(await this.#time.step())) break;
    }
    return ending ?? this.#limit ?? { kind: 'never-settled' };
  }

  async #called(frame: RunFrame, calls: SkillCalls): Promise<unknown> {
    return this.#handler(structuredClone(frame.input), calls.ctx);
  }

  #deliver(answer: AnswerFrame, calls: SkillCalls): void {
    this.#nowMs = Math.max(this.#nowMs, answer.atMs);
    calls.deliver(answer);
  }

  /** Lets the skill go on with what it has. */
  async #drain(): Promise<void> {
    for (let turn = 0; turn < QUIET_TURNS; turn++) await Promise.resolve();
  }

  /** Nothing comes of it when it goes on for long: it waits for something, or for nothing at all. */
  async #isSilent(): Promise<boolean> {
    const before = this.#events;
    for (let turn = 0; turn < SILENT_TURNS; turn++) {
      await Promise.resolve();
      if (this.#events !== before) return false;
    }
    return true;
  }

  #receive(frame: Parameters<HostedRun['receive']>[0], bytes: number): void {
    this.#events++;
    const violation = this.#hosted.receive(frame, bytes);
    if (violation) this.#end({ kind: 'protocol', reason: violation });
  }

  #done(ending: Ending, limitTouched: boolean): void {
    const usage = { cpuMs: 0, heapBytes: 0, limitTouched };
    this.#hosted.receive({ kind: 'done', run: RUN, ending, ...usage }, 0);
  }

  #end(exit: SandboxExit): void {
    this.#isOver = true;
    this.#hosted.hostEnded(exit);
  }
}

function judgeInput({ rules, input }: RunFrame): Ending | undefined {
  const verdict = checkRules(rules.input, input);
  if (verdict.kind === 'fits') return undefined;
  if (verdict.kind === 'differs') return { ...verdict, kind: 'input-invalid' };
  return { kind: 'refused', reason: `the input schema: ${verdict.reason}` };
}

function judgeOutput(frame: RunFrame, calls: SkillCalls, made: unknown): Ending {
  const output = calls.outputOf(made);
  if ('kind' in output) return output;
  if (Buffer.byteLength(output.json) > frame.resources.outputBytes) {
    return { kind: 'output-too-large', unit: 'bytes' };
  }
  const value = JSON.parse(output.json);
  const verdict = checkRules(frame.rules.output, value);
  if (verdict.kind === 'fits') return { kind: 'value', value };
  if (verdict.kind === 'differs') return { ...verdict, kind: 'output-invalid' };
  return { kind: 'refused', reason: `the output schema: ${verdict.reason}` };
}
