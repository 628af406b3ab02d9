import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceFiles, SRC as src } from '../../support/sources.ts';

/** The floor of each room. A room imports rooms of lower floors, and those of its own floor named in SIDEWAYS. */
const FLOORS: Readonly<Record<string, number>> = {
  contracts: 0,
  host: 1,
  transport: 1,
  kernel: 2,
  telemetry: 2,
  cluster: 3,
  journal: 3,
  supervisor: 4,
  sandbox: 4,
  skills: 5,
  actors: 5,
  chaos: 6,
  runtime: 6,
  api: 7,
  authoring: 7,
  cli: 7,
  testing: 7,
};
/** The threads' port in `host` is a ring of `transport`, the simulator composes real runs, an author’s examples run in
 * the test kit; nothing leads back. */
const SIDEWAYS = new Set([
  'authoring > testing',
  'cli > api',
  'cli > authoring',
  'host > transport',
  'chaos > runtime',
]);
/** The sandbox's host process loads this one body alone: the whole room would bring the thread pool into it. */
const SIDE_DOORS = new Set(['sandbox/host-main.ts > host/timers.ts']);

const files = sourceFiles().filter((file) => file.includes('/'));

interface Arrow {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly target: string;
}

function arrowsOf(file: string): Arrow[] {
  const text = readFileSync(join(src, file), 'utf8');
  const [from = ''] = file.split('/');
  const specifiers = Array.from(
    text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g),
    (match) => match[1] ?? '',
  );
  return specifiers.flatMap((specifier) => {
    const target = relative(src, join(src, file, '..', specifier));
    const [to = ''] = target.split('/');
    return to === from || !target.includes('/') ? [] : [{ file, from, to, target }];
  });
}

const arrows = files.flatMap(arrowsOf);

describe('floors', () => {
  it('finds the arrows that there are', () => {
    expect(arrows.length).toBeGreaterThan(100);
    expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(new Set(Object.keys(FLOORS)));
  });

  it('lets imports point downwards only', () => {
    const wrong = arrows.filter(({ from, to }) => {
      const isDown = (FLOORS[to] ?? 99) < (FLOORS[from] ?? -1);
      return !isDown && !SIDEWAYS.has(`${from} > ${to}`);
    });
    const sentences = wrong.map(
      ({ file, from, to }) =>
        `${file}: ${from} (floor ${FLOORS[from]}) may not import ${to} (floor ${FLOORS[to]}): move the code down`,
    );
    expect(sentences).toEqual([]);
  });

  it('lets rooms be entered by their index alone', () => {
    const wrong = arrows.filter(
      ({ file, target }) =>
        !/^[^/]+\/index\.ts$/.test(target) && !SIDE_DOORS.has(`${file} > ${target}`),
    );
    expect(
      wrong.map(
        ({ file, target }) => `${file} reaches ${target}: export the name from its index.ts`,
      ),
    ).toEqual([]);
  });
});
