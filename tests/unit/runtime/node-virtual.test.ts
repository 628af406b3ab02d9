/** Which nodes may have virtual actors, by what the membership knows of them. */
import { expect, it } from 'vitest';
import type { MemberReport, MemberStatus } from '../../../src/cluster/index.ts';
import type { NodeId } from '../../../src/contracts/index.ts';
import { candidatesAmong } from '../../../src/runtime/node-virtual.ts';

const member = (
  name: string,
  status: MemberStatus,
  facts: Partial<MemberReport['facts']> = {},
): MemberReport => ({
  node: name as NodeId,
  status,
  incarnation: 1,
  by: name as NodeId,
  facts: { labels: {}, load: 0, wire: [1, 1], state: 'ready', skills: '', ...facts },
});

it('takes everybody who is not gone, the busier for less, those who drain for nothing new', () => {
  const candidates = candidatesAmong([
    member('idle', 'alive', { labels: { zone: 'a' } }),
    member('busy', 'alive', { load: 0.75 }),
    member('doubted', 'suspect'),
    member('draining', 'alive', { state: 'draining' }),
    member('dead', 'dead'),
    member('left', 'left'),
  ]);
  expect(candidates).toEqual([
    { node: 'idle', labels: { zone: 'a' }, weight: 1 },
    { node: 'busy', labels: {}, weight: 0.25 },
    { node: 'doubted', labels: {}, weight: 1 },
    { node: 'draining', labels: {}, weight: 0 },
  ]);
});
