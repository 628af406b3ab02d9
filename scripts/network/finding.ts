/** What a check has found: a row of the table, and of the JSON. */
export interface Finding {
  readonly check: string;
  readonly what: string;
  readonly found: number | string;
  readonly unit: string;
  readonly goal: string;
  readonly isMet: boolean;
}

type Report = (finding: Finding) => void;

/** Rows of one check. */
export function findings(check: string, report: Report) {
  return {
    /** A figure that has a limit, or is only told. */
    atMost: (what: string, found: number, unit: string, most?: number): void =>
      report({
        check,
        what,
        found: Number(found.toPrecision(4)),
        unit,
        goal: most === undefined ? '' : `<= ${most}`,
        isMet: most === undefined || found <= most,
      }),
    atLeast: (what: string, found: number, unit: string, least: number): void =>
      report({ check, what, found, unit, goal: `>= ${least}`, isMet: found >= least }),
    /** Something that holds or does not, with the words for what was found. */
    holds: (what: string, isMet: boolean, found: string): void =>
      report({ check, what, found, unit: '', goal: 'holds', isMet }),
  };
}

export function percentileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function tableOf(rows: readonly Finding[]): string {
  const head = ['check', 'what', 'found', 'goal', ''];
  const cells = rows.map(({ check, what, found, unit, goal, isMet }) => [
    check,
    what,
    `${found} ${unit}`.trim(),
    goal,
    goal === '' ? '' : isMet ? 'ok' : 'FAILED',
  ]);
  const widths = head.map((title, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  return [head, ...cells]
    .map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
