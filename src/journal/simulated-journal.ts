/** The journal on a simulated disk: the same chain, the same judgement and recovery as on a real one, without SQLite between. */
import {
  type Clock,
  failure,
  invariant,
  type Journal,
  type Result,
  reasonOf,
  success,
  type Timers,
} from '../contracts/index.ts';
import { DiskError, type DiskRow, type SimulatedDisk } from '../host/index.ts';
import type { Damage } from './chain-verifier.ts';
import { durableJournal } from './durable-journal.ts';
import type { EventStore } from './event-store.ts';
import { type ChainHead, GENESIS } from './hash-chain.ts';
import { headRecord, parseHeadRecord } from './head-file.ts';
import { type Judgement, judge } from './judgement.ts';
import { unavailable } from './sqlite-errors.ts';

export interface SimulatedJournalOptions {
  readonly disk: SimulatedDisk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onDamage?: 'fail' | 'keep-prefix';
}

const FILE = 'simulated disk';

/** Failures: JOURNAL_CORRUPT, JOURNAL_UNAVAILABLE; as `openSqliteJournal`. `damage` says what was cut off. */
export async function openSimulatedJournal(
  options: SimulatedJournalOptions,
): Promise<Result<{ readonly journal: Journal; readonly damage: Damage | undefined }>> {
  const { disk, clock, timers, onDamage = 'fail' } = options;
  try {
    if (disk.head === undefined && disk.note === undefined) keep([], GENESIS, disk);
    const store = eventStore(disk);
    let judgement = await judgeDisk(store, disk, timers);
    const damage = judgement.kind === 'damaged' ? judgement.damage : undefined;
    if (damage && onDamage === 'keep-prefix') {
      const rows = sorted(disk.rowsAfter(0)).filter(({ sequence }) => sequence < damage.sequence);
      keep(rows, { count: rows.length, hash: rows.at(-1)?.hash ?? GENESIS.hash }, disk);
      judgement = await judgeDisk(store, disk, timers);
      invariant(judgement.kind === 'sound', 'what comes before the damage is sound');
    }
    if (judgement.kind === 'damaged') {
      return failure('JOURNAL_CORRUPT', { file: FILE, ...judgement.damage });
    }
    return success({ journal: durableJournal({ store, clock, timers }, judgement), damage });
  } catch (thrown) {
    return unavailable(reasonOf(thrown));
  }
}

const keep = (rows: readonly DiskRow[], head: ChainHead, disk: SimulatedDisk): void =>
  disk.replace(rows, headRecord(head), headRecord(head));

const sorted = (rows: readonly DiskRow[]): readonly DiskRow[] =>
  [...rows].sort((a, b) => a.sequence - b.sequence);

const headOf = (record: string | undefined): ChainHead | 'damaged' =>
  parseHeadRecord(record ?? '') ?? 'damaged';

const judgeDisk = (
  { rowsAfter, headRow }: EventStore,
  disk: SimulatedDisk,
  timers: Timers,
): Promise<Judgement> =>
  judge(
    {
      rowsAfter,
      headRow,
      headFile: disk.note === undefined ? 'missing' : headOf(disk.note),
      headFileName: `${FILE}-head`,
      structuralDefect: () => undefined,
    },
    timers,
  );

function eventStore(disk: SimulatedDisk): EventStore {
  const generation = ++disk.generation;
  let staged: DiskRow[] = [];
  let head = disk.head;
  let isOpen = true;
  const own = (): void => {
    if (disk.generation !== generation) throw new DiskError('the files are in other hands');
  };
  const undo = (): void => {
    staged = [];
    head = disk.head;
  };
  return {
    file: FILE,
    isOpen: () => isOpen,
    begin: undo,
    add: (sequence, event, hash) => staged.push({ sequence, event, hash }),
    writeHead: (next) => {
      head = headRecord(next);
    },
    commit: () => {
      own();
      disk.commit(staged, head);
      staged = [];
    },
    rollback: (thrown) => {
      undo();
      return thrown instanceof DiskError;
    },
    rowAt: (sequence) => {
      own();
      const row = disk.rowAt(sequence);
      return row && { ...row, previousHash: disk.rowAt(sequence - 1)?.hash };
    },
    rowsAfter: (count) => {
      own();
      return sorted(disk.rowsAfter(count));
    },
    headRow: () => headOf(disk.head),
    noteHead: (next) => disk.writeNote(headRecord(next)),
    close: () => {
      isOpen = false;
    },
  };
}
