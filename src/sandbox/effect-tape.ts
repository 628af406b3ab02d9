/**
 * The effect tape: every host call of a run with its answer, in the order the answers were delivered, beside the seed and
 * the clock's start. Given the same input and tape, a run sees the same world and gives the same bytes: the guest is one
 * thread that moves only when it is entered, so the order of answers fixes everything else.
 */
import type { Json, SkeinError } from '../contracts/index.ts';
import { canonicalJson } from './canonical-json.ts';
import { printable } from './printable.ts';

export type EffectAnswer =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: SkeinError };

export interface TapedEffect {
  /** From 1, in the order the skill called. */
  readonly seq: number;
  readonly name: string;
  readonly args: readonly Json[];
  /** Absent when the run ended before the answer came; it never comes in a replay either. */
  readonly answer?: EffectAnswer;
  /** The guest's clock once the answer was delivered. */
  readonly atMs?: number;
}

export interface EffectTape {
  readonly seed: string;
  readonly startWallMs: number;
  readonly effects: readonly TapedEffect[];
}

export interface HostCall {
  readonly seq: number;
  readonly name: string;
  readonly args: readonly Json[];
}

export class TapeRecorder {
  readonly #answered: TapedEffect[] = [];
  readonly #open = new Map<number, HostCall>();

  called(call: HostCall): void {
    this.#open.set(call.seq, call);
  }

  answered(seq: number, answer: EffectAnswer, atMs: number): void {
    const call = this.#open.get(seq);
    if (!call) return;
    this.#open.delete(seq);
    this.#answered.push({ seq, name: call.name, args: call.args, answer, atMs });
  }

  errorOf(seq: number): SkeinError | undefined {
    const answer = this.#answered.find((effect) => effect.seq === seq)?.answer;
    return answer && !answer.ok ? answer.error : undefined;
  }

  tape(seed: string, startWallMs: number): EffectTape {
    const open = [...this.#open.values()].map(({ seq, name, args }) => ({ seq, name, args }));
    return { seed, startWallMs, effects: [...this.#answered, ...open] };
  }
}

export interface Divergence {
  readonly at: number;
  readonly found: string;
  readonly expected: string;
}

export interface DueAnswer {
  readonly seq: number;
  readonly answer: EffectAnswer;
  readonly atMs: number;
}

/** Answers a run's calls from a tape, and notices the first call that differs. */
export class TapePlayer {
  readonly #effects: ReadonlyMap<number, TapedEffect>;
  readonly #answers: readonly TapedEffect[];
  readonly #called = new Set<number>();
  #next = 0;

  constructor(tape: EffectTape) {
    this.#effects = new Map(tape.effects.map((effect) => [effect.seq, effect]));
    this.#answers = tape.effects.filter((effect) => effect.answer !== undefined);
  }

  /** @returns the answers that are due now, in the tape's order, or where the run left the tape */
  call(call: HostCall): readonly DueAnswer[] | Divergence {
    const taped = this.#effects.get(call.seq);
    if (!taped || textOf(taped) !== textOf(call)) {
      const expected = taped ? shown(taped) : 'no further call';
      return { at: call.seq, found: shown(call), expected };
    }
    this.#called.add(call.seq);
    return this.#due();
  }

  /** @returns the first taped call that the run, now settled, never made */
  missing(): Divergence | undefined {
    for (const effect of this.#effects.values()) {
      if (this.#called.has(effect.seq)) continue;
      return { at: effect.seq, found: 'the end of the run', expected: shown(effect) };
    }
    return undefined;
  }

  #due(): DueAnswer[] {
    const due: DueAnswer[] = [];
    for (;;) {
      const next = this.#answers[this.#next];
      if (!next?.answer || !this.#called.has(next.seq)) return due;
      this.#next++;
      due.push({ seq: next.seq, answer: next.answer, atMs: next.atMs ?? 0 });
    }
  }
}

type Called = Pick<HostCall, 'name' | 'args'>;

const textOf = ({ name, args }: Called): string => `${name} ${canonicalJson(args)}`;

/** Of arguments that a skill chose, what a person can read. */
const shown = (call: Called): string => printable(textOf(call), 300);
