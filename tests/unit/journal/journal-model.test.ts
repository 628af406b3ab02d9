/** The journals against a model: plain arrays. Any sequence of commands gives the same answers and the same events. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Journal, Json, Result } from '../../../src/contracts/index.ts';
import { simulatedTime } from '../../../src/host/index.ts';
import { memoryJournal, openSqliteJournal } from '../../../src/journal/index.ts';

const STREAMS = ['a', 'b', 'runs/1', 'runs/2'] as const;

type Command =
  | { readonly kind: 'append'; readonly stream: string; readonly bodies: readonly Json[] }
  | {
      readonly kind: 'compare';
      readonly stream: string;
      readonly expected: number;
      readonly body: Json;
    }
  | {
      readonly kind: 'read';
      readonly stream: string;
      readonly after: number;
      readonly limit: number;
    }
  | { readonly kind: 'streams'; readonly prefix: string; readonly limit: number }
  | { readonly kind: 'verify' }
  | { readonly kind: 'reopen' };

const stream = fc.constantFrom(...STREAMS);
const small = fc.nat(6);
const body = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const commands = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        stream,
        bodies: fc.array(body, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('compare' as const),
        stream,
        expected: small,
        body,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        stream,
        after: small,
        limit: small,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('streams' as const),
        prefix: fc.constantFrom('', 'runs/', 'x'),
        limit: small,
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'verify' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  ),
  { maxLength: 30 },
);

/** What the model says a command gives; the answer of a journal is reduced to the same shape by `answerOf`. */
function modelJournal() {
  const log: { stream: string; streamSequence: number; body: Json }[] = [];
  const ofStream = (name: string) => log.filter((entry) => entry.stream === name);
  const append = (name: string, bodies: readonly Json[]) => {
    const firstSequence = log.length + 1;
    for (const one of bodies)
      log.push({ stream: name, streamSequence: ofStream(name).length + 1, body: one });
    return [firstSequence, ofStream(name).length];
  };
  return (command: Exclude<Command, { kind: 'reopen' }>): unknown => {
    switch (command.kind) {
      case 'append':
        return append(command.stream, command.bodies);
      case 'compare': {
        const current = ofStream(command.stream).length;
        return current === command.expected
          ? append(command.stream, [command.body])
          : ['conflict', current];
      }
      case 'read':
        return ofStream(command.stream)
          .slice(command.after, command.after + command.limit)
          .map((entry) => [log.indexOf(entry) + 1, entry.streamSequence, entry.body]);
      case 'streams':
        return [...new Set(log.map((entry) => entry.stream))]
          .reverse()
          .filter((name) => name.startsWith(command.prefix))
          .slice(0, command.limit);
      case 'verify':
        return log.length;
    }
  };
}

async function answerOf(
  journal: Journal,
  command: Exclude<Command, { kind: 'reopen' }>,
): Promise<unknown> {
  const receipt = (result: Awaited<ReturnType<Journal['append']>>) => {
    if (result.ok) return [result.value.firstSequence, result.value.lastStreamSequence];
    return ['conflict', (result.error.details as { current?: number }).current];
  };
  const value = <T>(result: Result<T>): T => {
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  };
  switch (command.kind) {
    case 'append':
      return receipt(
        await journal.append(
          command.stream,
          command.bodies.map((one) => ({ type: 't', body: one })),
        ),
      );
    case 'compare':
      return receipt(
        await journal.append(command.stream, [{ type: 't', body: command.body }], {
          expectedStreamSequence: command.expected,
        }),
      );
    case 'read': {
      const range = { afterStreamSequence: command.after, limit: command.limit };
      const events = value(await journal.read(command.stream, range));
      return events.map((event) => [event.sequence, event.streamSequence, event.body]);
    }
    case 'streams':
      return value(await journal.streams(command.prefix, command.limit));
    case 'verify':
      return value(await journal.verify());
  }
}

/**
 * Runs the commands in groups: those of one group are asked in one turn, without waiting in between. A read sees what was
 * committed before its turn, so a group holds only writes, or one other command.
 */
async function compare(
  steps: readonly Command[],
  body: { open: () => Promise<Journal>; settle: () => Promise<void>; keeps: boolean },
): Promise<void> {
  const model = modelJournal();
  let journal = await body.open();
  let writes: { expected: unknown; found: Promise<unknown> }[] = [];
  const settleWrites = async (): Promise<void> => {
    await body.settle();
    for (const { expected, found } of writes) expect(await found).toEqual(expected);
    writes = [];
  };
  for (const command of steps) {
    const isWrite = command.kind === 'append' || command.kind === 'compare';
    if (!isWrite) await settleWrites();
    if (command.kind === 'reopen') {
      if (!body.keeps) continue;
      await journal.close();
      journal = await body.open();
    } else {
      const found = answerOf(journal, command);
      if (isWrite) writes.push({ expected: model(command), found });
      else expect(await found).toEqual(model(command));
    }
  }
  await settleWrites();
  await journal.close();
}

describe('journal against a model of plain arrays', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'skein-journal-model-'));
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
  let files = 0;

  test('the memory journal answers as the model does', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const journal = memoryJournal({ clock: simulatedTime().clock });
        await compare(steps, {
          open: async () => journal,
          settle: async () => undefined,
          keeps: false,
        });
      }),
      { numRuns: 300 },
    );
  });

  test('the SQLite journal answers as the model does, also after it is closed and opened again', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (steps) => {
        const { clock, timers, settle } = simulatedTime();
        const file = path.join(folder, `${++files}.db`);
        const open = async () => {
          const opened = await openSqliteJournal({ file, clock, timers });
          if (!opened.ok) throw new Error(opened.error.message);
          return opened.value;
        };
        await compare(steps, { open, settle, keeps: true });
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
