/** What a test says to a machine, and what it hears. */
export type Command = { readonly id: number } & Wish;

export type Wish =
  | { readonly do: 'report' }
  /** Numbered tells and asks to these nodes, from now on, until `rest`. */
  | { readonly do: 'exchange'; readonly peers: readonly string[] }
  | { readonly do: 'rest' }
  /** When each of them was first heard with something that it sent after this moment. */
  | { readonly do: 'heard-since'; readonly sinceMs: number; readonly peers: readonly string[] }
  /** How many of these asks of a node were run here. */
  | { readonly do: 'has-run'; readonly from: string; readonly numbers: readonly number[] }
  /** Runs and shared writes, from now on, until it is off; what was acknowledged is looked for by `audit`. */
  | { readonly do: 'load'; readonly isOn: boolean }
  | { readonly do: 'load-report' }
  | { readonly do: 'audit' }
  | { readonly do: 'ask'; readonly peer: string; readonly n: number };

export interface Received {
  /** Tells that came in order, the last number, and how many came again or were left out. */
  readonly count: number;
  readonly last: number;
  readonly repeated: number;
  readonly missing: number;
  readonly worked: number;
  readonly workedTwice: number;
}

export interface Sent {
  readonly sent: number;
  readonly refused: number;
  readonly asked: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly undelivered: readonly number[];
}

export interface MachineReport {
  readonly isConnected: boolean;
  readonly members: readonly { readonly node: string; readonly is: string }[];
  readonly links: readonly { readonly from: string; readonly to: string; readonly path: string }[];
  readonly deadLetters: number;
  readonly sent: Readonly<Record<string, Sent>>;
  readonly received: Readonly<Record<string, Received>>;
}

export interface LoadReport {
  /** Acknowledged, and how long each took. */
  readonly runs: number;
  readonly runTimesMs: readonly number[];
  readonly failedRuns: Readonly<Record<string, number>>;
  /** Acknowledged; refused for certain; neither. */
  readonly written: number;
  readonly refusedWrites: number;
  readonly unknownWrites: number;
  /** When a write was acknowledged for the first time after one was refused. */
  readonly resumedMs: number;
  readonly inFlight: number;
}

export interface Audit {
  readonly lostRuns: number;
  readonly repeatedRuns: number;
  readonly lostWrites: number;
  /** Refused for certain, and there. */
  readonly ghostWrites: number;
}
