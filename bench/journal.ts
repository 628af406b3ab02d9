/**
 * What does the journal cost beside a bare loop of inserts into SQLite? Appends a second: one at a time, 100 together and
 * 1,000 together, each against a raw `node:sqlite` loop that commits 1, 100 and again 100 rows at once with the same WAL and
 * `synchronous=FULL`, writing the same events as JSON, without sequence checks, hashes, streams or promises. Journal and raw
 * loop take turns in the same run; medians of 5 rounds; one JSON object a line.
 *
 *     node bench/journal.ts
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Journal, JournalEvent } from '../src/contracts/index.ts';
import { realClock, realTimers } from '../src/host/index.ts';
import { openSqliteJournal } from '../src/journal/index.ts';

const ROUNDS = 5;
/** Appends in one measurement of one round. */
const APPENDS = { alone: 1_000, together: 20_000 };
const STREAM = 'runs/run-0123456789abcdef';

/** About 260 bytes when recorded: a step of a run that gave a small output. */
const event = (at: number): JournalEvent => ({
  type: 'step-settled',
  body: {
    step: 'parse',
    attempt: 1,
    output: { text: 'x'.repeat(60), count: at },
    usage: { cpuMs: 2 },
  },
});

interface Contestant {
  readonly metric: string;
  readonly n: number;
  readonly journal: () => Promise<number>;
  readonly raw: () => number;
}

/** Appends a second when `together` appends are made in one turn, then awaited. */
async function journalRate(journal: Journal, { n, together }: { n: number; together: number }) {
  const startedMs = realClock.monotonicMs();
  for (let done = 0; done < n; done += together) {
    const results = await Promise.all(
      Array.from({ length: together }, (_, at) => journal.append(STREAM, [event(done + at)])),
    );
    for (const result of results) if (!result.ok) throw new Error(result.error.message);
  }
  return (n * 1_000) / (realClock.monotonicMs() - startedMs);
}

function rawLoop(file: string): (load: { n: number; rows: number }) => number {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE log (sequence INTEGER PRIMARY KEY, event TEXT NOT NULL) STRICT');
  const insert = database.prepare('INSERT INTO log (sequence, event) VALUES (?, ?)');
  let sequence = 0;
  return ({ n, rows }) => {
    const startedMs = realClock.monotonicMs();
    for (let done = 0; done < n; done += rows) {
      database.exec('BEGIN IMMEDIATE');
      for (let at = 0; at < rows; at++) {
        sequence += 1;
        const { type, body } = event(done + at);
        const facts = {
          atMs: startedMs,
          body,
          sequence,
          stream: STREAM,
          streamSequence: sequence,
          type,
        };
        insert.run(sequence, JSON.stringify(facts));
      }
      database.exec('COMMIT');
    }
    return (n * 1_000) / (realClock.monotonicMs() - startedMs);
  };
}

function summary({ metric, n }: Contestant, rates: number[], baselines: number[]): string {
  const sorted = rates.toSorted((a, b) => a - b);
  const baseline = baselines.toSorted((a, b) => a - b);
  const middle = (values: number[]): number => values[Math.floor(values.length / 2)] ?? Number.NaN;
  return JSON.stringify({
    suite: 'journal',
    metric,
    unit: 'appends/s',
    n,
    median: Math.round(middle(sorted)),
    min: Math.round(sorted[0] ?? Number.NaN),
    max: Math.round(sorted.at(-1) ?? Number.NaN),
    baseline: metric.startsWith('one') ? 'raw, 1 row a commit' : 'raw, 100 rows a commit',
    baselineMedian: Math.round(middle(baseline)),
    ratio: Number((middle(sorted) / middle(baseline)).toFixed(3)),
  });
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skein-bench-'));
try {
  const opened = await openSqliteJournal({
    file: path.join(folder, 'journal.db'),
    clock: realClock,
    timers: realTimers,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const journal = opened.value;
  const raw = rawLoop(path.join(folder, 'raw.db'));
  const contestant = (metric: string, n: number, together: number): Contestant => ({
    metric,
    n,
    journal: () => journalRate(journal, { n, together }),
    raw: () => raw({ n, rows: Math.min(together, 100) }),
  });
  const contestants = [
    contestant('one at a time', APPENDS.alone, 1),
    contestant('100 together', APPENDS.together, 100),
    contestant('1000 together', APPENDS.together, 1_000),
  ];
  const rates = new Map(
    contestants.map(({ metric }) => [metric, { own: [] as number[], raw: [] as number[] }]),
  );
  // Round 0 warms up and is not counted.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const one of contestants) {
      const found = { own: await one.journal(), raw: one.raw() };
      if (round === 0) continue;
      rates.get(one.metric)?.own.push(found.own);
      rates.get(one.metric)?.raw.push(found.raw);
    }
  }
  for (const one of contestants)
    console.log(summary(one, rates.get(one.metric)?.own ?? [], rates.get(one.metric)?.raw ?? []));
  await journal.close();
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
