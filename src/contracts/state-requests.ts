/** A shared state out of a body that carries requests out: what comes is checked here, alike for every body. */
import { type Json, type Result, success } from './outcome.ts';
import type { SharedState, StateWrite } from './shared-state.ts';
import {
  acceptRevision,
  acceptStateKey,
  acceptStatePrefix,
  acceptStateValue,
} from './state-rules.ts';

/** `text` is the value's JSON, undefined for a delete; `expected` is the revision to write over, or a rule. */
export interface WantedWrite {
  readonly operation: 'create' | 'update' | 'put' | 'delete';
  readonly key: string;
  readonly text: string | undefined;
  readonly expected: number | 'absent-or-deleted' | 'any';
}

/** Gets only what was checked; nothing throws or rejects. */
export interface StateBody extends Pick<SharedState, 'get' | 'keys' | 'close'> {
  readonly write: (wanted: WantedWrite) => Promise<Result<StateWrite>>;
  readonly watch: (
    prefix: string,
    onChange: Parameters<SharedState['watch']>[1],
  ) => ReturnType<SharedState['watch']>;
}

export function sharedStateOver(body: StateBody): SharedState {
  const write = async (wanted: Result<WantedWrite>): Promise<Result<StateWrite>> =>
    wanted.ok ? body.write(wanted.value) : wanted;
  const onRevision = (key: string, revision: number) => {
    const accepted = acceptRevision(revision);
    return accepted.ok ? acceptStateKey(key) : accepted;
  };
  return {
    get: async (key) => {
      const accepted = acceptStateKey(key);
      return accepted.ok ? body.get(key) : accepted;
    },
    create: (key, value) =>
      write(withValue(acceptStateKey(key), value, 'create', 'absent-or-deleted')),
    update: (key, value, revision) =>
      write(withValue(onRevision(key, revision), value, 'update', revision)),
    put: (key, value) => write(withValue(acceptStateKey(key), value, 'put', 'any')),
    delete: (key, revision) => {
      const accepted = revision === undefined ? acceptStateKey(key) : onRevision(key, revision);
      if (!accepted.ok) return write(accepted);
      const expected = revision ?? 'any';
      return write(success({ operation: 'delete', key, text: undefined, expected }));
    },
    keys: async (prefix) => {
      const accepted = acceptStatePrefix(prefix);
      return accepted.ok ? body.keys(prefix) : accepted;
    },
    watch: (prefix, onChange) => {
      const accepted = acceptStatePrefix(prefix);
      return accepted.ok ? body.watch(prefix, onChange) : accepted;
    },
    close: body.close,
  };
}

function withValue(
  key: Result<string>,
  value: Json,
  operation: WantedWrite['operation'],
  expected: WantedWrite['expected'],
): Result<WantedWrite> {
  if (!key.ok) return key;
  const text = acceptStateValue(value);
  return text.ok ? success({ operation, key: key.value, text: text.value, expected }) : text;
}
