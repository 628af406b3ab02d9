/**
 * A ring of frames in shared memory, for one writer and one reader (Lamport, 1977). `tail` and `head` count units of 8 bytes
 * since the start and wrap at 2^32; each is stored by one side alone, and only after the bytes it stands for are there (or
 * no longer needed), so a side that dies in the middle of anything leaves no torn frame: what it had not counted never was.
 *
 *     | head | tail | reader sleeps | writer waits | data ...                     |
 *     0      128    256             384            512              512 + capacity
 *
 * Each word has cache lines of its own: the sides do not slow each other by writing beside what the other reads.
 */
import { invariant } from '../contracts/index.ts';

const HEAD = 0;
const TAIL = 32;
const SLEEPS = 64;
const WAITS = 96;
const DATA_OFFSET = 512;
const UNIT = 8;
/** In place of a length: the frame comes another way, and has its turn here. */
const ELSEWHERE = -1;

/** `capacityBytes`: a power of two, 4 KiB to 1 GiB. `start`: where the counters begin; for tests of their wrap. */
export function ringMemory(capacityBytes: number, start = 0): SharedArrayBuffer {
  invariant(
    capacityBytes >= 4_096 &&
      capacityBytes <= 2 ** 30 &&
      Number.isInteger(Math.log2(capacityBytes)),
    'a ring has a power of two of bytes',
  );
  const memory = new SharedArrayBuffer(DATA_OFFSET + capacityBytes);
  const words = new Int32Array(memory);
  words[HEAD] = start;
  words[TAIL] = start;
  return memory;
}

abstract class RingEnd {
  protected readonly words: Int32Array;
  protected readonly lengths: Int32Array;
  protected readonly data: Uint8Array;
  protected readonly units: number;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, DATA_OFFSET / 4);
    this.lengths = new Int32Array(memory, DATA_OFFSET);
    this.data = new Uint8Array(memory, DATA_OFFSET);
    this.units = this.data.byteLength / UNIT;
  }

  /** Byte offset of a counter's unit. */
  protected at(counter: number): number {
    return (counter & (this.units - 1)) * UNIT;
  }

  protected load(word: number): number {
    return Atomics.load(this.words, word);
  }

  protected store(word: number, value: number): void {
    Atomics.store(this.words, word, value);
  }
}

const unitsOf = (sizeBytes: number): number => 1 + Math.ceil(sizeBytes / UNIT);

export class RingWriter extends RingEnd {
  #tail: number;
  /** As last seen: the reader may be further. */
  #head: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#tail = this.load(TAIL);
    this.#head = this.load(HEAD);
  }

  /** The largest frame that a ring of this size takes: a quarter, so that one frame never waits for an empty ring. */
  get frameBytesMax(): number {
    return this.data.byteLength / 4;
  }

  /** Copies the frame in. @returns false when there is no room now. */
  write(frame: Uint8Array): boolean {
    const sizeBytes = frame.byteLength;
    invariant(sizeBytes <= this.frameBytesMax, 'a frame this large goes elsewhere');
    if (!this.#hasRoom(unitsOf(sizeBytes))) return false;
    this.#copyIn(frame, this.at(this.#tail + 1));
    this.#commit(sizeBytes, unitsOf(sizeBytes));
    return true;
  }

  /** Keeps the place of a frame that comes another way. @returns false when there is no room now. */
  writeElsewhere(): boolean {
    if (!this.#hasRoom(1)) return false;
    this.#commit(ELSEWHERE, 1);
    return true;
  }

  /** Did the reader say that it sleeps? True once for each time it did: whoever asked rings the bell. */
  takeSleep(): boolean {
    return this.load(SLEEPS) === 1 && Atomics.compareExchange(this.words, SLEEPS, 1, 0) === 1;
  }

  /** Asks the reader to say when it has made room. Look again for room after this, lest it was made just before. */
  wait(): void {
    this.store(WAITS, 1);
  }

  #hasRoom(units: number): boolean {
    if (this.units - ((this.#tail - this.#head) | 0) >= units) return true;
    this.#head = this.load(HEAD);
    return this.units - ((this.#tail - this.#head) | 0) >= units;
  }

  #copyIn(frame: Uint8Array, offset: number): void {
    const first = Math.min(frame.byteLength, this.data.byteLength - offset);
    if (first === frame.byteLength) this.data.set(frame, offset);
    else {
      this.data.set(frame.subarray(0, first), offset);
      this.data.set(frame.subarray(first), 0);
    }
  }

  #commit(length: number, units: number): void {
    this.lengths[this.at(this.#tail) / 4] = length;
    this.#tail = (this.#tail + units) | 0;
    this.store(TAIL, this.#tail);
  }
}

export class RingReader extends RingEnd {
  #head: number;
  #tail: number;

  constructor(memory: SharedArrayBuffer) {
    super(memory);
    this.#head = this.load(HEAD);
    this.#tail = this.#head;
  }

  /** The next frame, copied out; `elsewhere` for the place of one that comes another way; undefined when there is none. */
  read(): Uint8Array | 'elsewhere' | undefined {
    if (this.#tail === this.#head) {
      this.#tail = this.load(TAIL);
      if (this.#tail === this.#head) return undefined;
    }
    const length = this.lengths[this.at(this.#head) / 4] as number;
    if (length === ELSEWHERE) {
      this.#free(1);
      return 'elsewhere';
    }
    const waiting = ((this.#tail - this.#head) | 0) * UNIT;
    invariant(length >= 0 && length <= waiting - UNIT, 'a frame lies between head and tail');
    const frame = this.#copyOut(this.at(this.#head + 1), length);
    this.#free(unitsOf(length));
    return frame;
  }

  /** Announces that this side will not look again by itself. @returns false when something came meanwhile: do look. */
  sleep(): boolean {
    this.store(SLEEPS, 1);
    if (this.load(TAIL) === this.#head) return true;
    this.wake();
    return false;
  }

  wake(): void {
    this.store(SLEEPS, 0);
  }

  /** Did the writer ask to be told of room? True once for each time it did. */
  takeWait(): boolean {
    return this.load(WAITS) === 1 && Atomics.compareExchange(this.words, WAITS, 1, 0) === 1;
  }

  #copyOut(offset: number, length: number): Uint8Array {
    const frame = Buffer.allocUnsafe(length);
    const first = Math.min(length, this.data.byteLength - offset);
    frame.set(this.data.subarray(offset, offset + first));
    if (first < length) frame.set(this.data.subarray(0, length - first), first);
    return frame;
  }

  #free(units: number): void {
    this.#head = (this.#head + units) | 0;
    this.store(HEAD, this.#head);
  }
}
