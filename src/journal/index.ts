/** The durable log and the key-value store beside it: the bodies of the ports `Journal` and `KeyValue`. */
export { writeFileDurably } from './database-file.ts';
export {
  type Inspection,
  inspectJournal,
  inspectKeyValue,
  inspectState,
  isInUse,
} from './inspect.ts';
export { type JetStreamObjectsOptions, openJetStreamObjects } from './jetstream-objects.ts';
export { type JetStreamProbe, type JetStreamProbed, probeJetStream } from './jetstream-probe.ts';
export { type JetStreamStateOptions, openJetStreamState } from './jetstream-state.ts';
export { type MemoryJournalOptions, memoryJournal } from './memory-journal.ts';
export { memoryKeyValue } from './memory-key-value.ts';
export { memoryState } from './memory-state.ts';
export { memoryObjects, type Objects } from './objects.ts';
export type { Recovered } from './set-aside.ts';
export { openSimulatedJournal, type SimulatedJournalOptions } from './simulated-journal.ts';
export {
  openSqliteJournal,
  type SqliteJournal,
  type SqliteJournalOptions,
} from './sqlite-journal.ts';
export {
  openSqliteKeyValue,
  type SqliteKeyValue,
  type SqliteKeyValueOptions,
} from './sqlite-key-value.ts';
export { openSqliteState, type SqliteStateOptions } from './sqlite-state.ts';
