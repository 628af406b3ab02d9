/**
 * Capabilities: what a skill may do besides compute. The engine denies by default: a call is served only when the manifest
 * asked for the capability, the operator's policy granted it, and the node has a body for it.
 */
import {
  type Capabilities,
  type CapabilityGrants,
  failure,
  type Json,
  type KeyValue,
  type Result,
  type TenantId,
} from '../contracts/index.ts';
import { type HttpClient, serveHttp } from './capabilities/http.ts';
import { serveKeyValue } from './capabilities/kv.ts';
import type { LogSink } from './capabilities/log.ts';

/** The world behind the capabilities. What is absent cannot be reached, whatever is granted. */
export interface HostEffects {
  readonly http?: HttpClient;
  readonly keyValue?: Omit<KeyValue, 'list'>;
  readonly log?: LogSink;
}

const METHODS = ['GET', 'HEAD'];

/** Manifest asks ∩ policy grants. Log lines are asked for unless the manifest says no. */
export function effectiveGrants(
  asked: Capabilities | undefined,
  policy: CapabilityGrants,
): CapabilityGrants {
  const http = effectiveHttp(asked?.http, policy.http);
  return {
    ...(http ? { http } : {}),
    kv: asked?.kv === true && policy.kv === true,
    log: asked?.log !== false && policy.log === true,
  };
}

function effectiveHttp(
  asked: Capabilities['http'],
  granted: CapabilityGrants['http'],
): CapabilityGrants['http'] | undefined {
  if (!asked || !granted) return undefined;
  const methods: readonly string[] = asked.methods ?? METHODS;
  // A manifest that asks for `*` leaves the choice to the policy; a policy has no wildcard.
  const hosts = asked.hosts.includes('*') ? granted.hosts : asked.hosts;
  return {
    hosts: hosts.filter((host) => granted.hosts.includes(host)),
    methods: methods.filter((method) => granted.methods.includes(method)),
    ...(granted.privateAddresses ? { privateAddresses: true } : {}),
  };
}

export interface CapabilityCall {
  readonly name: string;
  readonly args: readonly Json[];
  readonly tenant: TenantId;
  readonly skill: string;
  /** The same each time this call of this task is made, whatever the attempt and the node. */
  readonly idempotencyKey?: string;
  /** Aborted when the run ends: what is still on its way is given up. */
  readonly signal: AbortSignal;
  /** Tells how many bytes went out or came in. */
  readonly onEgress: (bytes: number) => void;
}

/** Serves one host call. Never rejects; every refusal has a code. */
export async function serveCall(
  call: CapabilityCall,
  grants: CapabilityGrants,
  effects: HostEffects,
): Promise<Result<Json>> {
  const [capability = ''] = call.name.split('.', 1);
  const denied = (reason: string) => failure('CAPABILITY_DENIED', { capability, reason });
  try {
    if (capability === 'http') {
      if (!grants.http) return denied('it was not granted');
      if (!effects.http) return denied('this node has no network for skills');
      return await serveHttp(call, grants.http, effects.http);
    }
    if (capability === 'kv') {
      if (!grants.kv) return denied('it was not granted');
      if (!effects.keyValue) return denied('this node has no key-value store');
      return await serveKeyValue(call, effects.keyValue);
    }
    return denied('there is no such capability');
  } catch {
    return failure('INTERNAL', { reason: `host call ${call.name} failed` });
  }
}
