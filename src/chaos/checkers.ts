/** All checkers, always on. */
import type { MakeChecker } from './checker.ts';
import { acknowledgedWorkChecker } from './checkers/acknowledged-work.ts';
import { askChecker } from './checkers/asks.ts';
import { delegationChecker } from './checkers/delegation.ts';
import { handOverChecker } from './checkers/hand-over.ts';
import { journalChecker } from './checkers/journal.ts';
import { membershipChecker } from './checkers/membership.ts';
import { noLossChecker } from './checkers/no-loss.ts';
import { orderChecker } from './checkers/order.ts';
import { ownershipChecker } from './checkers/ownership.ts';
import { restartChecker } from './checkers/restarts.ts';
import { runChecker } from './checkers/runs.ts';
import { virtualActorsChecker } from './checkers/virtual-actors.ts';
import { watchChecker } from './checkers/watch.ts';

export const CHECKERS: readonly MakeChecker[] = [
  orderChecker,
  noLossChecker,
  askChecker,
  watchChecker,
  restartChecker,
  runChecker,
  journalChecker,
  membershipChecker,
  ownershipChecker,
  handOverChecker,
  acknowledgedWorkChecker,
  delegationChecker,
  virtualActorsChecker,
];
