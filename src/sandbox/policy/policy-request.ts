/** What is decided and what a decision says. Plain data. */
import { createHash } from 'node:crypto';
import type { SkillPackage, TenantId } from '../../contracts/index.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { CapabilityAction } from '../capabilities/capability.ts';
import { ACTIONS } from './actions.ts';
import type { Risk } from './risk.ts';

export interface Principal {
  readonly name: string;
  readonly version: string;
  readonly contentHash: string;
  readonly tenant: string;
}

export const principalOf = (
  { manifest, contentHash }: SkillPackage,
  tenant: TenantId,
): Principal => ({ name: manifest.name, version: manifest.version, contentHash, tenant });

/** What a call does is in the words of its capability's `actionOf`. */
export interface PolicyRequest extends CapabilityAction {
  readonly principal: Principal;
  readonly action: string;
}

export interface Decision {
  /** Names the policy and the request together: equal questions under one policy have one ID. */
  readonly id: string;
  readonly allowed: boolean;
  /** The highest of the permits that decided; the action's own where they say nothing. */
  readonly risk: Risk;
  /** IDs of the policies that decided: the permits of what is allowed, the forbids of what is not. */
  readonly determining: readonly string[];
  readonly reasons: readonly string[];
  readonly policyHash: string;
  readonly cached: boolean;
}

/** The one text of a request: what the cache and the ID of a decision are made from. */
export const requestText = (request: PolicyRequest): string => canonicalJson(request as never);

/** 16 hex characters over the policy and the request. */
export const decisionId = (policyHash: string, text: string): string =>
  createHash('sha256').update(`${policyHash}\n${text}`).digest('hex').slice(0, 16);

/** Of a decision that no policy made: the engine failed, was late or is not there. */
export const refusal = (request: PolicyRequest, reason: string, policyHash = ''): Decision => ({
  id: decisionId(policyHash, requestText(request)),
  allowed: false,
  risk: ACTIONS[request.action]?.risk ?? 'high',
  determining: [],
  reasons: [reason],
  policyHash,
  cached: false,
});
