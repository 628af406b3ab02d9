import { describe, expect, it } from 'vitest';
import { memberHash, readHashes, writeHashes } from '../../../src/cluster/membership/digest.ts';
import { buried, byItsWord, suspected } from '../../../src/cluster/membership/known-member.ts';
import { Membership } from '../../../src/cluster/membership/membership.ts';
import type { GossipMessage } from '../../../src/cluster/membership/messages.ts';
import { ProbeOrder } from '../../../src/cluster/membership/probe-order.ts';
import { Reconciliation } from '../../../src/cluster/membership/reconciliation.ts';
import { Roster } from '../../../src/cluster/membership/roster.ts';
import { voiceOf } from '../../../src/cluster/membership/statement.ts';
import { Suspicion } from '../../../src/cluster/membership/suspicion.ts';
import type { NodeId } from '../../../src/contracts/index.ts';
import { seededRandom } from '../../../src/host/index.ts';
import { simulatedIdentity } from '../../../src/transport/index.ts';

const id = (name: string): NodeId => `n-${name}` as NodeId;
const facts = { labels: {}, load: 0, wire: [1, 1], state: 'ready', skills: '' } as const;
const voice = (name: string) => voiceOf(id(name), simulatedIdentity(id(name)), 'test');
const says = (name: string, incarnation = 1) =>
  voice(name).self({ status: 'alive', incarnation, facts });
const known = (name: string, incarnation = 1) => byItsWord(says(name, incarnation), 0);
const dead = (name: string) => {
  const claim = voice('z').claim({ node: id(name), status: 'dead', incarnation: 1 });
  return buried(known(name), claim, 0);
};
const own = says('a');

function knowing(...members: readonly ReturnType<typeof known>[]) {
  const roster = new Roster();
  for (const member of members) roster.set(member);
  return { roster, reconciliation: new Reconciliation(roster) };
}

describe('the digest of what a member knows', () => {
  const digestOf = (...members: readonly ReturnType<typeof known>[]) =>
    knowing(...members).reconciliation.digest(own);

  it('is the same in whatever order it was heard, and counts the member itself', () => {
    const [b, c, d] = ['b', 'c', 'd'].map((name) => known(name)) as [
      ReturnType<typeof known>,
      ReturnType<typeof known>,
      ReturnType<typeof known>,
    ];
    expect(digestOf(b, c, d)).toEqual(digestOf(d, b, c));
    expect(digestOf(b, c, d).count).toBe(4);
    expect(digestOf()).toEqual({ count: 1, hash: memberHash(id('a'), 1) });
  });

  it('is another for another member, incarnation or death, and not for a suspicion', () => {
    const base = digestOf(known('b'), known('c'));
    expect(digestOf(known('b'), known('d')).hash).not.toBe(base.hash);
    expect(digestOf(known('b'), known('c', 2)).hash).not.toBe(base.hash);
    expect(digestOf(known('b'), dead('c'))).toEqual(digestOf(known('b')));
    const claim = voice('b').claim({ node: id('c'), status: 'suspect', incarnation: 1 });
    const limits = { minMs: 1, maxMs: 2, confirmations: 1 };
    const suspect = suspected(known('c'), claim, new Suspicion(id('b'), 0, limits));
    expect(digestOf(known('b'), suspect)).toEqual(base);
  });

  it('keeps step when members change, go and are forgotten', () => {
    const { roster, reconciliation } = knowing(known('b'), known('c'));
    roster.set(known('b', 2));
    roster.set(dead('c'));
    roster.set(known('d'));
    expect(reconciliation.digest(own)).toEqual(digestOf(known('b', 2), known('d')));
    roster.delete(id('c'));
    roster.delete(id('d'));
    expect(reconciliation.digest(own)).toEqual(digestOf(known('b', 2)));
  });

  it('is written four bytes a member', () => {
    const hashes = [0, 1, 0xffff_ffff, memberHash(id('b'), 3)];
    expect(writeHashes(hashes).byteLength).toBe(16);
    expect(readHashes(writeHashes(hashes))).toEqual(new Set(hashes));
  });
});

describe('members that know different things', () => {
  const mine = { count: 10, hash: 1 };

  it('ask at once who knows of more, and no second one while an answer may come', () => {
    const { reconciliation } = knowing();
    const more = { count: 110, hash: 2 };
    expect(reconciliation.compare(id('b'), mine, more, 0)).toBe('ask');
    expect(reconciliation.compare(id('c'), mine, more, 599)).toBe('wait');
    expect(reconciliation.compare(id('b'), mine, more, 600)).toBe('wait');
    expect(reconciliation.compare(id('c'), mine, more, 600)).toBe('ask');
  });

  it('ask who knows as many when that has lasted for three digests', () => {
    const { reconciliation } = knowing();
    const other = { count: 10, hash: 2 };
    const verdicts = [0, 1, 2].map((at) => reconciliation.compare(id('b'), mine, other, at));
    expect(verdicts).toEqual(['wait', 'wait', 'ask']);
    const again = knowing().reconciliation;
    const between = [other, other, mine, other, other].map((theirs) =>
      again.compare(id('b'), mine, theirs, 0),
    );
    expect(between).toEqual(['wait', 'wait', 'same', 'wait', 'wait']);
  });

  it('are kept waiting for nobody by one that says it knows of a thousand million', () => {
    const { reconciliation } = knowing();
    const boast = { count: 1e9, hash: 2 };
    expect(reconciliation.compare(id('b'), mine, boast, 0)).toBe('ask');
    expect(reconciliation.compare(id('b'), mine, boast, 4_000)).toBe('wait');
    expect(reconciliation.compare(id('c'), mine, { count: 11, hash: 3 }, 4_000)).toBe('ask');
  });

  it('say what the other lacks and who of it is gone, and nothing else', () => {
    const { reconciliation } = knowing(known('b'), known('c', 2), dead('d'), dead('e'));
    const theirs = knowing(known('b'), known('c'), known('d')).reconciliation.known(says('x'));
    const lacking = reconciliation.lacking(theirs, own, 0) ?? [];
    expect(lacking.map((said) => said.map(({ node, status }) => `${node} ${status}`))).toEqual([
      ['n-a alive'],
      ['n-c alive'],
      ['n-d alive', 'n-d dead'],
    ]);
  });

  it('tell much to nobody else right after they did', () => {
    const many = Array.from({ length: 100 }, (_, at) => known(`m${at}`));
    const { reconciliation } = knowing(...many);
    const nothing = new Uint8Array(0);
    expect(reconciliation.lacking(nothing, own, 0)).toHaveLength(101);
    expect(reconciliation.lacking(nothing, own, 302)).toBeUndefined();
    expect(reconciliation.lacking(nothing, own, 303)).toHaveLength(101);
  });
});

describe('a member that is told what is out of date', () => {
  const digest = { count: 1, hash: 1 };
  const ping = (...said: GossipMessage['said']): GossipMessage => ({
    kind: 'ping',
    seq: 1,
    digest,
    said,
  });
  const acquainted = () => {
    const self = new Membership({
      ...{ self: id('a'), voice: voice('a'), incarnation: 5, facts },
      ...{ random: seededRandom(1), nowMs: 0 },
    });
    self.receive(id('b'), { kind: 'hello', digest: null, said: [says('b'), says('c', 3)] }, 0);
    return self;
  };
  const answer = (self: Membership, message: GossipMessage) => {
    const outputs = self.receive(id('b'), message, 1);
    const ack = outputs.find((each) => each.kind === 'send' && each.message.kind === 'ack');
    if (ack?.kind !== 'send') throw new Error('not answered');
    return ack.message.said.map(({ node, status, incarnation }) => [node, status, incarnation]);
  };

  it('answers an old suspicion of itself with what it said since', () => {
    const claim = voice('c').claim({ node: id('a'), status: 'suspect', incarnation: 4 });
    expect(answer(acquainted(), ping(claim))).toContainEqual(['n-a', 'alive', 5]);
  });

  it('answers a suspicion of itself with its refutation', () => {
    const claim = voice('c').claim({ node: id('a'), status: 'suspect', incarnation: 5 });
    expect(answer(acquainted(), ping(claim))[0]).toEqual(['n-a', 'alive', 6]);
  });

  it('answers what is old of another with what it knows', () => {
    const self = acquainted();
    for (let round = 0; round < 20; round++) answer(self, ping());
    expect(answer(self, ping())).toEqual([]);
    expect(answer(self, ping(says('c', 2)))).toEqual([['n-c', 'alive', 3]]);
    const claim = voice('b').claim({ node: id('c'), status: 'suspect', incarnation: 2 });
    expect(answer(self, ping(claim))).toEqual([['n-c', 'alive', 3]]);
  });
});

describe('whom a member asks', () => {
  const all = ['a', 'b', 'c', 'd'].map(id);

  it('is everybody once before anybody twice, when nothing comes from them', () => {
    const order = new ProbeOrder(seededRandom(1));
    for (let round = 0; round < 5; round++) {
      const asked = all.map((_, at) => order.take(all, () => 'alive', 4 * round + at));
      expect(new Set(asked)).toEqual(new Set(all));
    }
  });

  it('is who has been silent for the longest time, and nobody that is suspected already', () => {
    const order = new ProbeOrder(seededRandom(1));
    for (const [at, node] of all.entries()) order.heard(node, at);
    order.heard(id('a'), 9);
    expect(order.take(all, () => 'alive', 10)).toBe('n-b');
    expect(order.take(all, (node) => (node === 'n-c' ? 'suspect' : 'alive'), 10)).toBe('n-d');
    order.addNext(id('c'));
    expect(order.take(all, () => 'suspect', 10)).toBe('n-c');
    expect(order.take(all, () => 'suspect', 10)).toBeUndefined();
  });
});
