/** The policy of a run, for fuzzers: mostly what was granted, and now and then an engine that is absent, broken, silent or lies. */
import { type CapabilityGrants, failure, success } from '../../../src/contracts/index.ts';
import { grantsPolicy, type RunPolicy } from '../../../src/sandbox/index.ts';
import type { Draw } from './draw.ts';
import { hostileValue } from './mutate-json.ts';

type Decide = RunPolicy['decide'];

export function policyFor(draw: Draw, grants: CapabilityGrants): RunPolicy | undefined {
  const honest = grantsPolicy(grants);
  if (draw.chance(0.85)) return honest;
  const garbage = hostileValue(draw);
  const risky: Decide = async (request) => {
    const decision = await honest.decide(request);
    const isCall = request.action.includes('.');
    return isCall ? { ...decision, risk: draw.pick(['medium', 'high']) } : decision;
  };
  const kinds: readonly (RunPolicy | undefined)[] = [
    undefined,
    { decide: () => new Promise(() => undefined) },
    { decide: async () => Promise.reject(new Error('the engine is gone')) },
    {
      decide: (request) => (request.action === 'run' ? honest.decide(request) : (garbage as never)),
    },
    {
      decide: honest.decide,
      audit: () => {
        throw new Error('the log is full');
      },
    },
    { decide: risky },
    { decide: risky, claim: async () => success('approval') },
    {
      decide: risky,
      claim: async () => failure('APPROVAL_REFUSED', { approval: 'a', reason: 'somebody said no' }),
    },
    { decide: risky, claim: () => Promise.reject(new Error('nobody is there')) },
  ];
  return draw.pick(kinds);
}
