/** Opens the node's journal and key-value store: on disk in the data directory, or in memory. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  failure,
  type Journal,
  type KeyValue,
  type Ports,
  type Result,
  reasonOf,
  success,
} from '../contracts/index.ts';
import {
  memoryJournal,
  memoryKeyValue,
  openSqliteJournal,
  openSqliteKeyValue,
} from '../journal/index.ts';

export interface Stores {
  readonly journal: Journal;
  readonly keyValue: KeyValue;
  /** What was set aside at opening, for the person who starts the node. */
  readonly recovered: readonly string[];
}

export async function openStores(
  dataDir: string | 'memory',
  { clock, timers }: Ports,
  recover: boolean,
): Promise<Result<Stores>> {
  if (dataDir === 'memory') {
    return success({
      journal: memoryJournal({ clock }),
      keyValue: memoryKeyValue(),
      recovered: [],
    });
  }
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    return failure('FILE_UNREADABLE', { file: dataDir, reason: reasonOf(thrown) });
  }
  const journal = await openSqliteJournal({
    file: join(dataDir, 'journal.db'),
    clock,
    timers,
    onDamage: recover ? 'keep-prefix' : 'fail',
  });
  if (!journal.ok) return journal;
  const keyValue = await openSqliteKeyValue({
    file: join(dataDir, 'kv.db'),
    timers,
    onDamage: recover ? 'keep-readable' : 'fail',
  });
  if (!keyValue.ok) {
    await journal.value.close();
    return keyValue;
  }
  const recovered = [journal.value.recovered, keyValue.value.recovered]
    .filter((each) => each !== undefined)
    .map(
      ({ sequence, reason, setAside }) =>
        `${reason} (sequence ${sequence}); set aside as ${setAside}`,
    );
  return success({ journal: journal.value, keyValue: keyValue.value, recovered });
}
