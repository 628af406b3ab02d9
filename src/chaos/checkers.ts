/** All checkers, always on. */
import type { MakeChecker } from './checker.ts';
import { askChecker } from './checkers/asks.ts';
import { journalChecker } from './checkers/journal.ts';
import { noLossChecker } from './checkers/no-loss.ts';
import { orderChecker } from './checkers/order.ts';
import { restartChecker } from './checkers/restarts.ts';
import { runChecker } from './checkers/runs.ts';
import { watchChecker } from './checkers/watch.ts';

export const CHECKERS: readonly MakeChecker[] = [
  orderChecker,
  noLossChecker,
  askChecker,
  watchChecker,
  restartChecker,
  runChecker,
  journalChecker,
];
