/** Pictures of lines. Bars: a group of bars a metric, each group on its own scale, Skein's bar first and in its own colour. */
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

const PLOT = { height: 240, left: 50, right: 60, bottom: 40 };

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Series of the scale suite by their metric, in the order of their points. */
export function seriesIn(lines: readonly Line[]): ReadonlyMap<string, readonly Point[]> {
  const series = new Map<string, Point[]>();
  for (const { metric, unit, median } of lines) {
    const cut = metric.lastIndexOf(', at ');
    const title = `${metric.slice(0, cut)}, ${unit}`;
    const point = { x: Number(metric.slice(cut + 5)), y: median };
    series.set(title, [...(series.get(title) ?? []), point]);
  }
  return series;
}

/** Where each point stands, from 0 to 1, by the logarithm of its x; 0 has none and stands a decade before the next. */
function placesOf(points: readonly Point[]): readonly number[] {
  const smallest = Math.min(...points.map(({ x }) => x).filter((x) => x > 0));
  const logs = points.map(({ x }) => Math.log10(x > 0 ? x : smallest / 10));
  const [first = 0, last = 0] = [logs[0], logs.at(-1)];
  return logs.map((log) => (last > first ? (log - first) / (last - first) : 0));
}

/** One plot a series, its points from the smallest to the largest. */
export function linePicture(lines: readonly Line[]): string {
  const series = seriesIn(lines);
  const { height, left, right, bottom } = PLOT;
  const plots = [...series].map(([title, points], at) => {
    const top = at * (height + GAP) + 50;
    const base = top + height - bottom - 50;
    const largest = Math.max(...points.map(({ y }) => y));
    const places = placesOf(points);
    const placed = points.map((point, index) => ({
      ...point,
      px: Math.round(left + (places[index] ?? 0) * (WIDTH - left - right)),
      py: Math.round(base - (point.y / largest) * (base - top)),
    }));
    const path = placed.map(({ px, py }) => `${px},${py}`).join(' ');
    return [
      `<text x="8" y="${top - 32}" font-weight="bold">${escaped(title)}</text>`,
      `<line x1="${left}" y1="${base}" x2="${WIDTH - right}" y2="${base}" stroke="${OTHER}"/>`,
      `<polyline points="${path}" fill="none" stroke="${OWN}" stroke-width="2"/>`,
      ...placed.flatMap(({ x, y, px, py }) => [
        `<circle cx="${px}" cy="${py}" r="3" fill="${OWN}"/>`,
        `<text x="${px}" y="${py - 8}" text-anchor="middle">${Number(y.toPrecision(3))}</text>`,
        `<text x="${px}" y="${base + 16}" text-anchor="middle">${x.toLocaleString('en')}</text>`,
      ]),
    ].join('\n');
  });
  const y = series.size * (height + GAP) + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${y}" fill="#ffffff"/>`,
    ...plots,
    '</svg>\n',
  ].join('\n');
}
