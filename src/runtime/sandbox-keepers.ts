/** The keepers of sandbox hosts, one a thread: how they are started and asked. */
import {
  SANDBOX_KEEPER,
  type SandboxKeeperArgs,
  type SandboxStatus,
  type ThreadOrders,
} from '../actors/index.ts';
import { LIMITS, type Result, type ThreadName } from '../contracts/index.ts';
import type { ActorRef, ActorSystem, AskResult } from '../kernel/index.ts';
import type { Stopped } from '../sandbox/index.ts';

export const keeperSpec = (thread: ThreadName, args: SandboxKeeperArgs) => ({
  name: `sandbox-${thread}`,
  actor: { module: SANDBOX_KEEPER, thread, args },
});

export async function keeperStatus(
  system: ActorSystem,
  keepers: ActorRef,
  thread: string,
): Promise<Result<SandboxStatus>> {
  const ref = keeperRef(system, keepers, thread);
  if (!ref.ok) return ref;
  const answer = await system.ask(ref.value, 'status', undefined, {
    timeoutMs: LIMITS.threadStartMs,
  });
  return answer.kind === 'answered'
    ? (answer.value as Result<SandboxStatus>)
    : { ok: false, error: answer.error };
}

/** Tells a thread which orders stand, and hears what it has stopped. */
export async function keeperHalt(
  system: ActorSystem,
  keepers: ActorRef,
  thread: string,
  orders: ThreadOrders,
): Promise<AskResult<Stopped>> {
  const ref = keeperRef(system, keepers, thread);
  if (!ref.ok) return { kind: 'not-delivered', error: ref.error };
  return (await system.ask(ref.value, 'halt', orders, {
    timeoutMs: LIMITS.threadStartMs,
  })) as AskResult<Stopped>;
}

const keeperRef = (system: ActorSystem, keepers: ActorRef, thread: string): Result<ActorRef> =>
  system.refAt(`${keepers.address.replace(/\/main\//, `/${thread}/`)}/sandbox-${thread}`);
