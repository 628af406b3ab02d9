/**
 * The shared state on virtual time, one server for all members, with what JetStream can do to those who rely on it: answers that
 * are lost after the write was done, requests that arrive after their caller gave up, watches that start again, and
 * acknowledged writes that a crash loses, whose revisions are then given to others.
 */
import {
  failure,
  LIMITS,
  type Random,
  type Result,
  type SharedState,
  sharedStateOver,
  success,
} from '../contracts/index.ts';
import type { SimulatedTime } from './simulated-clock.ts';
import type { SimulatedLife } from './simulated-life.ts';
import {
  emptyLane,
  type Member,
  SimulatedStateServer,
  type StateFaults,
} from './simulated-state-server.ts';
import { simulatedWatch } from './simulated-state-watch.ts';
import type { BucketWrite } from './state-bucket.ts';

export type { StateFaults } from './simulated-state-server.ts';

export interface SimulatedState {
  /** The way of one process to the state. */
  readonly join: (member: string, life: SimulatedLife) => SharedState;
  readonly faults: StateFaults;
  /**
   * From now on nothing gets from the member to the server or back; neither learns of it but by waiting.
   * @returns what ends it
   */
  readonly cut: (member: string) => () => void;
  /** The server is away for everybody, and everybody knows at once. */
  readonly setDown: (isDown: boolean) => void;
  /**
   * The server goes down and forgets the last writes that it had acknowledged but not flushed, `lostWrites` at most; when it is
   * back it gives their revisions again. @returns how many were lost
   */
  readonly crash: (lostWrites: number) => number;
  /** All cuts end, the server is back. */
  readonly heal: () => void;
  /** For checkers: every write at the moment it is done, in the order of the state. */
  readonly onWrite: (tell: (write: BucketWrite) => void) => () => void;
  readonly counts: {
    requests: number;
    requestsLost: number;
    answersLost: number;
    cut: number;
    writesLost: number;
  };
}

export function simulatedState(time: SimulatedTime, random: Random): SimulatedState {
  const faults: StateFaults = {
    requestLoss: 0,
    answerLoss: 0,
    delayMs: 0.5,
    jitterMs: 0.5,
    watchLagMs: 0,
    timeoutMs: LIMITS.stateTimeoutMs,
    flushMs: 120_000,
  };
  const server = new SimulatedStateServer(time, random, faults);
  return {
    faults,
    counts: server.counts,
    cut: (member) => server.cut(member),
    setDown: (isDown) => server.setDown(isDown),
    crash: (lostWrites) => server.crash(lostWrites),
    heal: () => server.heal(),
    onWrite: (tell) => server.bucket.onWrite(tell),
    join: (name, life) =>
      connection(server, { name, life, requests: emptyLane(), answers: emptyLane() }),
  };
}

function connection(server: SimulatedStateServer, member: Member): SharedState {
  const { time, faults, bucket } = server;
  const watches = new Set<() => void>();
  let isClosed = false;

  const call = <T>(
    operation: string,
    key: string,
    isWrite: boolean,
    serve: () => Result<T>,
  ): Promise<Result<T>> => {
    const { promise, resolve } = Promise.withResolvers<Result<T>>();
    const settle = (result: Result<T>) => member.life.act(() => resolve(result));
    const failed = (reason: string, mayHaveHappened: boolean): void =>
      settle(failure('STATE_UNAVAILABLE', { operation, key, reason, mayHaveHappened }));
    if (!member.life.isAlive) return promise;
    if (isClosed) {
      failed('it is closed', false);
      return promise;
    }
    if (server.isDown) {
      time.timers.after(faults.delayMs, () => failed('the server is away', false));
      return promise;
    }
    const { timeoutMs } = faults;
    const timer = time.timers.after(timeoutMs, () =>
      failed(`no answer in ${timeoutMs} ms`, isWrite),
    );
    server.toServer(member, (start) => {
      const result = serve();
      server.toMember(member, { start, lane: member.answers }, () => {
        timer.cancel();
        settle(result);
      });
    });
    return promise;
  };

  return sharedStateOver({
    get: (key) => call('get', key, false, () => success(bucket.get(key))),
    write: (wanted) =>
      call(wanted.operation, wanted.key, true, () => {
        const nowMs = time.clock.monotonicMs();
        bucket.flush(nowMs - faults.flushMs);
        return bucket.write(wanted, nowMs);
      }),
    keys: (prefix) => call('keys', prefix, false, () => success(bucket.keys(prefix))),
    watch: (prefix, onChange) => {
      if (isClosed) {
        const reason = 'it is closed';
        const details = { operation: 'watch', key: prefix, reason, mayHaveHappened: false };
        return failure('STATE_UNAVAILABLE', details);
      }
      const stop = simulatedWatch(server, member, prefix, onChange);
      watches.add(stop);
      return success(() => {
        watches.delete(stop);
        stop();
      });
    },
    close: async () => {
      isClosed = true;
      for (const stop of watches) stop();
      watches.clear();
    },
  });
}
