/**
 * Which events belong to which stream: global sequences a stream, in memory, rebuilt when a journal is opened. It takes the
 * place of a second index on the disk, which every append would have to write and every opening to distrust. It costs
 * 8 bytes an event and about 100 a stream.
 */
import { invariant } from '../contracts/index.ts';

export interface StreamIndex {
  /** Stream sequence of the last event; 0 for a stream that does not exist. */
  readonly lastOf: (stream: string) => number;
  readonly add: (stream: string, sequence: number) => void;
  /** Global sequences of the events after `afterStreamSequence`, at most `limit`. */
  readonly slice: (
    stream: string,
    range: { readonly afterStreamSequence: number; readonly limit: number },
  ) => readonly number[];
  /** Names with this prefix, the stream that began last first. */
  readonly newest: (prefix: string, limit: number) => readonly string[];
}

export function streamIndex(): StreamIndex {
  const sequencesOf = new Map<string, number[]>();
  const names: string[] = [];

  return {
    lastOf: (stream) => sequencesOf.get(stream)?.length ?? 0,
    add: (stream, sequence) => {
      const known = sequencesOf.get(stream);
      if (known) {
        invariant(sequence > (known.at(-1) ?? 0), 'a stream grows at its end');
        known.push(sequence);
        return;
      }
      sequencesOf.set(stream, [sequence]);
      names.push(stream);
    },
    slice: (stream, { afterStreamSequence, limit }) =>
      sequencesOf.get(stream)?.slice(afterStreamSequence, afterStreamSequence + limit) ?? [],
    newest: (prefix, limit) => {
      const found: string[] = [];
      for (let at = names.length - 1; at >= 0 && found.length < limit; at--) {
        const name = names[at] as string;
        if (name.startsWith(prefix)) found.push(name);
      }
      return found;
    },
  };
}
