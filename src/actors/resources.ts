/**
 * The resource contract of a call: what the manifest asks for, under the ceilings of caller and operator. The tighter figure
 * wins, always. What comes out here is what the sandbox enforces.
 */
import {
  type CapabilityGrants,
  type Ceiling,
  commonGrants,
  DEFAULT_RESOURCES,
  failure,
  grantsFrom,
  type ResourceContract,
  type Result,
  type SkillManifest,
  success,
} from '../contracts/index.ts';
import { askedGrants, effectiveGrants } from '../sandbox/index.ts';

export interface CallContract {
  readonly resources: ResourceContract;
  readonly grants: CapabilityGrants;
}

export interface ContractTerms {
  /** What whoever runs the call lets it have; or it says nothing, and the operator's policy decides about what is asked for. */
  readonly grants: CapabilityGrants | 'to-policy';
  readonly ceilings: readonly Ceiling[];
}

/** Failure: CAPABILITY_DENIED when a ceiling does not list the skill. */
export function contractOf(
  manifest: SkillManifest,
  { grants, ceilings }: ContractTerms,
): Result<CallContract> {
  const refusing = ceilings.find(({ skills }) => skills && !skills.includes(manifest.name));
  if (refusing) {
    const reason = `${refusing.name} does not list it`;
    return failure('CAPABILITY_DENIED', { capability: `skill ${manifest.name}`, reason });
  }
  const given = [
    ...(grants === 'to-policy' ? [] : [grants]),
    ...ceilings.flatMap((ceiling) => (ceiling.grants ? [grantsFrom(ceiling.grants)] : [])),
  ];
  const asked = manifest.capabilities;
  return success({
    resources: resourcesOf(manifest, ceilings),
    grants:
      given.length === 0 ? askedGrants(asked) : effectiveGrants(asked, given.reduce(commonGrants)),
  });
}

/** Every limit of a call: the manifest's figures over the defaults, none above a ceiling. */
export function resourcesOf(
  { resources = {} }: SkillManifest,
  ceilings: readonly Ceiling[] = [],
): ResourceContract {
  const limits: Record<string, number> = { ...DEFAULT_RESOURCES, ...defined(resources) };
  for (const ceiling of ceilings) {
    for (const [name, most] of Object.entries(defined(ceiling.resources ?? {}))) {
      limits[name] = Math.min(limits[name] as number, most);
    }
  }
  return limits as unknown as ResourceContract;
}

const defined = (limits: object): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
