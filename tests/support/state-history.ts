/**
 * Who asked what of a shared state, when, and what came of it; beside it every write at the moment it was done. `complaints`
 * compares the two: the history is linearizable when each operation fits a moment between its call and its answer.
 */
import type { Json, Result, StateEntry, StateWrite } from '../../src/contracts/index.ts';
import type { SimulatedState, SimulatedTime } from '../../src/host/index.ts';

export interface Done {
  readonly key: string;
  readonly text: string | undefined;
  readonly revision: number;
  readonly atMs: number;
}

interface Call {
  readonly what: 'get' | 'write';
  readonly key: string;
  /** Of a write: its value is unique; undefined for a delete, which is found by its revision alone. */
  readonly value: Json | undefined;
  readonly expected: number | 'absent-or-deleted' | 'any';
  readonly fromMs: number;
  toMs: number;
  result: Result<StateEntry | StateWrite | undefined> | undefined;
}

export class StateHistory {
  readonly calls: Call[] = [];
  readonly done: Done[] = [];
  readonly #time: SimulatedTime;

  constructor(time: SimulatedTime, state: SimulatedState) {
    this.#time = time;
    state.onWrite((write) => this.done.push({ ...write, atMs: time.clock.monotonicMs() }));
  }

  async record<T extends StateEntry | StateWrite | undefined>(
    call: Pick<Call, 'what' | 'key' | 'value' | 'expected'>,
    answer: Promise<Result<T>>,
  ): Promise<Result<T>> {
    const nowMs = this.#time.clock.monotonicMs();
    const recorded: Call = { ...call, fromMs: nowMs, toMs: nowMs, result: undefined };
    this.calls.push(recorded);
    const result = await answer;
    recorded.toMs = this.#time.clock.monotonicMs();
    recorded.result = result;
    return result;
  }

  complaints(): string[] {
    const wrong = this.calls.filter((call) => !this.#isRight(call));
    const inOrder = this.done.every(({ revision }, at) => revision === at + 1);
    return [
      ...(inOrder ? [] : ['revisions are not 1, 2, 3']),
      ...wrong.map((call) => JSON.stringify(call)),
    ];
  }

  #isRight(call: Call): boolean {
    const { what, result } = call;
    if (result === undefined) return false;
    if (what === 'get') return !result.ok || this.#wasSeen(call, result.value as StateEntry);
    if (result.ok) return this.#wasDone(call, (result.value as StateWrite).revision);
    if (result.error.code === 'JOURNAL_CONFLICT')
      return this.#found(call).length === 0 && this.#couldConflict(call);
    const { mayHaveHappened } = result.error.details as { readonly mayHaveHappened: boolean };
    const found = this.#found(call);
    const isFounded = found.every((write) => this.#isBasedOn(call, write));
    return mayHaveHappened ? found.length <= 1 && isFounded : found.length === 0;
  }

  /** The writes that this call made, told by their unique value. */
  #found({ key, value }: Call): readonly Done[] {
    if (value === undefined) return [];
    return this.done.filter((write) => write.key === key && write.text === JSON.stringify(value));
  }

  #wasDone(call: Call, revision: number): boolean {
    const write = this.done[revision - 1];
    if (!write || write.key !== call.key || write.text !== JSON.stringify(call.value)) return false;
    const isOnce = call.value === undefined || this.#found(call).length === 1;
    return isOnce && isWithin(call, write.atMs) && this.#isBasedOn(call, write);
  }

  /** Was the write over the revision that the call named? */
  #isBasedOn({ expected }: Call, write: Done): boolean {
    const before = this.done.findLast(
      ({ key, revision }) => key === write.key && revision < write.revision,
    );
    if (expected === 'any') return true;
    if (expected === 'absent-or-deleted') return before?.text === undefined;
    return before?.revision === expected;
  }

  /** What the key held at some moment of the call, in order of time. */
  #held(call: Call): readonly (Done | undefined)[] {
    const ofKey = this.done.filter(({ key }) => key === call.key);
    const before = ofKey.findLast(({ atMs }) => atMs < call.fromMs);
    return [before, ...ofKey.filter(({ atMs }) => isWithin(call, atMs))];
  }

  #wasSeen(call: Call, entry: StateEntry | undefined): boolean {
    return this.#held(call).some((held) =>
      entry === undefined
        ? held?.text === undefined
        : held?.revision === entry.revision && held.text === JSON.stringify(entry.value),
    );
  }

  #couldConflict(call: Call): boolean {
    return this.#held(call).some((held) =>
      call.expected === 'absent-or-deleted'
        ? held?.text !== undefined
        : held?.revision !== call.expected,
    );
  }
}

const isWithin = ({ fromMs, toMs }: Call, atMs: number): boolean => atMs >= fromMs && atMs <= toMs;
