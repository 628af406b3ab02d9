/** What the process of an author's tests tells the command that started it: one JSON document a line. */

/** One test, example or tape that was run. */
export interface CaseReport {
  readonly name: string;
  readonly ok: boolean;
  readonly isSkipped: boolean;
  readonly durationMs: number;
  readonly file: string | null;
  /** Where it failed, or where the test is. */
  readonly line: number | null;
  /** What is wrong, when it failed. */
  readonly message: string | null;
}

export type CaseLine =
  | ({ readonly kind: 'case' } & CaseReport)
  /** What the tests print. */
  | { readonly kind: 'printed'; readonly text: string }
  /** What an example gave. */
  | { readonly kind: 'gave'; readonly name: string; readonly output: string };

/** Before what an example gave, in the diagnostics of its test. */
export const GAVE = 'gave ';

/** What the process of the cases is given, as JSON in the file that CASES_VARIABLE names. */
export interface CasesJob {
  readonly manifest: object;
  readonly source: string;
  readonly examples: readonly { readonly input: unknown; readonly output?: unknown }[];
  readonly tapes: readonly { readonly file: string; readonly recording: unknown }[];
  /** A folder for recordings of the examples; null: nothing is recorded. */
  readonly recordTo: string | null;
}

export const CASES_VARIABLE = 'SKEIN_SKILL_CASES';
