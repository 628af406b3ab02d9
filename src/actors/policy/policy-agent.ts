/**
 * The policy on one thread: the engine, the policy as the node has it now, and nothing in between. While skills run here a change
 * arrives by itself; a call that starts names the generation that it was sent under, and waits until the thread has that one. A
 * thread that cannot reach the node's policy has none, and denies.
 */
import type { CapabilityGrants, Result } from '../../contracts/index.ts';
import type { ActorRef, ActorSystem, AskResult, RefOf } from '../../kernel/index.ts';
import {
  type ActionFacts,
  type AuditBatch,
  type AuditFact,
  AuditWindow,
  grantsPolicy,
  grantsSource,
  PolicyEngine,
  type PolicyRequest,
  type RunPolicy,
  refusal,
  WINDOW_MS,
} from '../../sandbox/index.ts';
import type { approvalActor } from './approval-actor.ts';
import type { auditActor } from './audit-actor.ts';
import type { PolicyInForce, policyActor } from './policy-actor.ts';

/** What a skill actor is given: the parts of a node's policy, or `grants` for a world without an operator. */
export type SkillPolicy = 'grants' | PolicyRefs;

export interface PolicyRefs {
  readonly policy: ActorRef;
  readonly audit: ActorRef;
  readonly approvals: ActorRef;
}

export interface PolicyTerms {
  readonly grants: CapabilityGrants;
  /** The policy that was in force when the call was sent; default: whichever is. */
  readonly policyGeneration?: number;
}

const FETCH_MS = 5_000;
const CLAIM_MS = 10_000;
/** How long a question for changes stays open; then it is asked again while there is work. */
const FOLLOW_MS = 60_000;

/** The policy of one run; undefined where none was given, which denies. */
export async function runPolicyOf(
  system: ActorSystem,
  policy: SkillPolicy | undefined,
  { grants, policyGeneration = 0 }: PolicyTerms,
): Promise<RunPolicy | undefined> {
  if (policy === undefined) return undefined;
  if (policy === 'grants') return grantsPolicy(grants);
  const agent = agentOf(system, policy);
  await agent.reach(policyGeneration);
  return {
    decide: (request) => agent.decide(request, grants),
    audit: (fact) => agent.audit(fact),
    claim: (action) => agent.claim(action),
  };
}

const agentOf = (system: ActorSystem, refs: PolicyRefs): PolicyAgent =>
  system.extension('policy', () => {
    const agent = new PolicyAgent(system, refs);
    return { value: agent, close: async () => agent.flush() };
  });

export class PolicyAgent {
  readonly #system: ActorSystem;
  readonly #ref: RefOf<typeof policyActor>;
  readonly #audit: RefOf<typeof auditActor>;
  readonly #approvals: RefOf<typeof approvalActor>;
  readonly #engine = new PolicyEngine();
  readonly #window = new AuditWindow();
  #isFlushing = false;
  #inForce: PolicyInForce | undefined;
  #isFollowing = false;
  #usedAtMs = 0;

  constructor(system: ActorSystem, { policy, audit, approvals }: PolicyRefs) {
    this.#system = system;
    this.#ref = policy as RefOf<typeof policyActor>;
    this.#audit = audit as RefOf<typeof auditActor>;
    this.#approvals = approvals as RefOf<typeof approvalActor>;
  }

  /** Settles when this thread has that policy or a later one, or knows that it cannot have it. */
  async reach(generation: number): Promise<void> {
    this.#usedAtMs = this.#system.clock.monotonicMs();
    if (this.#inForce && this.#isFollowing && this.#inForce.generation >= generation) return;
    this.#take(await this.#system.ask(this.#ref, 'inForce', undefined, { timeoutMs: FETCH_MS }));
    if (!this.#isFollowing) void this.#follow();
  }

  decide(request: PolicyRequest, grants: CapabilityGrants) {
    const inForce = this.#inForce;
    if (!inForce) return refusal(request, 'the node’s policy cannot be reached from this thread');
    switch (inForce.kind) {
      case 'denied':
        return refusal(request, inForce.reason);
      case 'grants':
        return this.#engine.decide(grantsSource(grants), request);
      case 'file':
        return this.#engine.decide(inForce.set, request);
    }
  }

  /** Uses up the approval of an action on the node. What gets no answer is not approved, and may be used up all the same. */
  async claim(action: ActionFacts): Promise<Result<string>> {
    const answer = await this.#system.ask(this.#approvals, 'claim', action, {
      timeoutMs: CLAIM_MS,
    });
    return answer.kind === 'answered' ? answer.value : { ok: false, error: answer.error };
  }

  /** Tells the audit log of the node: the first of its kind now, what repeats it once a second. */
  audit(fact: AuditFact): void {
    const { clock, timers } = this.#system;
    this.#send(this.#window.add(fact, clock.monotonicMs()));
    if (this.#isFlushing || this.#window.isEmpty) return;
    this.#isFlushing = true;
    timers.after(WINDOW_MS, () => {
      this.#isFlushing = false;
      this.flush();
    });
  }

  flush(): void {
    this.#send(this.#window.flush());
  }

  #send(batch: AuditBatch): void {
    if (batch.records.length === 0 && batch.more === 0) return;
    this.#system.tell(this.#audit, 'decisions', batch);
  }

  #take(answer: AskResult<PolicyInForce>): void {
    if (answer.kind === 'answered') {
      if (answer.value.generation >= (this.#inForce?.generation ?? 0)) this.#set(answer.value);
    } else if (answer.error.code !== 'ASK_TIMEOUT') this.#set(undefined);
  }

  #set(inForce: PolicyInForce | undefined): void {
    this.#inForce = inForce;
  }

  /** Ends when nothing has run here for a while; the next run fetches the policy again. */
  async #follow(): Promise<void> {
    const { clock } = this.#system;
    this.#isFollowing = true;
    while (this.#inForce && clock.monotonicMs() - this.#usedAtMs < 2 * FOLLOW_MS) {
      const { generation } = this.#inForce;
      const asked = this.#system.ask(this.#ref, 'after', generation, { timeoutMs: FOLLOW_MS });
      this.#take(await asked);
    }
    this.#isFollowing = false;
  }
}
