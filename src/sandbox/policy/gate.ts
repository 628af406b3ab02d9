/**
 * The gate: the only way from a skill to what a capability does. A call passes when it can be described, the policy permits it, the
 * engine answered in time, and, above low risk, people approved exactly this. Whatever else happens is a denial; nothing is served.
 */
import { createHash } from 'node:crypto';
import {
  type CapabilityGrants,
  type Clock,
  type CorrelationId,
  type Failure,
  failure,
  type Json,
  type Result,
  reasonOf,
  type Timers,
} from '../../contracts/index.ts';
import { canonicalJson } from '../canonical-json.ts';
import { type CapabilityAction, RESOURCE_ID_MAX } from '../capabilities/capability.ts';
import { actionOf, type CapabilityCall, type HostEffects, serveCall } from '../capability.ts';
import { ACTIONS } from './actions.ts';
import { type Decision, type PolicyRequest, type Principal, refusal } from './policy-request.ts';

/** Far more than a decision takes on a machine that has no time; an engine that hangs denies. */
export const DECISION_MS_MAX = 10_000;

/** What was decided, for the audit log. */
export interface AuditFact {
  readonly decision: Decision;
  readonly request: PolicyRequest;
  readonly correlationId: CorrelationId;
  /** It changes something outside. */
  readonly isEffect: boolean;
  /** The approval that it used up. */
  readonly approval?: string;
  /** The code that the skill got. */
  readonly code?: string;
}

/** An action that needs people: what they approve. */
export interface ActionFacts {
  /** SHA-256, hex, over the canonical JSON of tenant, content hash, call and arguments. */
  readonly hash: string;
  readonly decision: Decision;
  readonly request: PolicyRequest;
  readonly call: string;
  readonly args: readonly Json[];
  readonly correlationId: CorrelationId;
}

/** The policy as one run meets it. */
export interface RunPolicy {
  /** May reject, which denies. */
  readonly decide: (request: PolicyRequest) => Decision | Promise<Decision>;
  readonly audit?: (fact: AuditFact) => void;
  /** Uses up the approvals of an action, once. Success: its ID. Failures: APPROVAL_*. Without it nothing above low risk passes. */
  readonly claim?: (action: ActionFacts) => Promise<Result<string>>;
}

export interface GateTerms {
  /** Absent: nothing is permitted. */
  readonly policy: RunPolicy | undefined;
  readonly principal: Principal;
  readonly correlationId: CorrelationId;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Serves one host call, or says why not. Never rejects. Failures: POLICY_DENIED, APPROVAL_*, and those of the capability. */
export async function guardedCall(
  call: CapabilityCall,
  grants: CapabilityGrants,
  effects: HostEffects,
  terms: GateTerms,
): Promise<Result<Json>> {
  const described = describe(call);
  if (!described) return refuseUndescribed(call, grants, effects, terms);
  const request = { principal: terms.principal, action: call.name, ...described };
  const decision = await decideInTime(request, terms);
  const fact = {
    ...{ decision, request, correlationId: terms.correlationId },
    isEffect: ACTIONS[call.name]?.isEffect ?? true,
  };
  const permitted = withinDecision(grants, request);
  if (!decision.allowed) {
    const isUnanswered = decision.determining.length === 0 && decision.policyHash !== '';
    const refused = isUnanswered ? await exactRefusal(call, permitted, effects) : undefined;
    const answer = refused ?? denialOf(decision, request);
    tell(terms, { ...fact, code: answer.error.code });
    return answer;
  }
  if (decision.risk === 'low') {
    const answer = await serveCall(call, permitted, effects);
    tell(terms, isRefusal(answer) ? { ...fact, code: answer.error.code } : fact);
    return answer;
  }
  // Nobody is asked about what the capability refuses, and no approval is used up for it.
  const refused = await exactRefusal(call, permitted, effects);
  if (refused) {
    tell(terms, { ...fact, code: refused.error.code });
    return refused;
  }
  const claimed = await claimFor(call, request, decision, terms);
  if (!claimed.ok) {
    const held = { ...decision, allowed: false, reasons: [claimed.error.message] };
    tell(terms, { ...fact, decision: held, code: claimed.error.code });
    return claimed;
  }
  tell(terms, { ...fact, approval: claimed.value });
  return serveCall(call, permitted, effects);
}

/** Nothing is decided about what is cut off or what has no row. */
function describe(call: CapabilityCall): CapabilityAction | undefined {
  const action = Object.hasOwn(ACTIONS, call.name) ? actionOf(call) : undefined;
  const texts = action ? [action.resource.id, ...Object.values(action.attributes).flat()] : [];
  const isWhole = texts.every((text) => typeof text !== 'string' || text.length < RESOURCE_ID_MAX);
  return action?.resource.id && isWhole ? action : undefined;
}

/** Hosts that were left to the policy: the one that it decided about now. */
function withinDecision(grants: CapabilityGrants, { resource }: PolicyRequest): CapabilityGrants {
  const { http } = grants;
  if (resource.type !== 'Host' || !http?.hosts.includes('*')) return grants;
  return { ...grants, http: { ...http, hosts: [resource.id] } };
}

/** Whether a run may be at all, or may log: decided once a run. */
export async function guardedStart(action: 'run' | 'log', terms: GateTerms): Promise<Result<null>> {
  const request = { principal: terms.principal, action, resource: SELF, attributes: {} };
  const decision = await decideInTime(request, terms);
  const isLow = decision.allowed && decision.risk === 'low';
  const reasons = [`${action} is of ${decision.risk} risk, which a run as a whole cannot be`];
  const judged = decision.allowed && !isLow ? { ...decision, allowed: false, reasons } : decision;
  if (!judged.allowed || action === 'run') {
    const { correlationId } = terms;
    const code = judged.allowed ? {} : { code: 'POLICY_DENIED' };
    tell(terms, { decision: judged, request, correlationId, isEffect: false, ...code });
  }
  return judged.allowed ? { ok: true, value: null } : denialOf(judged, request);
}
const SELF = { type: 'Node', id: 'self' };

async function decideInTime(request: PolicyRequest, terms: GateTerms): Promise<Decision> {
  const { policy, clock, timers } = terms;
  if (!policy) return refusal(request, 'no policy is loaded');
  const startMs = clock.monotonicMs();
  const late = () => refusal(request, `the engine did not answer in ${DECISION_MS_MAX} ms`);
  try {
    const answer = policy.decide(request);
    const decision = answer instanceof Promise ? await inTime(answer, timers, late) : answer;
    if (clock.monotonicMs() - startMs > DECISION_MS_MAX) return late();
    // What is not a decision permits nothing.
    return typeof decision === 'object' && decision !== null && 'allowed' in decision
      ? { ...decision, allowed: decision.allowed === true }
      : refusal(request, 'the engine gave no decision');
  } catch (thrown) {
    return refusal(request, `the engine failed: ${reasonOf(thrown)}`);
  }
}

async function inTime(
  answer: Promise<Decision>,
  timers: Timers,
  late: () => Decision,
): Promise<Decision> {
  const { promise, resolve } = Promise.withResolvers<Decision>();
  const timer = timers.after(DECISION_MS_MAX, () => resolve(late()));
  try {
    return await Promise.race([answer, promise]);
  } finally {
    timer.cancel();
  }
}

async function claimFor(
  call: CapabilityCall,
  request: PolicyRequest,
  decision: Decision,
  { policy, correlationId }: GateTerms,
): Promise<Result<string>> {
  const hash = actionHash(call, request.principal);
  if (!policy?.claim) {
    const reason = `${call.name} is of ${decision.risk} risk, and nobody can approve it here`;
    return failure('APPROVAL_REFUSED', { approval: hash.slice(0, 16), reason });
  }
  try {
    const { name, args } = call;
    const claim = { hash, decision, request, call: name, args, correlationId };
    const claimed = await policy.claim(claim);
    if (claimed.ok || claimed.error.code.startsWith('APPROVAL_')) return claimed;
    const reason = `it could not be asked for: ${claimed.error.code}`;
    return failure('APPROVAL_REFUSED', { approval: hash.slice(0, 16), reason });
  } catch (thrown) {
    const reason = `it could not be asked for: ${reasonOf(thrown)}`;
    return failure('APPROVAL_REFUSED', { approval: hash.slice(0, 16), reason });
  }
}

/** What an approval is bound to. SHA-256, hex. */
export function actionHash(
  { name, args }: Pick<CapabilityCall, 'name' | 'args'>,
  { tenant, contentHash }: Principal,
): string {
  const action = canonicalJson({ args, call: name, contentHash, tenant });
  return createHash('sha256').update(`skein-action-1\n${action}`).digest('hex');
}

/** Stands behind a call that is only judged: nothing that is asked of it happens. */
const NOTHING: object = new Proxy({}, { get: () => async () => undefined });
const NO_WORLD = new Proxy({}, { get: () => NOTHING }) as HostEffects;

/** As much of nothing as there is of a world: a capability says so when its own part is missing. */
const nothingOf = (effects: HostEffects): HostEffects =>
  Object.fromEntries(
    Object.entries(effects).map(([name, effect]) => [name, effect && NOTHING]),
  ) as HostEffects;

const EXACT: ReadonlySet<string> = new Set([
  'CAPABILITY_DENIED',
  'EGRESS_REFUSED',
  'HOST_CALL_INVALID',
]);

/** Of nothing a capability may pass on what it got: no answer at all. */
const isRefusal = (answer: Result<Json> | undefined): answer is Failure =>
  answer?.ok === false && EXACT.has(answer.error.code);

/** Where the capability itself refuses, with nothing behind it, it says more exactly what is wrong. */
export async function exactRefusal(
  call: CapabilityCall,
  grants: CapabilityGrants,
  effects?: HostEffects,
): Promise<Failure | undefined> {
  const world = effects ? nothingOf(effects) : NO_WORLD;
  const answer = await serveCall({ ...call, onEgress: () => undefined }, grants, world);
  return isRefusal(answer) ? answer : undefined;
}

async function refuseUndescribed(
  call: CapabilityCall,
  grants: CapabilityGrants,
  effects: HostEffects,
  terms: GateTerms,
): Promise<Result<Json>> {
  const [capability = ''] = call.name.split('.', 1);
  const reason = 'the policy engine has no words for the call';
  const exact = await exactRefusal(call, grants, effects);
  const answer = exact ?? failure('CAPABILITY_DENIED', { capability, reason });
  const { principal, correlationId } = terms;
  const resource = { type: 'Unknown', id: '' };
  const request = { principal, action: call.name, resource, attributes: {} };
  const decision = refusal(request, answer.error.message);
  tell(terms, { decision, request, correlationId, isEffect: true, code: answer.error.code });
  return answer;
}

const denialOf = ({ id, reasons }: Decision, { action, resource }: PolicyRequest) =>
  failure('POLICY_DENIED', {
    action,
    resource: `${resource.type} ${resource.id}`.slice(0, 200),
    reason: reasons.join('; ').slice(0, 500),
    decision: id,
  });

/** Whoever listens reports its own failures. */
function tell({ policy }: GateTerms, fact: AuditFact): void {
  try {
    policy?.audit?.(fact);
  } catch {
    // The log is the node's own; the call must not hang on it.
  }
}
