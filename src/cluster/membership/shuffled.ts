/** A list in another order: Fisher and Yates, as in Knuth, The Art of Computer Programming, 3.4.2 P. */
import type { Random } from '../../contracts/index.ts';

export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const list = [...values];
  for (let at = list.length - 1; at > 0; at--) {
    const other = Math.floor(random.next() * (at + 1));
    [list[at], list[other]] = [list[other] as T, list[at] as T];
  }
  return list;
}
