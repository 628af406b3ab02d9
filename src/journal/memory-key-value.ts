/** The key-value store in memory: the port's body for tests, for the simulator, and for a node that keeps nothing. */
import { failure, type KeyValue, type Result, success } from '../contracts/index.ts';
import {
  acceptList,
  acceptPlace,
  acceptPut,
  decideDelete,
  decidePut,
  forgotten,
  type KeyWrite,
  mustForget,
  NEW_SPACE,
  type SpaceFacts,
  type StoredEntry,
} from './key-value-rules.ts';

interface Space {
  facts: SpaceFacts;
  readonly entries: Map<string, StoredEntry>;
}

export function memoryKeyValue(): KeyValue {
  const spaces = new Map<string, Space>();
  let closed = false;
  const unavailable = (): Result<never> =>
    failure('JOURNAL_UNAVAILABLE', { reason: 'it is closed' });

  const store = (name: string, key: string, { entry, facts }: KeyWrite): void => {
    const space = spaces.get(name) ?? { facts, entries: new Map<string, StoredEntry>() };
    spaces.set(name, space);
    space.entries.set(key, entry);
    space.facts = mustForget(facts) ? forgotten(facts, forgetDeleted(space.entries)) : facts;
  };

  return {
    get: async (space, key) => {
      if (closed) return unavailable();
      const accepted = acceptPlace({ space, key });
      if (!accepted.ok) return accepted;
      const { text, revision = 0 } = spaces.get(space)?.entries.get(key) ?? {};
      return success(text === undefined ? undefined : { value: JSON.parse(text), revision });
    },
    put: async (space, key, value, options) => {
      if (closed) return unavailable();
      const text = acceptPut({ space, key }, value, options);
      if (!text.ok) return text;
      const held = spaces.get(space);
      const state = { entry: held?.entries.get(key), facts: held?.facts ?? NEW_SPACE };
      const write = decidePut({ space, key }, text.value, state, options);
      if (!write.ok) return write;
      store(space, key, write.value);
      return success({ revision: write.value.entry.revision });
    },
    delete: async (space, key) => {
      if (closed) return unavailable();
      const accepted = acceptPlace({ space, key });
      if (!accepted.ok) return accepted;
      const held = spaces.get(space);
      const write = held && decideDelete(held.entries.get(key), held.facts);
      if (write) store(space, key, write);
      return success(write !== undefined);
    },
    list: async (space, options) => {
      if (closed) return unavailable();
      const accepted = acceptList(space, options);
      if (!accepted.ok) return accepted;
      const { prefix, limit } = accepted.value;
      const entries = [...(spaces.get(space)?.entries ?? [])]
        .filter(([key, { text }]) => text !== undefined && key.startsWith(prefix))
        .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .slice(0, limit);
      return success(entries.map(([key, { text = 'null' }]) => ({ key, value: JSON.parse(text) })));
    },
    close: async () => {
      closed = true;
    },
  };
}

/** @returns the highest revision among what was forgotten */
function forgetDeleted(entries: Map<string, StoredEntry>): number {
  let revisionMax = 0;
  for (const [key, { text, revision }] of entries) {
    if (text !== undefined) continue;
    revisionMax = Math.max(revisionMax, revision);
    entries.delete(key);
  }
  return revisionMax;
}
