/**
 * A process that appends until it is ended, for tests that end it. Each line on stdout is the body of one event, printed
 * after the journal acknowledged it. Arguments: the file, and how many appends to make together.
 */
import { realClock, realTimers } from '../../../src/host/index.ts';
import { openSqliteJournal } from '../../../src/journal/index.ts';

const [file = '', together = '1'] = process.argv.slice(2);
const opened = await openSqliteJournal({ file, clock: realClock, timers: realTimers });
if (!opened.ok) {
  process.stdout.write(`failed ${opened.error.code}\n`);
  process.exit(1);
}
const journal = opened.value;
const first = await journal.verify();
let number = first.ok ? first.value : 0;
for (;;) {
  const results = await Promise.all(
    Array.from({ length: Number(together) }, async () => {
      number += 1;
      const body = { number, text: 'x'.repeat(number % 3_000) };
      const receipt = await journal.append(`s${number % 3}`, [{ type: 'noted', body }]);
      return receipt.ok ? `acknowledged ${body.number}` : `failed ${receipt.error.code}`;
    }),
  );
  process.stdout.write(`${results.join('\n')}\n`);
  if (results.some((line) => line.startsWith('failed'))) {
    await journal.close();
    process.exit(0);
  }
}
