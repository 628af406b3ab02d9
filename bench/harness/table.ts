/** Lines as a table for people: plain text for a terminal, Markdown for a page. */
import { verdictsOn } from '../goals.ts';
import type { Line } from './statistics.ts';

const HEAD = ['metric', 'unit', 'Skein', 'min to max', 'beside', 'its median', 'ratio', 'goal', ''];

const figure = (value: number): string => String(Number(value.toPrecision(3)));

/** A metric's own columns stand in its first row alone. */
function rowsOf(lines: readonly Line[]): readonly (readonly string[])[] {
  return lines.map((line, at) => {
    const isFirst = lines[at - 1]?.metric !== line.metric || lines[at - 1]?.suite !== line.suite;
    const { metric, unit, median, min, max } = line;
    const own = [metric, unit, figure(median), `${figure(min)} to ${figure(max)}`];
    const verdicts = verdictsOn(line, lines);
    return [
      ...(isFirst ? own : own.map(() => '')),
      line.baseline,
      figure(line.baselineMedian),
      `${figure(line.ratio)}x`,
      verdicts.map(({ goal }) => goal).join(', '),
      verdicts.map(({ isMet }) => (isMet ? 'met' : 'not met')).join(', '),
    ];
  });
}

export function plainTable(lines: readonly Line[]): string {
  const rows = [HEAD, ...rowsOf(lines)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((row) => `${row.trimEnd()}\n`)
    .join('');
}

export function markdownTable(lines: readonly Line[]): string {
  const rows = [HEAD, HEAD.map(() => '---'), ...rowsOf(lines)];
  return rows.map((row) => `| ${row.join(' | ')} |\n`).join('');
}
