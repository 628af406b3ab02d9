/**
 * What is written down of many decisions: the first of its kind at once, equal ones within a second as one record with their count, and
 * of denials that are all different so many a second; the rest is counted. A flood costs the log a bounded number of records.
 * Pure but for what it counts.
 */

import { printable } from '../printable.ts';
import type { AuditFact } from './gate.ts';
import type { Decision, PolicyRequest } from './policy-request.ts';

/** One record: a decision as often as it was made between two times. Plain data: it crosses threads and is kept in the journal. */
export interface DecisionRecord {
  readonly decision: string;
  readonly allowed: boolean;
  readonly risk: Decision['risk'];
  readonly determining: readonly string[];
  readonly reasons: readonly string[];
  readonly policyHash: string;
  readonly request: PolicyRequest;
  readonly correlationId: string;
  /** What the skill was told. */
  readonly code?: string;
  /** The approval that was used up. */
  readonly approval?: string;
  readonly count: number;
}

export interface AuditBatch {
  readonly records: readonly DecisionRecord[];
  /** Denials that have no record of their own. */
  readonly more: number;
}

export const WINDOW_MS = 1_000;
/** Different denials that are written down in one window. */
const DENIALS_MAX = 100;
const TEXT_MAX = 500;
const LIST_MAX = 20;

export class AuditWindow {
  readonly #repeated = new Map<string, DecisionRecord & { count: number }>();
  #startMs = Number.NEGATIVE_INFINITY;
  #denials = 0;
  #more = 0;

  /** @returns what is to be written now; what is not comes with `flush` */
  add(fact: AuditFact, nowMs: number): AuditBatch {
    const isDenial = !fact.decision.allowed || fact.code !== undefined;
    if (!isDenial && !fact.isEffect) return NOTHING;
    const ended = nowMs - this.#startMs >= WINDOW_MS ? this.flush() : NOTHING;
    if (this.#denials === 0 && this.#repeated.size === 0) this.#startMs = nowMs;
    const key = [
      fact.decision.id,
      fact.code,
      isDenial ? '' : fact.correlationId,
      fact.approval,
    ].join(' ');
    const known = this.#repeated.get(key);
    if (known) {
      known.count++;
      return ended;
    }
    if (isDenial && ++this.#denials > DENIALS_MAX) {
      this.#more++;
      return ended;
    }
    const record = recordOf(fact);
    this.#repeated.set(key, { ...record, count: 0 });
    return { ...ended, records: [...ended.records, record] };
  }

  get isEmpty(): boolean {
    return this.#repeated.size === 0 && this.#more === 0;
  }

  /** Ends the window. */
  flush(): AuditBatch {
    const records = [...this.#repeated.values()].filter(({ count }) => count > 0);
    const batch = { records, more: this.#more };
    this.#repeated.clear();
    this.#denials = 0;
    this.#more = 0;
    return batch;
  }
}

const NOTHING: AuditBatch = { records: [], more: 0 };

const short = (text: string): string => printable(text, TEXT_MAX);

type Attribute = PolicyRequest['attributes'][string];

function boundedValue(value: Attribute): Attribute {
  if (typeof value === 'string') return short(value);
  return typeof value === 'object' ? value.slice(0, LIST_MAX).map(short) : value;
}

function recordOf({ decision, request, correlationId, code, approval }: AuditFact): DecisionRecord {
  const { principal, action, resource, attributes } = request;
  const bounded = Object.entries(attributes)
    .slice(0, LIST_MAX)
    .map(([name, value]) => [name, boundedValue(value)]);
  return {
    decision: decision.id,
    allowed: decision.allowed && code === undefined,
    risk: decision.risk,
    determining: decision.determining.slice(0, LIST_MAX),
    reasons: decision.reasons.slice(0, LIST_MAX).map(short),
    policyHash: decision.policyHash,
    request: {
      principal,
      action: short(action),
      resource: { type: resource.type, id: short(resource.id) },
      attributes: Object.fromEntries(bounded),
    },
    correlationId,
    ...(code === undefined ? {} : { code }),
    ...(approval === undefined ? {} : { approval }),
    count: 1,
  };
}
