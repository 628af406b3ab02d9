/** The simulated shared state: linearizable under every fault but the loss of writes that were acknowledged. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  Result,
  SharedState,
  StateChange,
  StateEntry,
  StateWrite,
} from '../../../src/contracts/index.ts';
import {
  SimulatedLife,
  type SimulatedState,
  type SimulatedTime,
  seededRandom,
  simulatedState,
  simulatedTime,
} from '../../../src/host/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { StateHistory } from '../../support/state-history.ts';
import { runOn } from '../../support/virtual-run.ts';

const MEMBERS = ['one', 'two', 'three'] as const;
const KEYS = ['a', 'b'] as const;

const member = fc.nat(MEMBERS.length - 1);
const key = fc.constantFrom(...KEYS);
const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constantFrom('get', 'create', 'update', 'update', 'put', 'delete', 'remove'),
        member,
        key,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.constantFrom(0.3, 1, 2, 50, 3_000),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('cut' as const, 'down' as const, 'heal' as const, 'restart' as const),
        member,
      }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);
const share = fc.constantFrom(0, 0.05, 0.3);
const faults = fc.record({
  requestLoss: share,
  answerLoss: share,
  jitterMs: fc.constantFrom(0.5, 5, 3_000),
  watchLagMs: fc.constantFrom(0, 20),
});

interface Seen {
  readonly known: Map<string, unknown>;
  readonly faults: string[];
  isCaughtUp: boolean;
}

/** A watcher that keeps what it is told, and complains when the order of the port is not kept. */
function watcher(state: SharedState): Seen {
  const seen: Seen = { known: new Map(), faults: [], isCaughtUp: false };
  let revision = 0;
  let phase: StateChange['kind'] = 'lost';
  valueIn(
    state.watch('', (change) => {
      if ((phase === 'lost') !== (change.kind === 'begin')) seen.faults.push(change.kind);
      if (change.kind === 'begin') {
        seen.known.clear();
        revision = 0;
      }
      if ('revision' in change) {
        if (change.revision <= revision) seen.faults.push(`${change.revision} after ${revision}`);
        revision = change.revision;
      }
      if (change.kind === 'entry') seen.known.set(change.key, change.value);
      if (change.kind === 'deleted') seen.known.delete(change.key);
      phase = change.kind;
      if (change.kind === 'caught-up') seen.isCaughtUp = true;
      if (change.kind === 'begin' || change.kind === 'lost') seen.isCaughtUp = false;
    }),
  );
  return seen;
}

class Scenario {
  readonly time: SimulatedTime = simulatedTime();
  readonly state: SimulatedState;
  readonly history: StateHistory;
  readonly members: readonly SharedState[];
  readonly #revisions = new Map<string, number>();
  #values = 0;

  constructor(seed: number) {
    this.state = simulatedState(this.time, seededRandom(seed));
    this.history = new StateHistory(this.time, this.state);
    this.members = MEMBERS.map((name) => this.state.join(name, new SimulatedLife()));
  }

  /** Revisions that members learned are used by all: some are old by then, which is the point. */
  ask(kind: string, who: number, name: string): void {
    const shared = this.members[who] as SharedState;
    const { history } = this;
    const value = ++this.#values;
    const revision = this.#revisions.get(name) ?? 1;
    const call = { what: 'write', key: name, value, expected: 'any' } as const;
    const asked = (): Promise<Result<StateEntry | StateWrite | undefined>> => {
      switch (kind) {
        case 'get':
          return history.record({ ...call, what: 'get' }, shared.get(name));
        case 'create':
          return history.record(
            { ...call, expected: 'absent-or-deleted' },
            shared.create(name, value),
          );
        case 'update':
          return history.record(
            { ...call, expected: revision },
            shared.update(name, value, revision),
          );
        case 'put':
          return history.record(call, shared.put(name, value));
        case 'delete':
          return history.record(
            { ...call, value: undefined, expected: revision },
            shared.delete(name, revision),
          );
        default:
          return history.record({ ...call, value: undefined }, shared.delete(name));
      }
    };
    void asked().then((result) => {
      if (result.ok && result.value) this.#revisions.set(name, result.value.revision);
    });
  }

  fault(kind: string, who: number): void {
    if (kind === 'cut') this.state.cut(MEMBERS[who] as string);
    else if (kind === 'heal') this.state.heal();
    else this.state.setDown(true);
    if (kind === 'restart') this.state.setDown(false);
  }

  async calm(): Promise<void> {
    Object.assign(this.state.faults, { requestLoss: 0, answerLoss: 0, jitterMs: 1, watchLagMs: 0 });
    this.state.heal();
    await this.time.advance(20_000);
  }
}

describe('the simulated shared state', () => {
  it('is linearizable while no acknowledged write is lost, and its watchers end up with the truth', async () => {
    const seen = { unknown: 0, unknownDone: 0, conflicts: 0, restarts: 0 };
    await fc.assert(
      fc.asyncProperty(fc.nat(), steps, faults, async (seed, script, troubles) => {
        const scenario = new Scenario(seed);
        const { state, time, history, members } = scenario;
        const watchers = members.map(watcher);
        await time.advance(10);
        Object.assign(state.faults, troubles);
        for (const step of script) {
          if (step.kind === 'wait') await time.advance(step.ms);
          else if ('key' in step) scenario.ask(step.kind, step.member, step.key);
          else scenario.fault(step.kind, step.member);
        }
        await scenario.calm();
        expect(history.complaints()).toEqual([]);
        const truth = await runOn(
          time,
          Promise.all(KEYS.map((name) => state.join('judge', new SimulatedLife()).get(name))),
        );
        const entries = truth.flatMap((result) => valueIn(result) ?? []);
        const expected = entries.map(({ key: name, value }) => [name, value]);
        for (const watched of watchers) {
          expect(watched.faults).toEqual([]);
          expect(watched.isCaughtUp).toBe(true);
          expect([...watched.known].sort()).toEqual(expected);
        }
        for (const { result, what, value } of history.calls) {
          if (!result || result.ok || what === 'get') continue;
          if (result.error.code === 'JOURNAL_CONFLICT') seen.conflicts++;
          else if ((result.error.details as { mayHaveHappened: boolean }).mayHaveHappened) {
            seen.unknown++;
            const text = value === undefined ? undefined : JSON.stringify(value);
            if (text !== undefined && history.done.some((write) => write.text === text))
              seen.unknownDone++;
          }
        }
      }),
      { numRuns: 300, seed: 7 },
    );
    expect(seen.unknown).toBeGreaterThan(100);
    expect(seen.unknownDone).toBeGreaterThan(20);
    expect(seen.unknown - seen.unknownDone).toBeGreaterThan(20);
    expect(seen.conflicts).toBeGreaterThan(100);
  });

  it('loses acknowledged writes in a crash and gives their revisions to others', async () => {
    const { time, state, members } = new Scenario(1);
    const [one, two] = members as [SharedState, SharedState];
    const watched = watcher(two);
    const run = <T>(promise: Promise<T>) => runOn(time, promise);
    const kept = valueIn(await run(one.create('lease', 'kept'))).revision;
    const lost = valueIn(await run(one.update('lease', 'lost', kept))).revision;
    await time.advance(10);
    expect(watched.known.get('lease')).toBe('lost');
    expect(state.crash(1)).toBe(1);
    expect(codeIn(await run(two.get('lease')))).toBe('STATE_UNAVAILABLE');
    state.heal();
    expect(valueIn(await run(two.get('lease')))).toEqual({
      key: 'lease',
      value: 'kept',
      revision: kept,
    });
    expect(valueIn(await run(two.update('lease', 'another', kept))).revision).toBe(lost);
    expect(valueIn(await run(one.update('lease', 'mistaken', lost))).revision).toBe(lost + 1);
    await time.advance(5_000);
    expect([...watched.known]).toEqual([['lease', 'mistaken']]);
    expect(watched.faults).toEqual([]);
  });

  it('keeps in a crash what was flushed', async () => {
    const { time, state, members } = new Scenario(2);
    const [one] = members as [SharedState];
    state.faults.flushMs = 1_000;
    for (const name of ['old', 'older']) valueIn(await runOn(time, one.put(name, 1)));
    await time.advance(2_000);
    valueIn(await runOn(time, one.put('young', 1)));
    expect(state.crash(10)).toBe(1);
    expect(state.counts.writesLost).toBe(1);
    state.heal();
    expect(valueIn(await runOn(time, one.keys('')))).toEqual(['old', 'older']);
  });

  it('does a write whose answer is lost, and says that it does not know', async () => {
    const { time, state, members } = new Scenario(3);
    const [one, two] = members as [SharedState, SharedState];
    state.faults.answerLoss = 1;
    const fromMs = time.clock.monotonicMs();
    expect(await runOn(time, one.create('a', 1))).toMatchObject({
      error: { code: 'STATE_UNAVAILABLE', details: { mayHaveHappened: true } },
    });
    expect(time.clock.monotonicMs() - fromMs).toBeCloseTo(state.faults.timeoutMs, -1);
    state.faults.answerLoss = 0;
    expect(valueIn(await runOn(time, two.get('a')))?.value).toBe(1);
  });

  it('lets a member that is cut off know nothing, and others go on', async () => {
    const { time, state, members } = new Scenario(4);
    const [one, two] = members as [SharedState, SharedState];
    const watched = watcher(one);
    await time.advance(10);
    state.cut('one');
    const lonely = runOn(time, one.put('a', 'lonely'));
    expect(await lonely).toMatchObject({ error: { details: { mayHaveHappened: true } } });
    valueIn(await runOn(time, two.put('a', 'two')));
    await time.advance(10_000);
    expect([watched.isCaughtUp, watched.known.size]).toEqual([false, 0]);
    state.heal();
    await time.advance(5_000);
    expect([...watched.known]).toEqual([['a', 'two']]);
  });

  it('never answers the dead, and answers those that hang when they wake', async () => {
    const time = simulatedTime();
    const state = simulatedState(time, seededRandom(5));
    const life = new SimulatedLife();
    const one = state.join('one', life);
    const answers: string[] = [];
    const changes: string[] = [];
    valueIn(one.watch('', ({ kind }) => changes.push(kind)));
    void one.put('a', 1).then((result) => answers.push(codeIn(result)));
    life.hang();
    await time.advance(10_000);
    expect([answers, changes]).toEqual([[], []]);
    life.wake();
    await time.advance(1_000);
    expect(answers).toEqual(['ok']);
    expect(changes).toContain('caught-up');
    void one.put('b', 1).then((result) => answers.push(codeIn(result)));
    life.die();
    changes.length = 0;
    await time.advance(10_000);
    expect([answers, changes]).toEqual([['ok'], []]);
    const two = state.join('two', new SimulatedLife());
    expect(valueIn(await runOn(time, two.keys('')))).toEqual(['a', 'b']);
  });
});
