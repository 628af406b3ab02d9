/** Which numbers of a sender have come: each is taken once, those far behind the highest never. The bitmap of RFC 6479. */
const WORD_BITS = 32;

export class ReplayWindow {
  readonly #words: Uint32Array;
  readonly #size: number;
  #highest = 0;

  /** @param words of 32 numbers each; one of them is being refilled */
  constructor(words: number) {
    this.#words = new Uint32Array(words);
    this.#size = (words - 1) * WORD_BITS;
  }

  judge(number: number): 'new' | 'replayed' | 'stale' {
    if (number > this.#highest) return 'new';
    if (number === 0 || number + this.#size <= this.#highest) return 'stale';
    return this.#bitsAt(number) & bitOf(number) ? 'replayed' : 'new';
  }

  take(number: number): void {
    if (number > this.#highest) {
      const [from, to] = [wordOf(this.#highest), wordOf(number)];
      const fresh = Math.min(to - from, this.#words.length);
      for (let at = 0; at < fresh; at++) this.#words[(to - at) % this.#words.length] = 0;
      this.#highest = number;
    }
    const at = wordOf(number) % this.#words.length;
    this.#words[at] = this.#bitsAt(number) | bitOf(number);
  }

  #bitsAt(number: number): number {
    return this.#words[wordOf(number) % this.#words.length] as number;
  }
}

const wordOf = (number: number): number => Math.floor(number / WORD_BITS);
const bitOf = (number: number): number => 1 << (number % WORD_BITS);
