/** What a capability is: the one shape of every file in this folder. */
import type {
  Capabilities,
  CapabilityGrants,
  Clock,
  Json,
  KeyValue,
  Random,
  Result,
  TenantId,
} from '../../contracts/index.ts';
import type { HttpClient } from '../../host/index.ts';
import type { CapabilityName } from '../call-table.ts';
import type { Secrets } from '../secrets/secret-store.ts';
import type { Models } from '../services/models.ts';
import type { Notify } from '../services/notifier.ts';
import type { Actors } from './actor.ts';
import type { Files } from './fs.ts';
import type { LogSink } from './log.ts';

/** The world behind the capabilities. What is absent cannot be reached, whatever is granted. */
export interface HostEffects {
  readonly http?: HttpClient;
  /** Of this run alone. */
  readonly files?: Files;
  readonly keyValue?: Omit<KeyValue, 'list'>;
  readonly secrets?: Secrets;
  readonly actors?: Actors;
  readonly notify?: Notify;
  readonly models?: Models;
  readonly random?: Pick<Random, 'bytes'>;
  readonly clock?: Pick<Clock, 'wallMs'>;
  readonly log?: LogSink;
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

/** Attributes as a policy reads them: plain and flat. */
export type ActionAttributes = Readonly<
  Record<string, string | number | boolean | readonly string[]>
>;

/** What a call would touch, for whoever decides whether it may. Read from the arguments alone; it asks nobody. */
export interface CapabilityAction {
  readonly resource: { readonly type: string; readonly id: string };
  readonly attributes: ActionAttributes;
}

type Asked<C extends CapabilityName> = Capabilities[C];
type Granted<C extends CapabilityName> = CapabilityGrants[C];

export interface Capability<C extends CapabilityName = CapabilityName> {
  readonly name: C;
  /** The names of its calls after the dot, as in `CALLS`. */
  readonly calls: readonly string[];
  /** Manifest asks ∩ grants; undefined or false: denied. */
  readonly effective: (asked: Asked<C>, granted: Granted<C>) => Granted<C>;
  /** Why this node has no body for it, whatever is granted; undefined: it has one. */
  readonly missing: (effects: HostEffects) => string | undefined;
  /** Only called with a grant, and when nothing is `missing`. May reject: that is a defect, and the call fails with INTERNAL. */
  readonly serve: (
    call: CapabilityCall,
    grant: NonNullable<Granted<C>>,
    effects: HostEffects,
    /** All of them, for what one capability has from another. */
    grants: CapabilityGrants,
  ) => Promise<Result<Json>>;
  readonly actionOf: (call: Pick<CapabilityCall, 'name' | 'args'>) => CapabilityAction;
}

/** What is as long as this may be cut off: nothing is decided about it. More than any capability takes. */
export const RESOURCE_ID_MAX = 9_000;

/** An ID that a policy can be written against: bounded text, whatever a skill passed. */
export const resourceId = (given: unknown): string =>
  typeof given === 'string' ? given.slice(0, RESOURCE_ID_MAX) : '';
