/** `npm run bench -- SUITE`: runs `bench/SUITE.ts`; without a name, all of them. One JSON object a line. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.ts';

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const suites = readdirSync(join(root, 'bench'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3));
const unknown = wanted.filter((name) => !suites.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`there is no suite ${unknown.join(', ')}; there are ${suites.join(', ')}\n`);
  process.exit(2);
}
for (const name of wanted.length > 0 ? wanted : suites) {
  run(name, process.execPath, [
    '--disable-warning=ExperimentalWarning',
    join('bench', `${name}.ts`),
  ]);
}
