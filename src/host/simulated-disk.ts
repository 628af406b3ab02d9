/**
 * A disk on virtual time, as a database with write-ahead log uses it: transactions that are flushed when they are committed, and a
 * note beside them that is not. It can be full, slow, lie about flushes, lose what it lied about when the power fails (the oldest of
 * that may have been written all the same, the next one in part), and turn over single characters.
 */
import type { Random } from '../contracts/index.ts';

export interface DiskRow {
  readonly sequence: number;
  readonly event: string;
  readonly hash: string;
}

/** What a committed transaction changed. */
interface Change {
  readonly rows: readonly DiskRow[];
  readonly headBefore: string | undefined;
}

export class DiskError extends Error {}

const NOTES_KEPT = 50;

export class SimulatedDisk {
  readonly faults = { isFull: false, isLying: false, stallMs: 0 };
  readonly counts = { commits: 0, refused: 0, lied: 0, lost: 0, torn: 0, flipped: 0 };
  /** Grows with each opening and each end of a process: who had the files before has them no more. */
  generation = 0;
  /** Hears of flushes that hold up whoever waits for them. */
  onStall: (stallMs: number) => void = () => undefined;
  #rows = new Map<number, DiskRow>();
  #head: string | undefined;
  #note: string | undefined;
  #oldNotes: (string | undefined)[] = [];
  #unflushed: Change[] = [];

  get head(): string | undefined {
    return this.#head;
  }

  get note(): string | undefined {
    return this.#note;
  }

  rowAt(sequence: number): DiskRow | undefined {
    return this.#rows.get(sequence);
  }

  rowsAfter(sequence: number): readonly DiskRow[] {
    return [...this.#rows.values()].filter((row) => row.sequence > sequence);
  }

  /** @throws {DiskError} nothing of it is on the disk then */
  commit(rows: readonly DiskRow[], head: string | undefined): void {
    if (this.faults.isFull && rows.length > 0) {
      this.counts.refused++;
      throw new DiskError('no space left on the device');
    }
    this.counts.commits++;
    if (this.faults.stallMs > 0) this.onStall(this.faults.stallMs);
    this.#unflushed.push({ rows, headBefore: this.#head });
    for (const row of rows) this.#rows.set(row.sequence, row);
    this.#head = head;
    if (this.faults.isLying) this.counts.lied++;
    else this.#unflushed = [];
  }

  writeNote(note: string): void {
    this.#oldNotes = [...this.#oldNotes.slice(1 - NOTES_KEPT), this.#note];
    this.#note = note;
  }

  /** Everything at once, as by renaming. */
  replace(rows: readonly DiskRow[], head: string, note: string): void {
    this.#rows = new Map(rows.map((row) => [row.sequence, row]));
    this.#head = head;
    this.#note = note;
    this.#oldNotes = [];
    this.#unflushed = [];
  }

  /** The machine is off: what was never flushed is gone, most of it. @returns whether commits that were confirmed are */
  losePower(random: Random): boolean {
    this.generation++;
    if (this.#oldNotes.length > 0 && random.next() < 0.5) {
      this.#note = this.#oldNotes[Math.floor(random.next() * this.#oldNotes.length)];
    }
    const unflushed = this.#unflushed;
    if (unflushed.length === 0) return false;
    const kept = Math.floor(random.next() * unflushed.length);
    for (const change of unflushed.slice(kept).reverse()) {
      for (const { sequence } of change.rows) this.#rows.delete(sequence);
      this.#head = change.headBefore;
      this.counts.lost++;
    }
    const torn = unflushed[kept]?.rows ?? [];
    if (torn.length > 0 && random.next() < 0.5) {
      this.counts.torn++;
      for (const row of torn.slice(0, 1 + Math.floor(random.next() * torn.length))) {
        this.#rows.set(row.sequence, row);
      }
    }
    this.#unflushed = [];
    return true;
  }

  /** One character of one row becomes another. @returns which row */
  flip(random: Random): number | undefined {
    const sequences = [...this.#rows.keys()];
    const row = this.#rows.get(sequences[Math.floor(random.next() * sequences.length)] ?? -1);
    if (!row) return undefined;
    this.counts.flipped++;
    const at = Math.floor(random.next() * row.event.length);
    const other = row.event.charCodeAt(at) ^ 1;
    const event = row.event.slice(0, at) + String.fromCharCode(other) + row.event.slice(at + 1);
    this.#rows.set(row.sequence, { ...row, event });
    return row.sequence;
  }
}
