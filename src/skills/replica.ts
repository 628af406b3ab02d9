/**
 * A node's part in the registry of its cluster: what one node publishes, all have. It follows the index, fetches what is new, checks
 * hash and signature, and keeps a copy of its own, so that skills run on while NATS is away. What it refuses it says why, and tries
 * again when the trusted signers change. What it holds and the index has lost it enters again.
 */
import {
  failure,
  type Json,
  type Log,
  type Result,
  reasonOf,
  type SharedState,
  type SkillPackage,
  type StateChange,
  success,
  type TimerHandle,
  type Timers,
} from '../contracts/index.ts';
import type { Objects } from '../journal/index.ts';
import {
  EMPTY_ENTRY,
  INDEX_PREFIX,
  type IndexEntry,
  type IndexedVersion,
  indexKey,
  readIndexEntry,
  withVersion,
  withYanked,
} from './cluster-index.ts';
import { encodePackage, fileHashOf, parsePackage, type SignedPackage } from './package-file.ts';
import type { PublishOptions } from './publication.ts';
import type { SkillRegistry } from './registry.ts';

export interface ReplicaOptions {
  readonly state: SharedState;
  readonly objects: Objects;
  /** This node's own copy. */
  readonly registry: SkillRegistry;
  readonly timers: Timers;
  readonly log: Log;
}

/** A published version that this node does not take, and why. */
export interface RefusedVersion {
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

const RETRY_MS = 2_000;
const WRITES_MAX = 16;

/** A package is never changed in place, so its file has one hash. */
const files = new WeakMap<SignedPackage, string>();

function fileOf(signed: SignedPackage): string {
  const known = files.get(signed) ?? fileHashOf(encodePackage(signed));
  files.set(signed, known);
  return known;
}

export class RegistryReplica {
  readonly #options: ReplicaOptions;
  /** The newest known, by revision: a watch tells what was written before what this node wrote itself, but later. */
  readonly #entries = new Map<string, { readonly entry: IndexEntry; readonly revision: number }>();
  readonly #refused = new Map<string, RefusedVersion>();
  #stopWatch: () => void = () => undefined;
  #work: Promise<void> = Promise.resolve();
  #retry: TimerHandle | undefined;
  #isCaughtUp = false;
  #isClosed = false;

  private constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  /** Failure: STATE_UNAVAILABLE, when the state is closed. */
  static start(options: ReplicaOptions): Result<RegistryReplica> {
    const replica = new RegistryReplica(options);
    const watched = options.state.watch(INDEX_PREFIX, (change) => replica.#hear(change));
    if (!watched.ok) return watched;
    replica.#stopWatch = watched.value;
    return success(replica);
  }

  /** Whether all that was published when it last began to follow has been looked at. */
  get isCaughtUp(): boolean {
    return this.#isCaughtUp;
  }

  refused(): readonly RefusedVersion[] {
    return [...this.#refused.values()];
  }

  /**
   * For all nodes: the object first, then the entry that names it, so that who sees the entry finds the object. Failures:
   * SIGNATURE_REFUSED, VERSION_REFUSED, STATE_UNAVAILABLE, FILE_UNWRITABLE.
   */
  async publish(
    signed: SignedPackage,
    options: PublishOptions = {},
  ): Promise<Result<SkillPackage>> {
    const { registry, objects } = this.#options;
    const judged = registry.admits(signed);
    if (!judged.ok) return judged;
    const { manifest, contentHash } = signed.skill;
    const { name, version } = manifest;
    const bytes = encodePackage(signed);
    const offered = { name, version, contentHash, file: fileHashOf(bytes) };
    const first = await this.#read(name);
    const judgedFirst = first.ok ? withVersion(first.value.entry, offered, options) : first;
    if (!judgedFirst.ok) return judgedFirst;
    const put = await objects.put(offered.file, bytes);
    if (!put.ok) return put;
    const written = await this.#write(name, (entry) => withVersion(entry, offered, options));
    if (!written.ok) return written;
    return this.#inOrder(() => registry.take(signed, written.value.versions[version]?.yanked));
  }

  /** For all nodes; undefined undoes it. Failures: SKILL_NOT_FOUND, STATE_UNAVAILABLE, FILE_UNWRITABLE. */
  async yank(name: string, version: string, reason: string | undefined): Promise<Result<void>> {
    const { registry } = this.#options;
    const written = await this.#write(name, (entry) =>
      withYanked(entry, { name, version }, reason),
    );
    if (!written.ok) return written;
    const held = await this.#inOrder(() => registry.yank(name, version, reason));
    // A node that never took the version has nothing to yank.
    return held.ok || held.error.code !== 'SKILL_NOT_FOUND' ? held : success(undefined);
  }

  /** Looks again at everything: signers have changed. */
  reconsider(): void {
    for (const name of this.#entries.keys()) this.#later(name);
  }

  /** Settles when what is known has been worked off. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopWatch();
    this.#retry?.cancel();
    await this.#work;
  }

  #hear(change: StateChange): void {
    if (change.kind === 'lost') this.#isCaughtUp = false;
    else if (change.kind === 'begin') this.#entries.clear();
    else if (change.kind === 'caught-up') {
      this.#enqueue(async () => {
        this.#isCaughtUp = true;
        await this.#restore();
      });
    } else if (change.kind === 'entry') {
      const name = change.key.slice(INDEX_PREFIX.length);
      const entry = readIndexEntry(change.value);
      if (!entry) return this.#options.log.error('an entry of the skill index is none', { name });
      this.#know(name, entry, change.revision);
      this.#later(name);
    }
  }

  /** A server that lost its disk, or its last writes with its power, learns from the nodes what it had. */
  async #restore(): Promise<void> {
    const { registry, objects, log } = this.#options;
    for (const { signed, yanked } of registry.published()) {
      const { manifest, contentHash } = signed.skill;
      const { name, version } = manifest;
      if (this.#isClosed || !registry.judge(signed).ok) continue;
      if (this.#entries.get(name)?.entry.versions[version]) continue;
      const offered = { name, version, contentHash, file: fileOf(signed) };
      const put = await objects.put(offered.file, encodePackage(signed));
      const written = put.ok
        ? await this.#write(name, (entry) => {
            const entered = withVersion(entry, offered, { allowOlder: true });
            return entered.ok && yanked !== undefined && !entry.versions[version]
              ? withYanked(entered.value, offered, yanked)
              : entered;
          })
        : put;
      const skill = `${name}@${version}`;
      if (written.ok) log.warn('a skill that the index had lost is entered again', { skill });
      else this.#note({ name, version }, written);
    }
  }

  #know(name: string, entry: IndexEntry, revision: number): void {
    const known = this.#entries.get(name);
    if (!known || known.revision <= revision) this.#entries.set(name, { entry, revision });
  }

  /** After what is being worked off. */
  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  #later(name: string): void {
    this.#enqueue(() => this.#reconcile(name));
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#isClosed) return;
      try {
        await work();
      } catch (thrown) {
        this.#options.log.error('the registry could not follow', { reason: reasonOf(thrown) });
      }
    });
  }

  async #reconcile(name: string): Promise<void> {
    const { versions } = this.#entries.get(name)?.entry ?? EMPTY_ENTRY;
    for (const [version, indexed] of Object.entries(versions)) {
      if (this.#isClosed) return;
      const taken = await this.#take(name, version, indexed);
      this.#note({ name, version }, taken);
    }
  }

  #note(place: { name: string; version: string }, taken: Result<unknown>): void {
    const key = `${place.name}@${place.version}`;
    if (taken.ok) return void this.#refused.delete(key);
    const { code, message: reason } = taken.error;
    if (code === 'STATE_UNAVAILABLE') this.#retryLater();
    if (this.#refused.get(key)?.reason === reason) return;
    this.#refused.set(key, { ...place, reason });
    this.#options.log.warn('a published skill is not taken', { skill: key, code, reason });
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    this.#retry?.cancel();
    this.#retry = this.#options.timers.after(RETRY_MS, () => {
      this.reconsider();
      if (this.#isCaughtUp) this.#enqueue(() => this.#restore());
    });
  }

  /** Makes this node's copy what the index says. */
  async #take(name: string, version: string, indexed: IndexedVersion): Promise<Result<unknown>> {
    const { registry, objects } = this.#options;
    const held = registry.publishedVersion(name, version);
    if (held && fileOf(held.signed) === indexed.file) {
      if (held.yanked !== indexed.yanked) return registry.yank(name, version, indexed.yanked);
      return success(undefined);
    }
    const got = await objects.get(indexed.file);
    if (!got.ok) return got;
    const tampered = (reason: string) =>
      failure('PACKAGE_TAMPERED', { package: `${name}@${version}`, reason });
    if (got.value === undefined) {
      const key = `${name}@${version}`;
      const reason = 'its object is not there yet';
      return failure('STATE_UNAVAILABLE', {
        operation: 'get',
        key,
        reason,
        mayHaveHappened: false,
      });
    }
    if (fileHashOf(got.value) !== indexed.file)
      return tampered('the object does not have the hash that the index says');
    const parsed = parsePackage(Buffer.from(got.value).toString(), `${name}@${version}`);
    if (!parsed.ok) return parsed;
    const { manifest, contentHash } = parsed.value.skill;
    if (manifest.name !== name || manifest.version !== version)
      return tampered(`the object is ${manifest.name}@${manifest.version}`);
    if (contentHash !== indexed.contentHash)
      return tampered('its content is not the one that the index says');
    return registry.take(parsed.value, indexed.yanked);
  }

  async #read(
    name: string,
  ): Promise<Result<{ readonly entry: IndexEntry; readonly revision: number }>> {
    const found = await this.#options.state.get(indexKey(name));
    if (!found.ok) return found;
    const entry = readIndexEntry(found.value?.value);
    if (entry) return success({ entry, revision: found.value?.revision ?? 0 });
    const reason = 'the entry of the index was not written by a registry';
    return failure('VERSION_REFUSED', { skill: name, version: '*', reason });
  }

  /** Compare-and-set until nobody was in between. A write that may have happened is looked for before it is done again. */
  async #write(
    name: string,
    change: (entry: IndexEntry) => Result<IndexEntry>,
  ): Promise<Result<IndexEntry>> {
    const { state } = this.#options;
    const key = indexKey(name);
    for (let tries = 0; tries < WRITES_MAX; tries++) {
      const read = await this.#read(name);
      if (!read.ok) return read;
      const { entry, revision } = read.value;
      const changed = change(entry);
      if (!changed.ok) return changed;
      if (JSON.stringify(changed.value) === JSON.stringify(entry)) return changed;
      const value = changed.value as unknown as Json;
      const written =
        revision === 0 ? await state.create(key, value) : await state.update(key, value, revision);
      if (written.ok) {
        this.#know(name, changed.value, written.value.revision);
        return changed;
      }
      const { code, details } = written.error;
      const isUnknown = code === 'STATE_UNAVAILABLE' && 'mayHaveHappened' in (details as object);
      if (code !== 'JOURNAL_CONFLICT' && !isUnknown) return written;
      if (isUnknown && tries > 0) return written;
    }
    const reason = `others wrote it ${WRITES_MAX} times in between`;
    return failure('STATE_UNAVAILABLE', {
      operation: 'update',
      key,
      reason,
      mayHaveHappened: false,
    });
  }
}
