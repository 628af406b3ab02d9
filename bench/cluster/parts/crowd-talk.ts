/** What a benchmark and its crowds of members say to each other. */
export type ToCrowd =
  /** One after the other, evenly, over `spreadMs`. */
  | {
      readonly kind: 'start';
      readonly ids: readonly string[];
      readonly expected: number;
      readonly spreadMs: number;
    }
  | { readonly kind: 'die'; readonly ids: readonly string[] }
  | { readonly kind: 'report' };

export interface Gone {
  readonly by: string;
  readonly node: string;
  readonly atMs: number;
}

/** Sums over the members of one process; what is counted is counted from its start, but `gone`: since the last report. */
export interface CrowdReport {
  readonly members: number;
  /** Members that knew as many as they were told to expect, and when the last of them did. */
  readonly complete: number;
  readonly completeMs: number;
  readonly sentPackets: number;
  readonly sentBytes: number;
  readonly receivedPackets: number;
  readonly refusedPackets: number;
  /** As the connections counted them. */
  readonly receivedBytes: number;
  readonly cpuMs: number;
  readonly suspicions: number;
  readonly gone: readonly Gone[];
}
