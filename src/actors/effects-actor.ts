/**
 * What skills reach on their node beside the network: the workspaces of its runs, its channels, models and virtual actors. One actor on
 * the main thread owns them, so that skills on every thread find the same and bounds hold for the node; and the effects in front of it.
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
import type {
  ActorCall,
  Actors,
  Completion,
  FileRequest,
  Files,
  HaltableCalls,
  HostEffects,
  Models,
  Note,
  Notify,
  WorkspaceOwner,
  Workspaces,
} from '../sandbox/index.ts';

export interface NodeEffects {
  readonly workspaces: Workspaces;
  readonly notify: Notify;
  readonly models: Models;
  readonly actors: Actors;
  /** Holds the kill switch over all of them. */
  readonly calls: HaltableCalls;
}

const SWEEP_MS = LIMITS.workspaceIdleMs / 6;
const ASK_MS = 30_000;
/** Whoever bounds a call itself answers in time to say so. */
const GRACE_MS = 5_000;

export const effectsActor = defineActor({
  kind: 'effects',
  initial: (effects: NodeEffects, ctx: ActorContext) => {
    ctx.after('sweep', SWEEP_MS, 'sweep');
    return effects;
  },
  receive: {
    file: (
      { calls, workspaces },
      { owner, request }: { readonly owner: WorkspaceOwner; readonly request: FileRequest },
      ctx,
    ) => ctx.replyLater(calls.serve(owner, () => workspaces.serve(owner, request))),
    notify: ({ calls, notify }, note: Note, ctx) =>
      ctx.replyLater(calls.serve(note, (signal) => notify.send(note, signal))),
    complete: ({ calls, models }, asked: Completion, ctx) =>
      ctx.replyLater(calls.serve(asked, (signal) => models.complete(asked, signal))),
    askActor: ({ calls, actors }, call: ActorCall, ctx) =>
      ctx.replyLater(calls.serve({ tenant: call.tenant }, () => actors.ask(call))),
    tellActor: ({ calls, actors }, call: ActorCall, ctx) =>
      ctx.replyLater(calls.serve({ tenant: call.tenant }, () => actors.tell(call))),
    /** The kill switch was thrown: what may not be any more is given up. @returns how many calls */
    halt: ({ calls }): number => calls.halt(),
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

/** Channels, models and virtual actors of the node by messages. */
export function remoteServices(
  ref: ActorRef,
  send: Detached,
): Required<Pick<HostEffects, 'notify' | 'models' | 'actors'>> {
  const effects = ref as RefOf<typeof effectsActor>;
  const answered = (answer: AskResult<Result<Json>>): Result<Json> =>
    answer.kind === 'answered' ? answer.value : { ok: false, error: answer.error };
  const within = (timeoutMs: number) => ({ timeoutMs: timeoutMs + GRACE_MS });
  return {
    notify: {
      send: async (note) => answered(await send.ask(effects, 'notify', note, within(ASK_MS))),
    },
    models: {
      complete: async (asked) =>
        answered(await send.ask(effects, 'complete', asked, within(asked.timeoutMs))),
    },
    actors: {
      ask: async (call) =>
        answered(await send.ask(effects, 'askActor', call, within(call.timeoutMs))),
      tell: async (call) => answered(await send.ask(effects, 'tellActor', call, within(ASK_MS))),
    },
  };
}
