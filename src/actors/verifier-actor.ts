/**
 * Verification by re-execution: a step is run again from its tape on other threads, and the hashes of its canonical output
 * are compared. `quorum` executions out of `replicas`, the first included, must agree.
 */
import { failure, type Json, type Result, success, type Verify } from '../contracts/index.ts';
import { type ActorRef, defineActor, type RefOf } from '../kernel/index.ts';
import type { Execution, Invocation } from './execution.ts';
import type { skillPoolActor } from './skill-pool-actor.ts';

export interface Verification {
  readonly step: string;
  readonly verify: Verify;
  readonly invocation: Invocation;
  readonly execution: Execution;
}

export interface Verdict {
  /** The value that the quorum agreed on, or why there is none. */
  readonly result: Result<Json>;
  readonly executions: readonly { readonly thread: string; readonly outcome: string }[];
  readonly agreeing: number;
}

export const verifierActor = defineActor({
  kind: 'verifier',
  initial: (args: { readonly pool: ActorRef }) => ({
    pool: args.pool as RefOf<typeof skillPoolActor>,
  }),
  receive: {
    verify: (state, verification: Verification, ctx) => {
      const { ask } = ctx.detached();
      const { invocation, execution, verify } = verification;
      const again = { ...invocation, tape: execution.tape, avoidThreads: [execution.thread] };
      const { task = invocation.seed } = invocation;
      const replays = Array.from({ length: verify.replicas - 1 }, (_, at) =>
        ask(
          state.pool,
          'invoke',
          { ...again, task: `${task}/replay-${at + 1}` },
          { timeoutMs: 600_000 },
        ),
      );
      const judged = Promise.all(replays).then((answers) => {
        const executions = answers.flatMap((answer) =>
          answer.kind === 'answered' ? [answer.value] : [],
        );
        return judge(verification, [execution, ...executions]);
      });
      return ctx.replyLater(judged);
    },
  },
});

/** What an execution came to, as one comparable text. An output that a limit may have shaped proves nothing. */
const outcomeOf = ({ result, outputHash, limitTouched }: Execution): string => {
  if (!result.ok) return result.error.code;
  return limitTouched ? 'limit touched' : (outputHash ?? 'no hash');
};

export function judge({ step, verify }: Verification, executions: readonly Execution[]): Verdict {
  const outcomes = executions.map((each) => ({ thread: each.thread, outcome: outcomeOf(each) }));
  const votes = new Map<string, Execution[]>();
  for (const each of executions) {
    if (each.result.ok && each.outputHash !== undefined && !each.limitTouched) {
      votes.set(each.outputHash, [...(votes.get(each.outputHash) ?? []), each]);
    }
  }
  const [largest = []] = [...votes.values()].sort((a, b) => b.length - a.length);
  const facts = { executions: outcomes, agreeing: largest.length };
  const [winner] = largest;
  if (winner?.result.ok && largest.length >= verify.quorum) {
    return { result: success(winner.result.value), ...facts };
  }
  const hashes = outcomes.map(({ thread, outcome }) => `${thread}: ${outcome}`);
  return {
    result: failure('VERIFICATION_DISAGREED', { step, quorum: verify.quorum, hashes }),
    ...facts,
  };
}
