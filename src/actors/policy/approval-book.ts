/**
 * The approvals of a node: a projection of the stream `approvals` of its journal. One thing after the other, and nothing counts
 * before it is written: two claims of one approval cannot both have it.
 */
import { createHash } from 'node:crypto';
import { failure, type Journal, type Json, type Result, success } from '../../contracts/index.ts';
import {
  type ActionFacts,
  type Approval,
  type ApprovalEvent,
  type ApprovalFacts,
  type ApprovalState,
  type ApprovalTerms,
  afterEvent,
  approversNeeded,
  canonicalJson,
  countedVotes,
  judgeClaim,
  judgeRelease,
  judgeVote,
  requiredFor,
  stateOf,
  type Vote,
} from '../../sandbox/index.ts';

export const APPROVAL_STREAM = 'approvals';

export interface ApprovalBookParts {
  /** It is in the IDs of its approvals: a vote for one node is none for another that was asked for the same. */
  readonly node: string;
  readonly journal: Journal;
  /** As the operator has them now. */
  readonly terms: () => Promise<Result<ApprovalTerms>>;
  readonly nowMs: () => number;
  readonly onEvent: (event: ApprovalEvent) => void;
}

export interface ApprovalView extends ApprovalFacts {
  readonly state: ApprovalState;
  readonly approversNeeded: number;
  readonly approvedBy: readonly string[];
  readonly deniedBy: string | null;
  readonly reason: string | null;
  readonly usedBy: string | null;
}

/** Actions that wait at once: of all skills, and of one skill and tenant. */
const WAITING_MAX = 1_000;
const WAITING_OF_ONE_MAX = 20;
/** Of those that are over. */
const KEPT_MAX = 1_000;
const ARGUMENT_BYTES_MAX = 64 * 1024;

export class ApprovalBook {
  readonly #parts: ApprovalBookParts;
  readonly #approvals = new Map<string, Approval>();
  #sequence = 0;
  #loaded: Promise<Result<null>> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ApprovalBookParts) {
    this.#parts = parts;
  }

  /** Uses up the approval of an action, or asks for one. Failures: APPROVAL_*, and those of the journal. */
  claim(action: ActionFacts): Promise<Result<string>> {
    return this.#next(async (terms) => {
      const released = judgeRelease(action, terms);
      if (!released.ok) return released;
      const known = this.#of(action);
      const judged = known && judgeClaim(known, terms, this.#parts.nowMs());
      if (!judged) return this.#request(action, terms);
      if (!judged.ok) return judged;
      const { approval } = judged.value;
      const { correlationId } = action;
      const used = await this.#write({ type: 'approval.used', body: { approval, correlationId } });
      return used.ok ? success(approval) : used;
    });
  }

  /** Failures: APPROVAL_NOT_FOUND, APPROVAL_REFUSED, APPROVAL_EXPIRED, APPROVAL_DENIED, and those of the journal. */
  vote(vote: Vote): Promise<Result<ApprovalView>> {
    return this.#next(async (terms) => {
      const approval = this.#approvals.get(vote.approval);
      if (!approval) return failure('APPROVAL_NOT_FOUND', { approval: vote.approval });
      const event = judgeVote(approval, vote, terms, this.#parts.nowMs());
      if (!event.ok) return event;
      const written = await this.#write(event.value);
      return written.ok ? this.#view(vote.approval, terms) : written;
    });
  }

  /** Newest first; `limit` at most. */
  list(limit = 100): Promise<Result<readonly ApprovalView[]>> {
    return this.#next(async (terms) => {
      const views = [...this.#approvals.values()].reverse().slice(0, limit);
      return success(views.map((each) => viewOf(each, terms, this.#parts.nowMs())));
    });
  }

  /** Failure: APPROVAL_NOT_FOUND. */
  show(approval: string): Promise<Result<ApprovalView>> {
    return this.#next(async (terms) => this.#view(approval, terms));
  }

  #of({ hash, decision }: ActionFacts): Approval | undefined {
    const all = [...this.#approvals.values()].reverse();
    return all.find(({ facts }) => facts.actionHash === hash && facts.risk === decision.risk);
  }

  async #request(action: ActionFacts, terms: ApprovalTerms): Promise<Result<string>> {
    const { hash: actionHash, call, args, request, decision, correlationId } = action;
    const refused = (reason: string) =>
      failure('APPROVAL_REFUSED', { approval: actionHash.slice(0, 16), reason });
    const bytes = Buffer.byteLength(canonicalJson(args as Json));
    if (bytes > ARGUMENT_BYTES_MAX)
      return refused(`its arguments have ${bytes} bytes, more than a person can look at`);
    const requestedAtMs = this.#parts.nowMs();
    const waiting = [...this.#approvals.values()].filter(
      (each) => stateOf(each, terms, requestedAtMs) === 'waiting',
    );
    const { name, tenant } = request.principal;
    const own = waiting.filter(
      ({
        facts: {
          request: { principal },
        },
      }) => principal.name === name && principal.tenant === tenant,
    );
    if (waiting.length >= WAITING_MAX || own.length >= WAITING_OF_ONE_MAX)
      return refused(`${own.length} actions of ${name} wait for approval already`);
    const unique = `${this.#parts.node} ${actionHash} ${this.#sequence} ${requestedAtMs}`;
    const facts: ApprovalFacts = {
      approval: `a-${createHash('sha256').update(unique).digest('hex').slice(0, 12)}`,
      ...{ actionHash, call, args, request, correlationId, requestedAtMs },
      ...{ risk: decision.risk, decision: decision.id, policyHash: decision.policyHash },
      expiresAtMs: requestedAtMs + terms.expiresAfterMs,
    };
    const written = await this.#write({ type: 'approval.requested', body: facts });
    return written.ok ? requiredFor(facts) : written;
  }

  #view(approval: string, terms: ApprovalTerms): Result<ApprovalView> {
    const found = this.#approvals.get(approval);
    if (!found) return failure('APPROVAL_NOT_FOUND', { approval });
    return success(viewOf(found, terms, this.#parts.nowMs()));
  }

  async #write(event: ApprovalEvent): Promise<Result<null>> {
    const expectedStreamSequence = this.#sequence;
    const written = await this.#parts.journal.append(
      APPROVAL_STREAM,
      [{ type: event.type, body: event.body as unknown as Json }],
      { expectedStreamSequence },
    );
    if (!written.ok) {
      // Whether it was written or not is read again before anything else counts.
      this.#loaded = undefined;
      return written;
    }
    this.#sequence = written.value.lastStreamSequence;
    this.#apply(event);
    this.#parts.onEvent(event);
    return success(null);
  }

  #apply(event: ApprovalEvent): void {
    const { approval } = event.body;
    const after = afterEvent(this.#approvals.get(approval), event);
    if (!after) return;
    this.#approvals.set(approval, after);
    if (this.#approvals.size <= WAITING_MAX + KEPT_MAX) return;
    const nowMs = this.#parts.nowMs();
    const over = [...this.#approvals].find(([, { facts }]) => facts.expiresAtMs < nowMs);
    if (over) this.#approvals.delete(over[0]);
  }

  #next<T>(work: (terms: ApprovalTerms) => Promise<Result<T>>): Promise<Result<T>> {
    const turn = this.#last.then(async () => {
      this.#loaded ??= this.#load();
      const loaded = await this.#loaded;
      if (!loaded.ok) {
        this.#loaded = undefined;
        return loaded;
      }
      const terms = await this.#parts.terms();
      return terms.ok ? work(terms.value) : terms;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #load(): Promise<Result<null>> {
    this.#approvals.clear();
    this.#sequence = 0;
    for (;;) {
      const options = { afterStreamSequence: this.#sequence };
      const page = await this.#parts.journal.read(APPROVAL_STREAM, options);
      if (!page.ok) return page;
      for (const { type, body, streamSequence } of page.value) {
        this.#sequence = streamSequence;
        this.#apply({ type, body } as unknown as ApprovalEvent);
      }
      if (page.value.length === 0) return success(null);
    }
  }
}

function viewOf(approval: Approval, terms: ApprovalTerms, nowMs: number): ApprovalView {
  const { facts, denied, usedBy = null } = approval;
  return {
    ...facts,
    state: stateOf(approval, terms, nowMs),
    approversNeeded: approversNeeded(facts.risk),
    approvedBy: countedVotes(approval, terms).map(({ by }) => by),
    deniedBy: denied?.by ?? null,
    reason: denied?.reason ?? null,
    usedBy,
  };
}
