/** The keepers of sandbox hosts, one a thread: how they are started and asked. */
import { SANDBOX_KEEPER, type SandboxStatus } from '../actors/index.ts';
import { LIMITS, type Result, type ThreadName } from '../contracts/index.ts';
import type { ActorRef, ActorSystem } from '../kernel/index.ts';
import type { SandboxSettings } from '../sandbox/index.ts';

export const keeperSpec = (
  thread: ThreadName,
  args: { readonly warmHosts: number; readonly sandbox?: SandboxSettings },
) => ({
  name: `sandbox-${thread}`,
  actor: { module: SANDBOX_KEEPER, thread, args },
});

export async function keeperStatus(
  system: ActorSystem,
  keepers: ActorRef,
  thread: string,
): Promise<Result<SandboxStatus>> {
  const path = `${keepers.address.replace(/\/main\//, `/${thread}/`)}/sandbox-${thread}`;
  const ref = system.refAt(path);
  if (!ref.ok) return ref;
  const answer = await system.ask(ref.value, 'status', undefined, {
    timeoutMs: LIMITS.threadStartMs,
  });
  return answer.kind === 'answered'
    ? (answer.value as Result<SandboxStatus>)
    : { ok: false, error: answer.error };
}
