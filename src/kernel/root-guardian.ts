/**
 * The parent of all top-level actors. One that fails is stopped; one that escalates brings a failure that nobody could
 * handle, and the system ends with it as its reason.
 */
import { defineActor } from './actor.ts';

export const rootGuardian = defineActor({
  kind: 'root',
  initial: () => ({}),
  receive: {},
  signals: {
    childFailed: (_state, exit, ctx) => {
      if (exit.escalated) return ctx.escalate(exit.reason);
      ctx.system.logExit('a top-level actor failed and is stopped', exit);
      ctx.stop(exit.child);
    },
  },
});
