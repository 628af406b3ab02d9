/**
 * `skein skills dev`: tests a folder, and again whenever a file in it changes, until it is told to stop. A change ends the round that
 * is under way; no process outlives the one that was told to stop.
 */
import { watch } from 'node:fs';
import { sep } from 'node:path';
import {
  failure,
  type Result,
  reasonOf,
  success,
  type TimerHandle,
  type Timers,
} from '../contracts/index.ts';
import { TYPES_FILE } from './skill-types.ts';
import { type FolderReport, testSkillFolder } from './testing/test-folder.ts';

export interface DevelopOptions {
  readonly folder: string;
  readonly timers: Timers;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** `changed`: what made it look again; undefined for the first round. */
  readonly onRound: (result: Result<FolderReport>, changed: string | undefined) => void;
  /** A round begins. */
  readonly onBegin?: () => void;
}

/** Editors write a file in several steps. */
const QUIET_MS = 80;

/** Settles when it was told to stop and nothing runs any more. Failure: FILE_UNREADABLE. */
export async function developSkill(options: DevelopOptions): Promise<Result<void>> {
  const { folder, timers, signal, onRound } = options;
  let wake: () => void = () => undefined;
  let changed: string | undefined;
  let isDue = true;
  let round = new AbortController();
  let quiet: TimerHandle | undefined;
  const look = (): void => {
    isDue = true;
    round.abort();
    wake();
  };
  const hear = (file: string): void => {
    changed = file;
    quiet?.cancel();
    quiet = timers.after(QUIET_MS, look);
  };
  const stop = (): void => {
    round.abort();
    wake();
  };
  try {
    const watcher = watch(folder, { recursive: true }, (_kind, file) => {
      if (file !== null && isWatched(file)) hear(file);
    });
    watcher.on('error', (thrown) => hear(reasonOf(thrown)));
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      if (!isDue)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (signal.aborted) break;
      isDue = false;
      round = new AbortController();
      const why = changed;
      options.onBegin?.();
      const result = await testSkillFolder(folder, { signal: round.signal });
      if (!round.signal.aborted) onRound(result, why);
    }
    quiet?.cancel();
    watcher.close();
    return success(undefined);
  } catch (thrown) {
    return failure('FILE_UNREADABLE', { file: folder, reason: reasonOf(thrown) });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What a round itself writes does not begin another. */
function isWatched(file: string): boolean {
  const parts = file.split(sep);
  return (
    parts.at(-1) !== TYPES_FILE &&
    !file.endsWith('.skein.json') &&
    !parts.some((part) => part === 'node_modules' || part.startsWith('.'))
  );
}
