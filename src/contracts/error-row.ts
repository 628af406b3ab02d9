/** What a row of the table of errors is, and the sorts of rows. */
export type ErrorCategory =
  | 'input'
  | 'delivery'
  | 'actor'
  | 'supervision'
  | 'sandbox'
  | 'capability'
  | 'run'
  | 'journal'
  | 'node';

export interface ErrorRow<D> {
  readonly category: ErrorCategory;
  readonly retryable: boolean;
  readonly httpStatus: number;
  readonly exitCode: 1 | 2 | 3;
  readonly describe: (details: D) => string;
  readonly advice: string;
}

export type Place = { readonly file?: string; readonly line?: number; readonly pointer?: string };

export const row =
  (
    category: ErrorCategory,
    httpStatus: number,
    exitCode: 1 | 2 | 3,
    retry: 'final' | 'retryable',
  ) =>
  <D>(describe: (details: D) => string, advice: string): ErrorRow<D> => ({
    category,
    retryable: retry === 'retryable',
    httpStatus,
    exitCode,
    describe,
    advice,
  });

export const badInput = row('input', 400, 2, 'final');
export const missing = row('input', 404, 2, 'final');
export const undelivered = row('delivery', 503, 1, 'retryable');
export const lost = row('delivery', 504, 1, 'retryable');
export const deadEnd = row('delivery', 404, 1, 'final');
export const actorFault = row('actor', 500, 1, 'final');
export const supervision = row('supervision', 500, 1, 'final');
export const skillFault = row('sandbox', 422, 1, 'final');
export const overLimit = row('sandbox', 422, 1, 'final');
export const sandboxFault = row('sandbox', 503, 1, 'retryable');
export const denied = row('capability', 403, 1, 'final');
export const effect = row('capability', 502, 1, 'retryable');
export const runFault = row('run', 422, 1, 'final');
export const journal = row('journal', 500, 1, 'final');
export const outrun = row('journal', 409, 1, 'final');
export const nodeAway = row('node', 503, 3, 'retryable');
export const cannotStart = row('node', 500, 2, 'final');

export const at = ({ file, line, pointer }: Place): string => {
  const where = [file, line === undefined ? undefined : `line ${line}`, pointer].filter(
    (part) => part !== undefined,
  );
  return where.length === 0 ? '' : `${where.join(', ')}: `;
};
export type Mismatch = Place & { readonly found: string; readonly expected: string };
export const mismatch = (details: Mismatch): string =>
  `${at(details)}found ${details.found}, expected ${details.expected}`;
export type Limit = { readonly limit: number; readonly unit: string; readonly used?: number };
export const over = (what: string) => (details: Limit) =>
  `${what} went over its limit of ${details.limit} ${details.unit}${details.used === undefined ? '' : ` (used ${details.used})`}`;
