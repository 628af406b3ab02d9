/**
 * Frames on the pipe between the node and a host process: four bytes of length (big endian), then that many bytes of JSON.
 * Both sides use this file. A length over the maximum is refused when its four bytes arrive, before anything is kept.
 */

const HEADER_BYTES = 4;

export function encodeFrame(json: string): Uint8Array {
  const bytes = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  frame.writeUInt32BE(bytes, 0);
  frame.write(json, HEADER_BYTES);
  return frame;
}

export interface FrameReaderOptions {
  /** Asked at each header, since the bound follows the contract of the running call. */
  readonly maxBytes: () => number;
  readonly onFrame: (body: Uint8Array) => void;
}

/** Cuts a byte stream into frames, however the stream was chunked. Holds at most one frame of `maxBytes`. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #body = Buffer.alloc(0);
  #bodyBytes = 0;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** @returns false when a frame announces more than `maxBytes`; the stream is then lost and must be closed. */
  push(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length; ) {
      if (this.#headerBytes < HEADER_BYTES) {
        at += this.#takeHeader(chunk.subarray(at));
        if (this.#headerBytes < HEADER_BYTES) return true;
        const length = this.#header.readUInt32BE(0);
        if (length > this.#options.maxBytes()) return false;
        // One buffer of the announced size: a frame that trickles in byte by byte costs no more than its bytes.
        this.#body = Buffer.allocUnsafe(length);
        this.#bodyBytes = 0;
      }
      const part = chunk.subarray(at, at + this.#body.length - this.#bodyBytes);
      this.#body.set(part, this.#bodyBytes);
      this.#bodyBytes += part.length;
      at += part.length;
      if (this.#bodyBytes === this.#body.length) this.#complete();
    }
    return true;
  }

  #takeHeader(bytes: Uint8Array): number {
    const taken = Math.min(HEADER_BYTES - this.#headerBytes, bytes.length);
    this.#header.set(bytes.subarray(0, taken), this.#headerBytes);
    this.#headerBytes += taken;
    return taken;
  }

  #complete(): void {
    const body = this.#body;
    this.#body = Buffer.alloc(0);
    this.#headerBytes = 0;
    this.#options.onFrame(body);
  }
}
