/**
 * Capabilities: what a skill may do besides compute. The engine denies by default: a call is served only when the manifest
 * asked for the capability, the operator's policy granted it, and the node has a body for it.
 */
import {
  type Capabilities,
  type CapabilityGrants,
  failure,
  type Json,
  type Result,
} from '../contracts/index.ts';
import { CAPABILITY_NAMES, type CapabilityName, capabilityOf } from './call-table.ts';
import type {
  Capability,
  CapabilityAction,
  CapabilityCall,
  HostEffects,
} from './capabilities/capability.ts';
import { CAPABILITIES } from './capabilities/table.ts';

export type { CapabilityCall, HostEffects };

/** Manifest asks ∩ policy grants, capability by capability. */
export function effectiveGrants(
  asked: Capabilities | undefined,
  policy: CapabilityGrants,
): CapabilityGrants {
  const rows = CAPABILITY_NAMES.map((name) => {
    const { effective } = CAPABILITIES[name] as Capability;
    return [name, effective(asked?.[name] as never, policy[name] as never)] as const;
  });
  return Object.fromEntries(rows.filter(([, grant]) => grant !== undefined));
}

/**
 * What the manifest asks for, where it is left to the policy alone: all that is asked for with a yes, and `http`, whose host `*` then
 * stands for the one that the policy permits. What needs more than a yes (a folder, a secret) is had by grant only.
 */
export function askedGrants(asked: Capabilities = {}): CapabilityGrants {
  const { http, log } = asked;
  const yes = Object.entries(asked).filter(([, ask]) => ask === true);
  const reading = ['GET', 'HEAD'];
  return {
    ...Object.fromEntries(yes),
    ...(http ? { http: { ...http, methods: http.methods ?? reading } } : {}),
    log: log !== false,
  };
}

const rowOf = (call: string): Capability | undefined => {
  const name = capabilityOf(call);
  return Object.hasOwn(CAPABILITIES, name)
    ? (CAPABILITIES[name as CapabilityName] as Capability)
    : undefined;
};

/** What a call would touch; undefined for a call that there is not. Never throws. */
export const actionOf = (
  call: Pick<CapabilityCall, 'name' | 'args'>,
): CapabilityAction | undefined => rowOf(call.name)?.actionOf(call);

/** Serves one host call. Never rejects; every refusal has a code. */
export async function serveCall(
  call: CapabilityCall,
  grants: CapabilityGrants,
  effects: HostEffects,
): Promise<Result<Json>> {
  const capability = capabilityOf(call.name);
  const denied = (reason: string) => failure('CAPABILITY_DENIED', { capability, reason });
  const row = rowOf(call.name);
  if (!row) return denied('there is no such capability');
  const grant = grants[row.name];
  if (!grant) return denied('it was not granted');
  const missing = row.missing(effects);
  if (missing !== undefined) return denied(missing);
  if (!row.calls.includes(call.name.slice(capability.length + 1))) {
    return failure('HOST_CALL_INVALID', { capability, reason: `there is no ${call.name}` });
  }
  // The policy took its time, and the run ended meanwhile.
  if (call.signal.aborted) return failure('RUN_CANCELLED', { reason: 'the run has ended' });
  try {
    return await row.serve(call, grant as never, effects, grants);
  } catch {
    return failure('INTERNAL', { reason: `host call ${call.name} failed` });
  }
}
