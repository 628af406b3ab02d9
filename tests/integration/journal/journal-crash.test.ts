import { spawn } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { codeIn, everything, open, temporaryFolder, valueIn } from './journals.ts';

const PROCESS = path.join(import.meta.dirname, 'appending-process.ts');
const folder = temporaryFolder();

interface Ended {
  readonly acknowledged: readonly number[];
  readonly failures: readonly string[];
}

/** Runs the appending process until `isEnough` of its lines, then kills it with SIGKILL; or until it ends by itself. */
function appendUntil(
  command: readonly string[],
  isEnough: (lines: readonly string[]) => boolean,
): Promise<Ended> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  // The last line may be cut by the kill; what counts is what was printed whole.
  const lines = () => printed.split('\n').slice(0, -1);
  child.stdout.on('data', (bytes: Buffer) => {
    printed += bytes.toString();
    if (isEnough(lines())) child.kill('SIGKILL');
  });
  return new Promise((resolve) => {
    child.once('close', () => {
      const acknowledged = lines()
        .filter((line) => line.startsWith('acknowledged '))
        .map((line) => Number(line.slice('acknowledged '.length)));
      resolve({ acknowledged, failures: lines().filter((line) => line.startsWith('failed')) });
    });
  });
}

async function numbersIn(file: string): Promise<number[]> {
  const journal = valueIn(await open(file));
  const numbers = (await everything(journal)).map(
    ({ body }) => (body as { number: number }).number,
  );
  await journal.close();
  return numbers;
}

describe('a process that is killed while it appends', () => {
  test.each([1, 50])(
    'has every acknowledged event in its journal, %i together, again and again',
    async (together) => {
      const file = path.join(folder, `killed-${together}.db`);
      let acknowledged: readonly number[] = [];
      for (const enough of [1, 130, 777]) {
        const ended = await appendUntil(
          [process.execPath, PROCESS, file, String(together)],
          (lines) => lines.length >= enough,
        );
        acknowledged = [...acknowledged, ...ended.acknowledged];
        const found = new Set(await numbersIn(file));
        expect(acknowledged.filter((number) => !found.has(number))).toEqual([]);
      }
      // What was written but not acknowledged may be there too; numbers stay free of gaps.
      const numbers = await numbersIn(file);
      expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    },
  );
});

describe('a journal that cannot be written', () => {
  test('fails with JOURNAL_UNAVAILABLE when the disk takes no more, and keeps what it acknowledged', async () => {
    const file = path.join(folder, 'full.db');
    // The shell bounds the size of files (blocks of 512 bytes); without the trap the signal would end the process.
    const script = `trap '' XFSZ; ulimit -f 1000; exec "$0" "$@"`;
    const ended = await appendUntil(
      ['/bin/sh', '-c', script, process.execPath, PROCESS, file, '10'],
      () => false,
    );
    expect(new Set(ended.failures)).toEqual(new Set(['failed JOURNAL_UNAVAILABLE']));
    expect(ended.acknowledged.length).toBeGreaterThan(0);
    const found = new Set(await numbersIn(file));
    expect(ended.acknowledged.filter((number) => !found.has(number))).toEqual([]);
  });

  test('is not opened when another opening has it, and is opened once that is closed', async () => {
    const file = path.join(folder, 'shared.db');
    const first = valueIn(await open(file));
    for (const onDamage of ['fail', 'keep-prefix'] as const)
      expect(codeIn(await open(file, onDamage))).toBe('JOURNAL_UNAVAILABLE');
    await first.append('a', [{ type: 't', body: 1 }]);
    await first.close();
    const second = valueIn(await open(file));
    expect(valueIn(await second.verify())).toBe(1);
    await second.close();
  });

  test('is not opened in a folder that does not exist', async () => {
    expect(codeIn(await open(path.join(folder, 'none', 'journal.db')))).toBe('JOURNAL_UNAVAILABLE');
  });

  test('is not opened when its name is that of a folder', async () => {
    expect(codeIn(await open(folder))).toBe('JOURNAL_UNAVAILABLE');
  });
});

describe('a journal that is much asked', () => {
  test('refuses appends beyond its bound and goes on afterwards', async () => {
    const journal = valueIn(await open(path.join(folder, 'asked.db')));
    const large = { type: 't', body: 'x'.repeat(1_000_000) };
    const results = await Promise.all(
      Array.from({ length: 80 }, () => journal.append('a', [large])),
    );
    const codes = results.map(codeIn);
    const accepted = codes.filter((code) => code === 'ok').length;
    expect(accepted).toBe(67);
    expect(new Set(codes)).toEqual(new Set(['ok', 'JOURNAL_UNAVAILABLE']));
    expect(codeIn(await journal.append('a', [large]))).toBe('ok');
    expect(valueIn(await journal.verify())).toBe(accepted + 1);
    await journal.close();
  });
});
