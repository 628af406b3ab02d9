/**
 * How bodies are written on a link: between threads of one process, where both ends are ours and share what they know, or
 * between nodes, where nothing is taken on trust.
 */
import { Packr, REUSE_BUFFER_MODE, Unpackr } from 'msgpackr';
import { LIMITS } from '../contracts/index.ts';
import { decodeForeign, encodeForeign, foreignPackr } from './foreign-codec.ts';
import { fromPortable, type RefText, toPortable } from './foreign-value.ts';
import './wire-types.ts';

/** Bytes in memory of the writer, valid until it writes again. */
export interface Written {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** The reader has to look for refs. */
  hasRefs: boolean;
}

export interface BodyWriter {
  readonly messageBytesMax: number;
  /** Frames leave the process: not a byte of them may be what memory happened to hold. */
  readonly isForeign: boolean;
  /** Fills in and returns the same object each time. @throws for what is no value. */
  readonly write: (value: unknown) => Written;
  /** Shapes that the reader must know before it can read what was written last; undefined when it knows all. */
  readonly newShapes: () => readonly (readonly string[])[] | undefined;
  /** The same without shared shapes: for what the link says about itself. */
  readonly writePlain: (value: unknown) => Written;
}

export interface BodyReader {
  /** @throws for what is not allowed. */
  readonly read: (bytes: Uint8Array, start: number, end: number, hasRefs: boolean) => unknown;
  readonly readPlain: (bytes: Uint8Array, start: number, end: number) => unknown;
  readonly addShapes: (shapes: readonly (readonly string[])[]) => void;
}

/** Made anew for each link, since shapes are a link's own. */
export interface Dialect {
  readonly writer: () => BodyWriter;
  readonly reader: () => BodyReader;
}

/** Shapes that a link shares; a body of another shape carries it along. */
const SHAPES_MAX = 256;

const functionRefused = {
  writeFunction: () => {
    throw new TypeError('a function cannot be sent to another thread');
  },
};
const plainPackr = Object.assign(
  new Packr({ useRecords: false, moreTypes: true }),
  functionRefused,
);
const plainUnpackr = new Unpackr({ useRecords: false, moreTypes: true });

type Packed = Buffer & { readonly start?: number; readonly end?: number };
type Shapes = readonly (readonly string[])[] & { readonly sharedLength?: number };

const NO_BODY: Packed = Buffer.alloc(0);
const nothing = (): Written => ({ bytes: new Uint8Array(0), start: 0, end: 0, hasRefs: false });

function fill(written: Written, packed: Packed, hasRefs: boolean): Written {
  const { start = 0, end = packed.byteLength } = packed;
  written.bytes = packed;
  written.start = start;
  written.end = end;
  written.hasRefs = hasRefs;
  return written;
}

class ThreadWriter implements BodyWriter {
  readonly messageBytesMax = LIMITS.messageBytes;
  readonly isForeign = false;
  readonly #packr: Packr;
  readonly #written = nothing();
  readonly #plain = nothing();
  #shapesTold = 0;

  constructor() {
    const options = {
      useRecords: true,
      moreTypes: true,
      structures: [],
      maxSharedStructures: SHAPES_MAX,
      saveStructures: () => undefined,
    };
    this.#packr = Object.assign(new Packr(options), functionRefused);
  }

  write(value: unknown): Written {
    return fill(this.#written, this.#packr.pack(value, REUSE_BUFFER_MODE) as Packed, false);
  }

  newShapes(): readonly (readonly string[])[] | undefined {
    const shapes = (this.#packr as unknown as { readonly structures: Shapes }).structures;
    const known = shapes.sharedLength ?? 0;
    if (known <= this.#shapesTold) return undefined;
    const told = this.#shapesTold;
    this.#shapesTold = known;
    return Array.from(shapes.slice(told, known), (keys) => [...keys]);
  }

  writePlain(value: unknown): Written {
    return fill(this.#plain, plainPackr.pack(value) as Packed, false);
  }
}

class ThreadReader implements BodyReader {
  readonly #shapes: string[][] = [];
  readonly #unpackr: Unpackr;
  readonly #place = { start: 0, end: 0 };

  constructor() {
    // Asked for whenever a body refers to a shape that is not known yet.
    const getStructures = () => this.#shapes.map((keys) => [...keys]);
    this.#unpackr = new Unpackr({ useRecords: true, moreTypes: true, getStructures });
  }

  read(bytes: Uint8Array, start: number, end: number): unknown {
    this.#place.start = start;
    this.#place.end = end;
    return this.#unpackr.unpack(bytes, this.#place);
  }

  readPlain(bytes: Uint8Array, start: number, end: number): unknown {
    return plainUnpackr.unpack(bytes, { start, end });
  }

  addShapes(shapes: readonly (readonly string[])[]): void {
    this.#shapes.push(...shapes.map((keys) => [...keys]));
  }
}

export const betweenThreads: Dialect = {
  writer: () => new ThreadWriter(),
  reader: () => new ThreadReader(),
};

class ForeignWriter implements BodyWriter {
  readonly messageBytesMax = LIMITS.peerMessageBytes;
  readonly isForeign = true;
  readonly #refs: RefText;
  readonly #written = nothing();
  readonly #plain = nothing();

  constructor(refs: RefText) {
    this.#refs = refs;
  }

  /** A message without a payload has no body at all. */
  write(value: unknown): Written {
    if (value === undefined) return fill(this.#written, NO_BODY, false);
    const portable = toPortable(value, this.#refs);
    const packed = foreignPackr.pack(portable.value, REUSE_BUFFER_MODE) as Packed;
    return fill(this.#written, packed, portable.hasRefs);
  }

  newShapes(): undefined {
    return undefined;
  }

  writePlain(value: unknown): Written {
    const portable = toPortable(value, this.#refs);
    return fill(this.#plain, encodeForeign(portable.value ?? null) as Packed, portable.hasRefs);
  }
}

class ForeignReader implements BodyReader {
  readonly #refs: RefText;

  constructor(refs: RefText) {
    this.#refs = refs;
  }

  read(bytes: Uint8Array, start: number, end: number, hasRefs: boolean): unknown {
    if (start === end) return undefined;
    const value = decodeForeign(bytes, start, end);
    return hasRefs ? fromPortable(value, this.#refs) : value;
  }

  readPlain(bytes: Uint8Array, start: number, end: number): unknown {
    return fromPortable(decodeForeign(bytes, start, end), this.#refs);
  }

  addShapes(): void {
    throw new Error('nodes share no shapes');
  }
}

export const betweenNodes = (refs: RefText): Dialect => ({
  writer: () => new ForeignWriter(refs),
  reader: () => new ForeignReader(refs),
});
