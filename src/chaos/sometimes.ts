/** What must happen now and then in a sweep: a fault, or a branch, that never came has not been tested. */
import type { SimulatedBus, SimulatedDisk } from '../host/index.ts';
import type { Fact } from './checker.ts';
import { CLUSTER_SOMETIMES, type ClusterSometimes } from './cluster-marks.ts';
import { DELEGATION_SOMETIMES, type DelegationSometimes } from './delegation-marks.ts';
import { VIRTUAL_SOMETIMES, type VirtualSometimes } from './virtual-marks.ts';

/** With the faults and the workload of a sweep without a plan. */
export const SOMETIMES = [
  'an ask was answered',
  'an ask was not delivered',
  'an ask ended unknown',
  'an ask timed out',
  'a peer was lost',
  'a thread was lost',
  'a packet was lost',
  'a packet was repeated',
  'a packet was corrupted',
  'a packet was cut off',
  'a packet was late',
  'a direct link was opened',
  'a watched actor ended',
  'a send was refused',
  'a node crashed',
  'a thread was killed',
  'a thread hung',
  'a run succeeded',
  'a run failed for want of a thread',
  'a run ran into a limit of its skill',
  'a run failed with a sandbox host',
  'a run could not be journaled',
  'a payment was made',
  'a disk was full',
  'a disk lied about a flush',
  'a disk lost what it had confirmed',
  'a disk kept part of a transaction',
  'a disk changed a character',
  'a journal was found damaged',
  'a supervisor gave up',
] as const;

export type Sometimes =
  | (typeof SOMETIMES)[number]
  | ClusterSometimes
  | DelegationSometimes
  | VirtualSometimes;

/** Every one, as a plan may want it. */
export const ALL_SOMETIMES: readonly Sometimes[] = [
  ...SOMETIMES,
  ...CLUSTER_SOMETIMES,
  ...DELEGATION_SOMETIMES,
  ...VIRTUAL_SOMETIMES,
];

const CODES: Readonly<Record<string, Sometimes>> = {
  ASK_TIMEOUT: 'an ask timed out',
  PEER_LOST: 'a peer was lost',
  THREAD_LOST: 'a thread was lost',
};
const RUN_CODES: Readonly<Record<string, Sometimes>> = {
  THREAD_LOST: 'a run failed for want of a thread',
  SKILL_WALL_EXCEEDED: 'a run ran into a limit of its skill',
  SANDBOX_DIED: 'a run failed with a sandbox host',
  JOURNAL_UNAVAILABLE: 'a run could not be journaled',
};

export function seenBy(fact: Fact): readonly (Sometimes | undefined)[] {
  switch (fact.kind) {
    case 'settled': {
      const results = {
        answered: 'an ask was answered',
        'not-delivered': 'an ask was not delivered',
        unknown: 'an ask ended unknown',
      } as const;
      return [results[fact.result], CODES[fact.code ?? '']];
    }
    case 'terminated':
      return ['a watched actor ended'];
    case 'sent':
      return fact.isAccepted ? [] : ['a send was refused'];
    case 'run ended':
      return [fact.code === undefined ? 'a run succeeded' : RUN_CODES[fact.code]];
    case 'effect':
      return ['a payment was made'];
    case 'journal opened':
      return fact.damagedAt === undefined ? [] : ['a journal was found damaged'];
    case 'group gave up':
      return ['a supervisor gave up'];
    default:
      return [];
  }
}

/** What only those know that did it. */
export function seenIn(
  bus: SimulatedBus['counts'],
  disks: readonly SimulatedDisk[],
  streamsOpened: number,
): readonly Sometimes[] {
  const total = (count: (disk: SimulatedDisk) => number): number =>
    disks.reduce((sum, disk) => sum + count(disk), 0);
  const counts: readonly (readonly [Sometimes, number])[] = [
    ['a packet was lost', bus.lost],
    ['a packet was repeated', bus.repeated],
    ['a packet was corrupted', bus.corrupted],
    ['a packet was cut off', bus.cut],
    ['a packet was late', bus.delayed],
    ['a direct link was opened', streamsOpened],
    ['a disk was full', total(({ counts }) => counts.refused)],
    ['a disk lied about a flush', total(({ counts }) => counts.lied)],
    ['a disk lost what it had confirmed', total(({ counts }) => counts.lost)],
    ['a disk kept part of a transaction', total(({ counts }) => counts.torn)],
    ['a disk changed a character', total(({ counts }) => counts.flipped)],
  ];
  return counts.flatMap(([what, count]) => (count > 0 ? [what] : []));
}
