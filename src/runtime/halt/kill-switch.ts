/**
 * The kill switch of a node. What it is told counts at once, is on the disk before it is confirmed, and is confirmed when all that it
 * ends has ended. Told the same twice, it gives the same receipt.
 */
import {
  type Clock,
  failure,
  type Json,
  type Log,
  type Random,
  type Result,
  type SkeinError,
  success,
  type Timers,
} from '../../contracts/index.ts';
import {
  DAMAGED,
  describeScope,
  forgettable,
  HaltFolder,
  type HaltJudge,
  type HaltOrder,
  type HaltReceipt,
  type HaltRecord,
  type HaltRecords,
  haltedError,
  orderOver,
  type Stopped,
  signOrder,
  signReceipt,
  signRelease,
  standingIn,
  withRecord,
} from '../../sandbox/index.ts';
import type { NodeKey } from '../../transport/index.ts';

export interface KillSwitchOptions {
  readonly key: NodeKey;
  /** Undefined: nothing outlasts the process. */
  readonly dataDir: string | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Appends to the node's audit stream. */
  readonly audit: (event: { readonly type: string; readonly body: Json }) => void;
  /** Ends what `judge` does not let run, on all threads. Fails while some thread has not said that it has. */
  readonly stop: () => Promise<Result<Stopped>>;
}

/** What an operator asks for. */
export interface HaltWish extends Pick<HaltOrder, 'scope' | 'reach' | 'reason' | 'by'> {
  /** Default: a new one. The same order may be given to several nodes. */
  readonly id?: string;
}

/** Released orders that are remembered. Whoever comes with an older one halts the node again, which is the safe side. */
const RELEASED_KEPT = 200;
/** Orders that stand at once. */
const STANDING_MAX = 200;
const LOOK_MS = 250;
const AGAIN_MS = 100;

export class KillSwitch {
  readonly #options: KillSwitchOptions;
  readonly #folder: HaltFolder | undefined;
  readonly #receipts = new Map<string, Promise<HaltReceipt>>();
  readonly #listeners = new Set<(record: HaltRecord | undefined) => void>();
  #records: HaltRecords = new Map();
  #damage: readonly HaltOrder[] = [];
  #passing: () => HaltOrder | undefined = () => undefined;
  #isClosed = false;

  /** Reads the orders of earlier lives: from here on `judge` knows them. */
  constructor(options: KillSwitchOptions) {
    this.#options = options;
    this.#folder = options.dataDir === undefined ? undefined : new HaltFolder(options.dataDir);
    const content = this.#folder?.read();
    for (const record of content?.records ?? []) this.#records = withRecord(this.#records, record);
    this.#damage = content?.damage ?? [];
    for (const { id, reason } of this.standing())
      options.log.warn('the node begins under a halt order', { order: id, reason });
  }

  /** Asked at each use: whether this may run now, by the orders that stand. */
  readonly judge: HaltJudge = (subject) => {
    const order = orderOver(this.standing(), subject, this.#options.key.id);
    return order && haltedError(order);
  };

  /** Orders that stand, those that pass by themselves and damage included. */
  standing(): readonly HaltOrder[] {
    const passing = this.#passing();
    return [...(passing ? [passing] : []), ...this.#damage, ...standingIn(this.#records)];
  }

  /** Orders that nobody gave and that stand only as long as their cause. */
  passing(): readonly HaltOrder[] {
    const passing = this.#passing();
    return [...(passing ? [passing] : []), ...this.#damage];
  }

  records(): readonly HaltRecord[] {
    return [...this.#records.values()];
  }

  /** Told of each record that is new, and with nothing when a passing order came or went. */
  onChange(tell: (record: HaltRecord | undefined) => void): void {
    this.#listeners.add(tell);
  }

  /** Looks into the folder until `close`: a command writes there when the node does not answer it. */
  watchFolder(): void {
    const look = (): void => {
      if (this.#isClosed) return;
      const content = this.#folder?.changed();
      for (const record of content?.records ?? []) {
        if (withRecord(this.#records, record) !== this.#records) void this.take(record);
      }
      if (content && content.damage.length !== this.#damage.length) {
        this.#damage = content.damage;
        this.passingChanged();
      }
      this.#options.timers.after(LOOK_MS, look);
    };
    if (this.#folder) this.#options.timers.after(LOOK_MS, look);
  }

  /** An order that stands while `order` gives it. */
  lease(order: () => HaltOrder | undefined): void {
    this.#passing = order;
  }

  /** Carries out what has changed there; the operator is asked nothing. */
  passingChanged(): void {
    const [order] = this.passing();
    const { log } = this.#options;
    if (order) log.error('the node halts itself', { order: order.id, reason: order.reason });
    else log.warn('the node is no longer halted by itself');
    this.#audit('halt.passing', { standing: order?.id ?? null, reason: order?.reason ?? null });
    this.#tell(undefined);
    void this.#options.stop();
  }

  /** An order, signed by this node. Failure: OVERLOADED. */
  order(wish: HaltWish): Result<HaltRecord> {
    if (standingIn(this.#records).length >= STANDING_MAX)
      return failure('OVERLOADED', { reason: `${STANDING_MAX} halt orders stand` });
    const order = signOrder({ ...this.#head(), ...wish }, this.#options.key);
    return success({ id: order.id, order, release: null });
  }

  /** The release of an order, signed by this node. Failure: ARGUMENT_INVALID, when no such order stands here. */
  release(
    id: string,
    said: Pick<HaltOrder, 'reason' | 'by'>,
  ): Result<HaltRecord | { readonly setAside: string }> {
    if (id.startsWith(DAMAGED) && this.#folder?.setAside(id)) {
      this.#damage = this.#folder.read().damage;
      this.passingChanged();
      return success({ setAside: id });
    }
    const known = this.#records.get(id);
    if (known?.order && !known.release) {
      const head = { ...this.#head(), id, reason: said.reason, by: said.by };
      return success({ ...known, release: signRelease(head, this.#options.key) });
    }
    const expected = `one of ${standingIn(this.#records)
      .map((order) => order.id)
      .join(', ')}`;
    return failure('ARGUMENT_INVALID', {
      argument: 'order',
      found: id.slice(0, 100),
      expected: expected === 'one of ' ? 'nothing: no order stands that can be released' : expected,
    });
  }

  /**
   * Takes a record that was judged, and confirms it once it is carried out and on the disk. It counts before this returns. Settles
   * late, or never, when a thread does not stop or the disk does not take it: then there is no receipt.
   */
  take(record: HaltRecord): Promise<HaltReceipt> {
    const arrivedMs = this.#options.clock.monotonicMs();
    const before = this.#records;
    this.#records = withRecord(before, record);
    const merged = this.#records.get(record.id) as HaltRecord;
    const act = merged.release ? 'release' : 'halt';
    const known = this.#receipts.get(`${act} ${record.id}`);
    if (known && this.#records === before) return known;
    if (this.#records !== before) this.#note(merged, act);
    const receipt = this.#carryOut(merged, act, arrivedMs);
    this.#receipts.set(`${act} ${record.id}`, receipt);
    return receipt;
  }

  close(): void {
    this.#isClosed = true;
  }

  #head() {
    const { random, clock } = this.#options;
    const id = `h-${Buffer.from(random.bytes(8)).toString('hex')}`;
    return { id, atMs: Math.floor(clock.wallMs()) };
  }

  #note(record: HaltRecord, act: 'halt' | 'release'): void {
    const { order, release } = record;
    const said = act === 'halt' ? order : release;
    const scope = order ? describeScope(order.scope) : 'unknown';
    const { id, reason, by } = said ?? { ...record, reason: '', by: '' };
    this.#options.log.warn(act === 'halt' ? 'halted by an operator' : 'a halt is released', {
      ...{ order: id, scope, reason, by },
    });
    this.#audit(act === 'halt' ? 'halt.ordered' : 'halt.released', record as unknown as Json);
    this.#tell(record);
  }

  async #carryOut(
    record: HaltRecord,
    act: 'halt' | 'release',
    arrivedMs: number,
  ): Promise<HaltReceipt> {
    const { clock, key } = this.#options;
    const stopping = this.#stop();
    // Threads hear of it before the disk holds this one up.
    await this.#pause();
    const kept = this.#keep(record);
    const [stopped] = await Promise.all([stopping, kept]);
    const receipt = signReceipt(
      {
        order: record.id,
        act,
        atMs: Math.floor(clock.wallMs()),
        elapsedMs: Math.round((clock.monotonicMs() - arrivedMs) * 10) / 10,
        stopped,
      },
      key,
    );
    this.#audit('halt.confirmed', receipt as unknown as Json);
    return receipt;
  }

  /** Until it is done: a thread that is gone comes back, one that hangs is ended by its supervisor. */
  async #stop(): Promise<Stopped> {
    for (;;) {
      const stopped = await this.#options.stop();
      if (stopped.ok) return stopped.value;
      this.#warn('a thread has not confirmed that it halted', stopped.error);
      await this.#later(AGAIN_MS);
    }
  }

  async #keep(record: HaltRecord): Promise<void> {
    for (;;) {
      const kept = this.#folder ? this.#folder.keep(record) : success(undefined);
      if (kept.ok) break;
      this.#warn('a halt order is not on the disk', kept.error);
      await this.#later(LOOK_MS);
    }
    for (const id of forgettable(this.#records, RELEASED_KEPT)) {
      const records = new Map(this.#records);
      records.delete(id);
      this.#records = records;
      this.#receipts.delete(`halt ${id}`);
      this.#receipts.delete(`release ${id}`);
      this.#folder?.forget(id);
    }
  }

  #warn(message: string, { code, message: reason }: SkeinError): void {
    if (!this.#isClosed) this.#options.log.error(message, { code, reason });
  }

  #audit(type: string, body: Json): void {
    this.#options.audit({ type, body });
  }

  #tell(record: HaltRecord | undefined): void {
    for (const tell of this.#listeners) tell(record);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.timers.immediate(resolve));
  }

  async #later(delayMs: number): Promise<void> {
    if (this.#isClosed) await new Promise(() => undefined);
    await new Promise<void>((resolve) => void this.#options.timers.after(delayMs, resolve));
  }
}
