/** A bug that is planted on purpose. */
export interface Mutant {
  readonly name: string;
  /** Below `src/`. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Of the simulator; default: none. */
  readonly profile?: string;
}
