/**
 * One run inside the host process. Guest code runs on the isolate's own thread, entered once at a time; this thread carries
 * strings and watches the limits.
 *
 *     load the module -> start(handler, input) -> [answer -> drain]* -> settled and drained
 *
 * An entry is over when the guest's promise queue is empty, and the outcome is taken only then: code that goes on after its
 * answer is still under the limits. With the queue empty, nothing settled and no call unanswered, nothing can ever happen
 * again: that is `never-settled`. Answers are entered one by one, since what they meet depends on it, and replays rely on it.
 */
import type { Timers } from '../contracts/index.ts';
import { checkRules } from './check-rules.ts';
import { type GuestEntry, loadSkill, type Realm } from './guest-realm.ts';
import type { AnswerFrame, Ending, RunFrame } from './host-frames.ts';
import { watchLimits } from './run-limits.ts';

export interface RunEnd {
  readonly ending: Ending;
  /** The output's JSON, as the guest wrote it; set when the ending is `value`. */
  readonly outputJson?: string;
  readonly cpuMs: number;
  readonly heapBytes: number;
  readonly limitTouched: boolean;
}

export interface GuestRunOptions {
  readonly timers: Timers;
  readonly residentBytes: () => number;
  /** Processor time of the whole process, never less than that of the guest. */
  readonly processCpuMs: () => number;
  readonly onCall: (call: { name: string; argsJson: string; seq: number }) => void;
  readonly onLog: (lineJson: string) => void;
}

interface Settlement {
  readonly kind: string;
  readonly json: string;
  readonly limitTouched: boolean;
}

export class GuestRun {
  /** Settles once. After the ending `limit` guest code may still be running: the process must be killed. */
  readonly end: Promise<RunEnd>;
  readonly #frame: RunFrame;
  readonly #realm: Realm;
  readonly #answers: AnswerFrame[] = [];
  readonly #settlement = Promise.withResolvers<Settlement>();
  readonly #limit = Promise.withResolvers<Ending>();
  readonly #cpuAtStart: bigint;
  readonly #processCpuMs: () => number;
  #cpuNs = 0n;
  #answerCame = Promise.withResolvers<void>();
  #settled = false;

  constructor(frame: RunFrame, realm: Realm, options: GuestRunOptions) {
    this.#frame = frame;
    this.#realm = realm;
    this.#cpuAtStart = realm.isolate.cpuTime;
    const processAtStartMs = options.processCpuMs();
    this.#processCpuMs = () => options.processCpuMs() - processAtStartMs;
    realm.post = (kind, first = '', second = '', third = '') => {
      if (this.#settled) return;
      if (kind === 'call') {
        options.onCall({ name: first, argsJson: second, seq: Number(third) });
      } else if (kind === 'log') {
        options.onLog(first);
      } else {
        this.#settled = true;
        this.#settlement.resolve({ kind, json: first, limitTouched: second === '1' });
      }
    };
    realm.catastrophe = () => this.#hit('heap');
    const watch = watchLimits(
      { ...options, resources: frame.resources, cpuMs: () => this.#cpuMsAtMost() },
      (limit) => this.#hit(limit),
    );
    this.end = this.#run().finally(watch.stop);
  }

  deliver(answer: AnswerFrame): void {
    this.#answers.push(answer);
    this.#answerCame.resolve();
  }

  async #run(): Promise<RunEnd> {
    const early = await Promise.race([this.#drive(), this.#limit.promise]);
    if (early) {
      const limitTouched = early.kind === 'limit';
      return { ending: early, cpuMs: this.#cpuMsAtMost(), heapBytes: 0, limitTouched };
    }
    const { kind, json, limitTouched } = await this.#settlement.promise;
    const heap = await this.#realm.isolate.getHeapStatistics();
    return {
      ...judgeSettlement(this.#frame, kind, json),
      cpuMs: this.#cpuMsAtMost(),
      heapBytes: heap.total_heap_size + heap.externally_allocated_size,
      limitTouched,
    };
  }

  /** Runs the guest until it has settled and is quiet. @returns an ending that the guest did not post itself */
  async #drive(): Promise<Ending | undefined> {
    const refusal = judgeInput(this.#frame) ?? (await loadSkill(this.#frame, this.#realm));
    if (this.#realm.isolate.isDisposed) this.#hit('heap');
    if (refusal) return refusal;
    const { namespace } = this.#realm.loaders[this.#frame.entry];
    const handler = await namespace.get('handler', { reference: true });
    await this.#enter('start', handler.derefInto(), JSON.stringify(this.#frame.input));
    while (!this.#settled) {
      const status = await this.#enter('status');
      if (status === 'settled') break;
      if (status === '0') return { kind: 'never-settled' };
      await this.#enter('deliver', JSON.stringify(await this.#nextAnswer()));
    }
    return undefined;
  }

  /** One entry. What the guest leaves unhandled rejects here and means nothing; a lost isolate does. */
  async #enter(entry: GuestEntry, ...args: unknown[]): Promise<unknown> {
    try {
      return await this.#realm.guest[entry].apply(undefined, args as never[]);
    } catch {
      if (this.#realm.isolate.isDisposed) this.#hit('heap');
      return undefined;
    }
  }

  async #nextAnswer(): Promise<AnswerFrame> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer) return answer;
      await this.#answerCame.promise;
      this.#answerCame = Promise.withResolvers();
    }
  }

  #hit(limit: 'cpu' | 'wall' | 'heap'): void {
    this.#settled = true;
    this.#limit.resolve({ kind: 'limit', limit });
  }

  /**
   * While an entry is on, isolated-vm counts elapsed time for it, also when a busy machine gives the thread no turn. The
   * process's own processor time bounds what the guest can have used of it.
   */
  #cpuMsAtMost(): number {
    return Math.min(this.#cpuMs(), this.#processCpuMs());
  }

  /** The last figure stands once V8 has given the isolate up. */
  #cpuMs(): number {
    const { isolate } = this.#realm;
    if (!isolate.isDisposed) this.#cpuNs = isolate.cpuTime - this.#cpuAtStart;
    return Number(this.#cpuNs) / 1e6;
  }
}

function judgeInput({ rules, input }: RunFrame): Ending | undefined {
  const verdict = checkRules(rules.input, input);
  if (verdict.kind === 'fits') return undefined;
  if (verdict.kind === 'differs') return { ...verdict, kind: 'input-invalid' };
  return { kind: 'refused', reason: `the input schema: ${verdict.reason}` };
}

function judgeSettlement(
  { resources, rules }: RunFrame,
  kind: string,
  json: string,
): Pick<RunEnd, 'ending' | 'outputJson'> {
  if (kind !== 'value') return { ending: failureEnding(JSON.parse(json)) };
  if (Buffer.byteLength(json) > resources.outputBytes) {
    return { ending: { kind: 'output-too-large', unit: 'bytes' } };
  }
  const value = JSON.parse(json);
  const verdict = checkRules(rules.output, value);
  if (verdict.kind === 'fits') return { ending: { kind: 'value', value }, outputJson: json };
  if (verdict.kind === 'differs') return { ending: { ...verdict, kind: 'output-invalid' } };
  return { ending: { kind: 'refused', reason: `the output schema: ${verdict.reason}` } };
}

/** The guest's own account of its failure, with the fields of its kind and no other. */
function failureEnding(said: Record<string, unknown>): Ending {
  if (said.kind === 'out-of-memory') return { kind: 'limit', limit: 'heap' };
  const { seq, code, capability, reason, unit } = said;
  const { pointer, found, expected, name, message, stack } = said;
  const fieldsOf: Record<string, object> = {
    'call-failed': { seq },
    'call-refused': { code, capability, reason },
    refused: { reason },
    'output-too-large': { unit },
    'output-invalid': { pointer, found, expected },
    threw: { name, message, stack },
  };
  return { kind: said.kind, ...fieldsOf[String(said.kind)] } as Ending;
}
