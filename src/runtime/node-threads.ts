/** The worker threads of a node: when all are there, and what their supervisor says of them. */
import {
  describeExit,
  failure,
  type Result,
  success,
  type ThreadName,
} from '../contracts/index.ts';
import type { ActorRef, ActorSystem, SystemCounts } from '../kernel/index.ts';
import type { SupervisorReport, ThreadGroup } from '../supervisor/index.ts';

/** Settles once every thread is linked. Failure: THREAD_START_FAILED, when the system ends before. */
export async function threadsLinked(
  system: ActorSystem,
  names: readonly ThreadName[],
): Promise<Result<void>> {
  const linked = Promise.all(
    names.map((name) => new Promise<void>((done) => system.remote.whenConnected(name, done))),
  ).then(() => undefined);
  const end = await Promise.race([linked, system.terminated]);
  if (!end) return success(undefined);
  return failure('THREAD_START_FAILED', {
    thread: names.join(', '),
    reason: describeExit(end.reason),
  });
}

/** Of the main thread and all others. */
export const threadCounts = async (
  system: ActorSystem,
  group: ThreadGroup,
): Promise<Map<string, SystemCounts>> =>
  new Map([
    ['main', system.counts()],
    ...[...(await group.reports())].map(([name, { counts }]) => [name, counts] as const),
  ]);

/** Null: the supervisor answers no more. */
export async function reportOf(
  system: ActorSystem,
  ref: ActorRef,
): Promise<SupervisorReport | null> {
  const answer = await system.ask(ref, 'report', undefined);
  return answer.kind === 'answered' ? (answer.value as SupervisorReport) : null;
}
