/** A picture of lines: a group of bars a metric, each group on its own scale, Skein's bar first and in its own colour. */
import type { Line } from './statistics.ts';

const WIDTH = 720;
const LABEL = 150;
const VALUE = 110;
const BAR = 16;
const GAP = 14;
const OWN = '#1f6feb';
const OTHER = '#a8b3c2';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

interface Bar {
  readonly name: string;
  readonly value: number;
}

function groupsOf(lines: readonly Line[]): ReadonlyMap<string, readonly Bar[]> {
  const groups = new Map<string, Bar[]>();
  for (const { metric, unit, median, baseline, baselineMedian } of lines) {
    const title = `${metric}, ${unit}`;
    const bars = groups.get(title) ?? [{ name: 'Skein', value: median }];
    groups.set(title, [...bars, { name: baseline, value: baselineMedian }]);
  }
  return groups;
}

export function barPicture(lines: readonly Line[]): string {
  const parts: string[] = [];
  let y = GAP;
  const text = (x: number, anchor: string, words: string): string =>
    `<text x="${x}" y="${y + BAR - 4}" text-anchor="${anchor}">${escaped(words)}</text>`;
  for (const [title, bars] of groupsOf(lines)) {
    parts.push(`<g font-weight="bold">${text(8, 'start', title)}</g>`);
    y += BAR + 4;
    const largest = Math.max(...bars.map(({ value }) => value));
    for (const { name, value } of bars) {
      const width = Math.max(1, Math.round((value / largest) * (WIDTH - LABEL - VALUE)));
      const colour = name === 'Skein' ? OWN : OTHER;
      parts.push(
        text(LABEL - 8, 'end', name),
        `<rect x="${LABEL}" y="${y}" width="${width}" height="${BAR - 3}" fill="${colour}"/>`,
        text(LABEL + width + 6, 'start', String(Number(value.toPrecision(3)))),
      );
      y += BAR;
    }
    y += GAP;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}
