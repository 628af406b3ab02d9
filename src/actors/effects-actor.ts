/**
 * What skills reach on their node beyond the network: the workspaces of its runs. One actor on the main thread owns it, so that skills
 * on every thread find the same; and the effects in front of it.
 */
import { failure, type Json, LIMITS, type Result } from '../contracts/index.ts';
import {
  type ActorContext,
  type ActorRef,
  type AskResult,
  type Detached,
  defineActor,
  type RefOf,
} from '../kernel/index.ts';
import type { FileRequest, Files, WorkspaceOwner, Workspaces } from '../sandbox/index.ts';

export interface NodeEffects {
  readonly workspaces: Workspaces;
}

const SWEEP_MS = LIMITS.workspaceIdleMs / 6;
const ASK_MS = 30_000;

export const effectsActor = defineActor({
  kind: 'effects',
  initial: (effects: NodeEffects, ctx: ActorContext) => {
    ctx.after('sweep', SWEEP_MS, 'sweep');
    return effects;
  },
  receive: {
    file: (
      { workspaces },
      { owner, request }: { readonly owner: WorkspaceOwner; readonly request: FileRequest },
      ctx,
    ) => ctx.replyLater(workspaces.serve(owner, request)),
    /** A run of this node has ended. */
    runEnded: ({ workspaces }, owner: WorkspaceOwner) => void workspaces.end(owner),
    sweep: ({ workspaces }, _none: void, ctx) => {
      ctx.after('sweep', SWEEP_MS, 'sweep');
      void workspaces.endIdle();
    },
  },
});

/** The workspace of one run by messages; an ask that got no answer is a failure of the file system. */
export function remoteFiles(ref: ActorRef, owner: WorkspaceOwner, send: Detached): Files {
  const effects = ref as RefOf<typeof effectsActor>;
  return {
    serve: async (request) => {
      const answer: AskResult<Result<Json>> = await send.ask(
        effects,
        'file',
        { owner, request },
        { timeoutMs: ASK_MS },
      );
      if (answer.kind === 'answered') return answer.value;
      return failure('FILE_FAILED', {
        path: request.path.slice(0, 200),
        reason: answer.error.message,
      });
    },
  };
}
