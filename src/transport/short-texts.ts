/**
 * Short ASCII texts that have been read before: keys and words repeat, and making a string anew costs more than finding the last
 * one with these bytes. A table of fixed size, one place a hash; a text that hits another's place takes it.
 */
const PLACES = 4_096;
const TEXT_BYTES_MAX = 32;
const PRIME = 16_777_619;

export class ShortTexts {
  readonly #texts = new Array<string>(PLACES).fill('');

  /** @returns undefined for texts that are long or not ASCII. */
  find(bytes: Buffer, start: number, size: number): string | undefined {
    if (size > TEXT_BYTES_MAX) return undefined;
    const end = start + size;
    let hash = size;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte >= 0x80) return undefined;
      hash = Math.imul(hash ^ byte, PRIME);
    }
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.#texts[place] as string;
    if (known.length === size && isSame(known, bytes, start)) return known;
    const made = bytes.toString('latin1', start, end);
    this.#texts[place] = made;
    return made;
  }
}

function isSame(text: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== bytes[start + at]) return false;
  }
  return true;
}
