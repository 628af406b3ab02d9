/** What a node asks of its worker threads and their supervisor. */
import type { ThreadName } from '../contracts/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import type { SupervisorReport } from '../supervisor/index.ts';

/** Settles with nothing once every thread is linked. */
export async function waitForThreads(
  system: ActorSystem,
  names: readonly ThreadName[],
): Promise<undefined> {
  await Promise.all(
    names.map((name) => new Promise<void>((linked) => system.remote.whenConnected(name, linked))),
  );
  return undefined;
}

/** Null: the supervisor answers no more. */
export async function reportOf(
  system: ActorSystem,
  ref: ActorRef,
): Promise<SupervisorReport | null> {
  const answer = await system.ask(ref, 'report', undefined);
  return answer.kind === 'answered' ? (answer.value as SupervisorReport) : null;
}
