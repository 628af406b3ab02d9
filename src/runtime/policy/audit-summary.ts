/** What the audit log of a node adds up to: who did and was denied what, under which policies, approved by whom. */
import { AUDIT_STREAM } from '../../actors/index.ts';
import { type Journal, type Result, success } from '../../contracts/index.ts';
import { type AuditEntry, decisionIn } from './audit-log.ts';

export interface SkillAudit {
  readonly skill: string;
  readonly tenant: string;
  permitted: number;
  denied: number;
  /** Calls by action: permitted and denied together. */
  readonly actions: Record<string, number>;
  /** Denials by what the skill was told. */
  readonly codes: Record<string, number>;
}

export interface AuditSummary {
  /** Of the first and the last record that count; null: there are none. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  readonly records: number;
  /** Of the last record of the log: whoever notes it sees later whether the log was written anew. */
  readonly lastHash: string | null;
  readonly policies: readonly { readonly atMs: number; readonly hash: string }[];
  readonly policiesRefused: number;
  readonly approvals: Readonly<Record<string, number>>;
  readonly approvedBy: Readonly<Record<string, number>>;
  /** Most denials first. */
  readonly skills: readonly SkillAudit[];
  /** Denials of floods that have no record of their own, by nobody's name. */
  readonly uncounted: number;
}

const SKILLS_MAX = 1_000;
const POLICIES_MAX = 100;

/** Failures: those of the journal, JOURNAL_CORRUPT among them. */
export async function summariseAudit(journal: Journal, sinceMs = 0): Promise<Result<AuditSummary>> {
  const tally = new Tally();
  for (let after = 0; ; ) {
    const page = await journal.read(AUDIT_STREAM, { afterStreamSequence: after });
    if (!page.ok) return page;
    for (const { streamSequence: sequence, atMs, type, body, hash } of page.value) {
      after = sequence;
      tally.lastHash = hash;
      if (atMs >= sinceMs) tally.add({ sequence, atMs, type, body, hash });
    }
    if (page.value.length === 0) return success(tally.summary());
  }
}

class Tally {
  lastHash: string | null = null;
  #records = 0;
  #fromMs: number | null = null;
  #untilMs: number | null = null;
  #policiesRefused = 0;
  #uncounted = 0;
  readonly #policies: { atMs: number; hash: string }[] = [];
  readonly #approvals: Record<string, number> = {};
  readonly #approvedBy: Record<string, number> = {};
  readonly #skills = new Map<string, SkillAudit>();

  add(entry: AuditEntry): void {
    this.#records++;
    this.#fromMs ??= entry.atMs;
    this.#untilMs = entry.atMs;
    const facts = Object(entry.body) as Readonly<Record<string, unknown>>;
    const [family, what = ''] = entry.type.split('.');
    if (family === 'approval') {
      count(this.#approvals, what, 1);
      if (what === 'approved') count(this.#approvedBy, String(facts.by), 1);
    }
    if (entry.type === 'policy.refused') this.#policiesRefused++;
    if (entry.type === 'policy.denied-more') this.#uncounted += Number(facts.count);
    if (entry.type === 'policy.loaded') this.#loaded(entry.atMs, String(facts.hash));
    this.#decided(entry);
  }

  #loaded(atMs: number, hash: string): void {
    if (this.#policies.at(-1)?.hash === hash) return;
    this.#policies.push({ atMs, hash });
    if (this.#policies.length > POLICIES_MAX) this.#policies.shift();
  }

  #decided(entry: AuditEntry): void {
    const record = decisionIn(entry);
    if (!record) return;
    const { principal, action } = record.request;
    const { name: skill, tenant } = principal;
    const key = `${tenant} ${skill}`;
    const known = this.#skills.get(key);
    if (!known && this.#skills.size >= SKILLS_MAX) {
      if (!record.allowed) this.#uncounted += record.count;
      return;
    }
    const own = known ?? { skill, tenant, permitted: 0, denied: 0, actions: {}, codes: {} };
    this.#skills.set(key, own);
    if (record.allowed) own.permitted += record.count;
    else own.denied += record.count;
    count(own.actions, action, record.count);
    if (!record.allowed) count(own.codes, record.code ?? 'POLICY_DENIED', record.count);
  }

  summary(): AuditSummary {
    return {
      ...{ fromMs: this.#fromMs, untilMs: this.#untilMs, records: this.#records },
      lastHash: this.lastHash,
      policies: this.#policies,
      policiesRefused: this.#policiesRefused,
      ...{ approvals: this.#approvals, approvedBy: this.#approvedBy },
      skills: [...this.#skills.values()].sort((a, b) => b.denied - a.denied),
      uncounted: this.#uncounted,
    };
  }
}

const NAMES_MAX = 100;

function count(into: Record<string, number>, name: string, by: number): void {
  const isKnown = Object.hasOwn(into, name);
  if (!isKnown && Object.keys(into).length >= NAMES_MAX) return;
  into[name] = (isKnown ? (into[name] ?? 0) : 0) + by;
}
