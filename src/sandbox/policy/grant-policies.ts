/**
 * Grants as Cedar policies, so that one engine decides whatever the node is told in. Names say where a policy came from. Running and
 * logging have a permit of the node's own, which a `forbid` takes away: who may run is else the matter of ceilings and registry.
 */
import type { CapabilityGrants } from '../../contracts/index.ts';
import { grantedTarget } from '../egress.ts';
import { type NamedPolicy, type PolicySource, policySource } from './policy-source.ts';

const HASHES_KEPT = 256;
const known = new Map<string, PolicySource>();

/** The set for a run of a node without a policy file. `grants` are the effective ones: no grant, no permit. */
export function grantsSource(grants: CapabilityGrants): PolicySource {
  const key = JSON.stringify(grants);
  const found = known.get(key);
  if (found) return found;
  const made = policySource([...grantPolicies(grants), ...ownPolicies(grants)], 'grants');
  const [oldest] = known.keys();
  if (known.size >= HASHES_KEPT && oldest !== undefined) known.delete(oldest);
  known.set(key, made);
  return made;
}

/** Permits that stand beside an operator's file too. */
export const ownPolicies = ({ log }: CapabilityGrants): readonly NamedPolicy[] => [
  permit('skein.run', 'action == Action::"run"'),
  ...(log ? [permit('skein.log', 'action == Action::"log"')] : []),
];

/** Of `http` host and method; of any other capability that it is granted: how far is checked by the capability itself. */
function grantPolicies({ http, log, ...others }: CapabilityGrants): readonly NamedPolicy[] {
  const methods = (http?.methods ?? []).map(cedarString).join(', ');
  const hosts = [...new Set(http?.hosts ?? [])].flatMap((host) => {
    const targets = (['http', 'https'] as const).flatMap((scheme) => {
      const target = grantedTarget(host, `${scheme}:`);
      return target === undefined
        ? []
        : [
            `context.scheme == "${scheme}" && resource == Host::${cedarString(hostOf(scheme, target))}`,
          ];
    });
    if (targets.length === 0) return [];
    const when = `(${targets.join(' || ')}) && [${methods}].contains(context.method)`;
    return [permit(`grants.http.${host}`, 'action == Action::"http.request"', when)];
  });
  const granted = Object.entries(others).filter(([, grant]) => grant);
  return [
    ...hosts,
    ...granted.map(([name]) => permit(`grants.${name}`, `action in Action::"${name}"`)),
  ];
}

/** The scheme's own port is left out, as in the resource. */
const hostOf = (scheme: string, target: string): string => new URL(`${scheme}://${target}`).host;

const permit = (id: string, action: string, when?: string): NamedPolicy => ({
  id,
  text: `permit (principal, ${action}, resource)${when === undefined ? '' : ` when { ${when} }`};`,
  effect: 'permit',
});

/** Grants are written by many hands: whatever a text holds, it stays one string. */
export const cedarString = (text: string): string =>
  `"${text.replace(/[^\u0020-\u0021\u0023-\u005b\u005d-\u007e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)}"`;
