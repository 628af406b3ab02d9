/** The policy of a world without an operator: what was granted is permitted. For simulations, tests and the kit for authors. */
import type { CapabilityGrants } from '../../contracts/index.ts';
import { PolicyEngine } from './engine.ts';
import type { RunPolicy } from './gate.ts';
import { grantsSource } from './grant-policies.ts';

let engine: PolicyEngine | undefined;

export function grantsPolicy(grants: CapabilityGrants): RunPolicy {
  engine ??= new PolicyEngine();
  const one = engine;
  const source = grantsSource(grants);
  return { decide: (request) => one.decide(source, request) };
}
