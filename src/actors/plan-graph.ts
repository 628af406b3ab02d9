/** The graph of a plan: which steps a step waits for. */
import type { Step } from '../contracts/index.ts';
import { referencesIn, stepOf } from './references.ts';

/** Steps that must be done before `step`: those it names and those it refers to. */
export function dependenciesOf(step: Step): readonly string[] {
  const references = [...referencesIn(step.input, ''), ...referencesIn(step.forEach?.items, '')];
  const referred = references.map(({ reference }) => stepOf(reference));
  return [...new Set([...(step.needs ?? []), ...referred.filter((id) => id !== undefined)])];
}
