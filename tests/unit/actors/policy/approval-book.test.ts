/** Approvals: one exact action, the people that it takes, before it expires, once. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApprovalBook, type ApprovalView } from '../../../../src/actors/policy/approval-book.ts';
import type { CorrelationId, Journal, Json, Result } from '../../../../src/contracts/index.ts';
import { failure, success } from '../../../../src/contracts/index.ts';
import { memoryJournal } from '../../../../src/journal/index.ts';
import {
  type ActionFacts,
  type ApprovalEvent,
  type ApprovalTerms,
  actionHash,
  type Vote,
  voteBytes,
} from '../../../../src/sandbox/index.ts';
import { keyText, nodeKeyOf } from '../../../../src/transport/index.ts';

const keyOf = (byte: number) => nodeKeyOf(new Uint8Array(32).fill(byte));
const KEYS = { ada: keyOf(1), bob: keyOf(2), eve: keyOf(3), ada2: keyOf(4) } as const;
type Key = keyof typeof KEYS;
const approver = (name: string, key: Key) => {
  const { publicKey } = KEYS[key];
  return { name, publicKey, keyText: keyText(publicKey) };
};
const TERMS: ApprovalTerms = {
  approvers: [approver('ada', 'ada'), approver('ada', 'ada2'), approver('bob', 'bob')],
  allowsHigh: true,
  expiresAfterMs: 1_000,
};
const principal = { name: 's', version: '1.0.0', contentHash: '0'.repeat(64), tenant: 't' };

function action(args: readonly Json[], risk: 'medium' | 'high' = 'medium'): ActionFacts {
  const call = 'kv.set';
  const resource = { type: 'Key', id: String(args[0]) };
  return {
    ...{ call, args, hash: actionHash({ name: call, args }, principal) },
    request: { principal, action: call, resource, attributes: { op: 'set' } },
    decision: {
      ...{ id: 'd', allowed: true, risk, determining: ['p'], reasons: [] },
      ...{ policyHash: 'h', cached: false },
    },
    correlationId: 'c'.repeat(32) as CorrelationId,
  };
}

class World {
  nowMs = 0;
  terms: Result<ApprovalTerms> = success(TERMS);
  readonly events: ApprovalEvent[] = [];
  readonly journal: Journal;
  book: ApprovalBook;

  constructor(eventsMax = 1_000) {
    this.journal = memoryJournal({
      clock: { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs },
      eventsMax,
    });
    this.book = this.open();
  }

  open(node = 'n-1'): ApprovalBook {
    return new ApprovalBook({
      node,
      journal: this.journal,
      terms: async () => this.terms,
      nowMs: () => this.nowMs,
      onEvent: (event) => void this.events.push(event),
    });
  }

  /** Of what waits. */
  async ask(facts: ActionFacts): Promise<string> {
    const claimed = await this.book.claim(facts);
    if (claimed.ok || claimed.error.code !== 'APPROVAL_REQUIRED')
      throw new Error(JSON.stringify(claimed));
    return (claimed.error.details as { approval: string }).approval;
  }

  async vote(
    approval: string,
    by: string,
    key: Key = by as Key,
    more: Partial<Vote> & { readonly signed?: Partial<ApprovalView> } = {},
  ): Promise<Result<ApprovalView>> {
    const shown = await this.book.show(approval);
    if (!shown.ok) return shown;
    const { signed, ...changed } = more;
    const said = { by, verdict: 'approve' as const, ...changed };
    const bytes = voteBytes({ ...shown.value, ...signed }, said);
    const signature = Buffer.from(KEYS[key].sign(bytes)).toString('base64');
    return this.book.vote({ approval, signature, ...said });
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});
const refused = (reason: RegExp) => ({
  ok: false,
  error: { code: 'APPROVAL_REFUSED', message: expect.stringMatching(reason) },
});

describe('an approval', () => {
  it('of one node is none of another that was asked for the same at the same time', async () => {
    const other = new World();
    other.book = other.open('n-2');
    const [here, there] = [await world.ask(action(['k', 1])), await other.ask(action(['k', 1]))];
    expect(here).not.toBe(there);
    expect(await world.vote(here, 'ada')).toMatchObject({ value: { state: 'approved' } });
    const [vote] = world.events.flatMap((event) =>
      event.type === 'approval.approved' ? [event.body] : [],
    );
    if (!vote) throw new Error('nobody voted');
    for (const approval of [here, there]) {
      const { by, verdict, signature } = vote;
      const replayed = await other.book.vote({ by, verdict, signature, approval });
      expect(replayed.ok).toBe(false);
    }
    expect(await other.book.show(there)).toMatchObject({ value: { state: 'waiting' } });
  });

  it('is asked for once, however often the action is tried, and used once', async () => {
    const id = await world.ask(action(['k', 1]));
    expect(await world.ask(action(['k', 1]))).toBe(id);
    expect(await world.vote(id, 'ada')).toMatchObject({ value: { state: 'approved' } });
    const claims = await Promise.all([1, 2, 3].map(() => world.book.claim(action(['k', 1]))));
    expect(claims[0]).toEqual(success(id));
    expect(claims.filter(({ ok }) => ok)).toHaveLength(1);
    expect(claims[1]).toMatchObject({ error: { code: 'APPROVAL_REQUIRED' } });
    expect(await world.vote(id, 'ada')).toMatchObject(refused(/used already/));
  });

  it.each<[string, ActionFacts]>([
    ['another argument', action(['k', 2])],
    ['one argument more', action(['k', 1, null])],
    ['another tier', action(['k', 1], 'high')],
  ])('is not for %s', async (_what, other) => {
    const id = await world.ask(action(['k', 1]));
    await world.vote(id, 'ada');
    expect(await world.ask(other)).not.toBe(id);
  });

  it('is not for another content of the skill, nor another tenant', () => {
    const call = { name: 'kv.set', args: ['k', 1] };
    const hashes = [
      principal,
      { ...principal, contentHash: '1'.repeat(64) },
      { ...principal, tenant: 'u' },
    ].map((each) => actionHash(call, each));
    expect(new Set(hashes).size).toBe(3);
  });

  it('outlives a restart, given and used', async () => {
    const id = await world.ask(action(['k', 1]));
    await world.vote(id, 'ada');
    world.book = world.open();
    expect(await world.book.claim(action(['k', 1]))).toEqual(success(id));
    world.book = world.open();
    expect(await world.book.claim(action(['k', 1]))).toMatchObject({ ok: false });
  });

  it('expires, given or not', async () => {
    const late = await world.ask(action(['k', 1]));
    const given = await world.ask(action(['k', 2]));
    await world.vote(given, 'ada');
    world.nowMs = 1_000;
    expect(await world.vote(late, 'ada')).toMatchObject({ error: { code: 'APPROVAL_EXPIRED' } });
    expect(await world.ask(action(['k', 2]))).not.toBe(given);
  });

  it('that was denied stays denied until it expires, and says by whom', async () => {
    const id = await world.ask(action(['k', 1]));
    await world.vote(id, 'bob', 'bob', { verdict: 'deny', reason: 'not today' });
    expect(await world.book.claim(action(['k', 1]))).toMatchObject({
      error: { code: 'APPROVAL_DENIED', details: { by: 'bob', reason: 'not today' } },
    });
    expect(await world.vote(id, 'ada')).toMatchObject({ error: { code: 'APPROVAL_DENIED' } });
    world.nowMs = 1_000;
    expect(await world.ask(action(['k', 1]))).not.toBe(id);
  });

  it('is no vote of a stranger, of another key, or for anything but what was signed', async () => {
    const id = await world.ask(action(['k', 1]));
    const other = await world.ask(action(['k', 2]));
    expect(await world.vote(id, 'eve')).toMatchObject(refused(/eve is no approver/));
    expect(await world.vote(id, 'ada', 'eve')).toMatchObject(refused(/not ada’s/));
    for (const signed of [
      { actionHash: '0'.repeat(64) },
      { approval: other },
      { expiresAtMs: 9_000 },
    ])
      expect(await world.vote(id, 'ada', 'ada', { signed })).toMatchObject(refused(/not ada’s/));
    const shown = await world.book.show(id);
    if (!shown.ok) throw new Error('there is one');
    const denial = { by: 'ada', verdict: 'deny' as const };
    const signature = Buffer.from(KEYS.ada.sign(voteBytes(shown.value, denial))).toString('base64');
    const turned = { approval: id, ...denial, verdict: 'approve' as const, signature };
    expect(await world.book.vote(turned)).toMatchObject(refused(/not ada’s/));
    expect(await world.book.vote({ ...turned, signature: '' })).toMatchObject({ ok: false });
    expect(await world.book.vote({ ...turned, approval: 'a-none' })).toMatchObject({
      error: { code: 'APPROVAL_NOT_FOUND' },
    });
  });

  it('of high risk takes two people: other names and other keys', async () => {
    const id = await world.ask(action(['k', 1], 'high'));
    expect(await world.vote(id, 'ada')).toMatchObject({ value: { state: 'waiting' } });
    expect(await world.vote(id, 'ada')).toMatchObject(refused(/two different people/));
    expect(await world.vote(id, 'ada', 'ada2')).toMatchObject(refused(/two different people/));
    expect(await world.book.claim(action(['k', 1], 'high'))).toMatchObject({
      error: { code: 'APPROVAL_REQUIRED', details: { approvers: 2 } },
    });
    expect(await world.vote(id, 'bob')).toMatchObject({ value: { state: 'approved' } });
    expect(await world.book.claim(action(['k', 1], 'high'))).toEqual(success(id));
  });

  it('of high risk is refused where nothing of high risk is released, approved or not', async () => {
    const id = await world.ask(action(['k', 1], 'high'));
    await world.vote(id, 'ada');
    await world.vote(id, 'bob');
    world.terms = success({ ...TERMS, allowsHigh: false });
    expect(await world.book.claim(action(['k', 1], 'high'))).toMatchObject(refused(/released/));
    expect(await world.book.claim(action(['k', 2], 'high'))).toMatchObject(refused(/released/));
  });

  it('counts no more when its approver has another key', async () => {
    const id = await world.ask(action(['k', 1]));
    await world.vote(id, 'ada');
    world.terms = success({ ...TERMS, approvers: [approver('ada', 'ada2')] });
    expect(await world.book.claim(action(['k', 1]))).toMatchObject({ ok: false });
    expect(await world.vote(id, 'ada', 'ada2')).toMatchObject({ value: { state: 'approved' } });
  });

  it('lets nothing happen that cannot be written as used', async () => {
    world = new World(2);
    const id = await world.ask(action(['k', 1]));
    expect(await world.vote(id, 'ada')).toMatchObject({ value: { state: 'approved' } });
    expect(await world.book.claim(action(['k', 1]))).toMatchObject({
      error: { code: 'JOURNAL_UNAVAILABLE' },
    });
  });

  it('counts no more when its approver was taken out, or the file cannot be read', async () => {
    const id = await world.ask(action(['k', 1]));
    await world.vote(id, 'ada');
    world.terms = success({ ...TERMS, approvers: [approver('bob', 'bob')] });
    expect(await world.book.claim(action(['k', 1]))).toMatchObject({ ok: false });
    world.terms = failure('FILE_UNREADABLE', { file: 'approvers.yaml', reason: 'gone' });
    expect(await world.book.claim(action(['k', 1]))).toMatchObject({ ok: false });
    world.terms = success({ ...TERMS, approvers: [] });
    expect(await world.book.claim(action(['k', 9]))).toMatchObject(refused(/nobody can approve/));
  });

  it('does not flood whoever approves: a skill has 20 that wait, and arguments that a person can look at', async () => {
    for (let at = 0; at < 20; at++) await world.ask(action([at]));
    expect(await world.book.claim(action([20]))).toMatchObject(refused(/20 actions of s wait/));
    world.nowMs = 1_000;
    await world.ask(action([20]));
    const long = action(['k', 'x'.repeat(70_000)]);
    expect(await world.book.claim(long)).toMatchObject(refused(/more than a person/));
  });
});

type Step =
  | { readonly kind: 'claim'; readonly arg: number; readonly risk: 'medium' | 'high' }
  | {
      readonly kind: 'vote';
      readonly at: number;
      readonly by: string;
      readonly key: Key;
      readonly deny: boolean;
    }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'release'; readonly high: boolean };

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('claim' as const),
        arg: fc.nat(1),
        risk: fc.constantFrom('medium' as const, 'high' as const),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('vote' as const),
        at: fc.nat(5),
        by: fc.constantFrom('ada', 'bob', 'eve'),
        key: fc.constantFrom<Key>('ada', 'ada2', 'bob', 'eve'),
        deny: fc.constantFrom(false, false, false, true),
      }),
    },
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 100, max: 700 }) }),
    fc.record({ kind: fc.constant('restart' as const) }),
    fc.record({ kind: fc.constant('release' as const), high: fc.boolean() }),
  ),
  { maxLength: 25 },
) as fc.Arbitrary<Step[]>;

describe('whatever is tried, in whatever order', () => {
  it('an action passes once for each approval, with the people that it takes, in time and never after a denial', async () => {
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const own = new World();
        const known: string[] = [];
        const asked = new Map<string, { arg: number; risk: string; untilMs: number }>();
        const yes = new Map<string, Set<string>>();
        const over = new Set<string>();
        let released = true;
        for (const step of list) {
          if (step.kind === 'wait') own.nowMs += step.ms;
          if (step.kind === 'restart') own.book = own.open();
          if (step.kind === 'release') {
            released = step.high;
            own.terms = success({ ...TERMS, allowsHigh: released });
          }
          if (step.kind === 'vote') {
            const id = known[step.at % Math.max(1, known.length)];
            if (id === undefined) continue;
            const verdict = step.deny ? ('deny' as const) : ('approve' as const);
            const cast = await own.vote(id, step.by, step.key, { verdict });
            const isOwn = step.key.startsWith(step.by) && step.by !== 'eve';
            if (cast.ok) expect(isOwn && !over.has(id)).toBe(true);
            if (cast.ok && step.deny) over.add(id);
            else if (cast.ok) yes.set(id, (yes.get(id) ?? new Set()).add(step.by));
          }
          if (step.kind === 'claim') {
            const claimed = await own.book.claim(action([step.arg], step.risk));
            if (claimed.ok) {
              passed++;
              const id = claimed.value;
              const facts = asked.get(id);
              expect(facts).toMatchObject({ arg: step.arg, risk: step.risk });
              expect(own.nowMs).toBeLessThan(facts?.untilMs ?? 0);
              expect(yes.get(id)?.size ?? 0).toBeGreaterThanOrEqual(step.risk === 'high' ? 2 : 1);
              expect(over.has(id)).toBe(false);
              if (step.risk === 'high') expect(released).toBe(true);
              over.add(id);
            } else if (claimed.error.code === 'APPROVAL_REQUIRED') {
              const { approval, expiresAtMs } = claimed.error.details as {
                readonly approval: string;
                readonly expiresAtMs: number;
              };
              if (!asked.has(approval)) known.push(approval);
              asked.set(approval, { arg: step.arg, risk: step.risk, untilMs: expiresAtMs });
            }
          }
        }
        const before = await own.book.list();
        expect(await own.open().list()).toEqual(before);
      }),
      { numRuns: 150 },
    );
    expect(passed).toBeGreaterThan(0);
  });
});
