/** Packets on a stream of bytes: each behind its size, 4 bytes, little endian. What a turn sends leaves as one write. */
import { type ByteStream, LIMITS } from '../contracts/index.ts';
import { PACKET_BYTES_MAX } from './packet.ts';

const SIZE_BYTES = 4;

export class PacketStream {
  readonly #stream: ByteStream;
  readonly #receive: (packet: Uint8Array) => void;
  #out: Uint8Array[] = [];
  #outBytes = 0;
  /** The beginning of a packet whose rest has not come. */
  #rest: Buffer | undefined;

  constructor(stream: ByteStream, receive: (packet: Uint8Array) => void) {
    this.#stream = stream;
    this.#receive = receive;
    stream.onData((bytes) =>
      this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    );
  }

  send(packet: Uint8Array): void {
    if (this.#out.push(packet) === 1) queueMicrotask(() => this.#flush());
    this.#outBytes += SIZE_BYTES + packet.byteLength;
    if (this.#outBytes >= LIMITS.frameBytes) this.#flush();
  }

  close(): void {
    this.#flush();
    this.#stream.close();
  }

  #flush(): void {
    if (this.#outBytes === 0) return;
    const joined = Buffer.allocUnsafe(this.#outBytes);
    let at = 0;
    for (const packet of this.#out) {
      joined.writeUInt32LE(packet.byteLength, at);
      joined.set(packet, at + SIZE_BYTES);
      at += SIZE_BYTES + packet.byteLength;
    }
    this.#out = [];
    this.#outBytes = 0;
    this.#stream.write(joined);
  }

  /** A size beyond the limit ends the stream before anything of it is kept. */
  #take(bytes: Buffer): void {
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    this.#rest = undefined;
    let at = 0;
    while (all.byteLength - at >= SIZE_BYTES) {
      const size = all.readUInt32LE(at);
      if (size > PACKET_BYTES_MAX) return this.#stream.close();
      const end = at + SIZE_BYTES + size;
      if (end > all.byteLength) break;
      this.#receive(all.subarray(at + SIZE_BYTES, end));
      at = end;
    }
    if (at < all.byteLength) this.#rest = all.subarray(at);
  }
}
