/** Transactions of a connection that writes alone. */
import type { DatabaseSync } from 'node:sqlite';
import type { Transactions } from './event-store.ts';
import { isPassing } from './sqlite-errors.ts';

export function sqliteTransactions(database: DatabaseSync): Transactions {
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  return {
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    rollback: (thrown) => {
      if (database.isTransaction) database.exec('ROLLBACK');
      return isPassing(thrown);
    },
  };
}
