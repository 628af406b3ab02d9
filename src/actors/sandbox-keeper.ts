/** Starts the sandbox of its thread, so that hosts are warm before the first call, and tells which defences are in force. */
import type { Result } from '../contracts/index.ts';
import { type ActorContext, defineActor } from '../kernel/index.ts';
import type { Sandbox, SandboxLevel, SandboxSettings } from '../sandbox/index.ts';
import { sandboxOf } from './skill-actor.ts';

export interface SandboxStatus {
  readonly thread: string;
  readonly level: SandboxLevel;
  readonly living: number;
  readonly warm: number;
}

export const sandboxKeeper = defineActor({
  kind: 'sandbox-keeper',
  initial: async (
    args: { readonly warmHosts: number; readonly sandbox?: SandboxSettings },
    ctx: ActorContext,
  ): Promise<{ started: Result<Sandbox> }> => ({
    started: await sandboxOf(ctx.system, args.warmHosts, args.sandbox),
  }),
  receive: {
    status: ({ started }, _none: void, ctx): Result<SandboxStatus> => {
      if (!started.ok) return started;
      const { level, hostCounts } = started.value;
      return { ok: true, value: { thread: ctx.self.thread, level, ...hostCounts() } };
    },
  },
});
export default sandboxKeeper;
