/** `npm run examples`: runs every numbered example; each checks its own output and fails when that is wrong. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.ts';

const examples = readdirSync(join(root, 'examples'))
  .filter((name) => /^\d\d-.*\.ts$/.test(name))
  .sort();
const flags = ['--conditions=skein-source', '--disable-warning=ExperimentalWarning'];
for (const name of examples) run(name, process.execPath, [...flags, join('examples', name)]);
process.stdout.write(`\n${examples.length} examples passed\n`);
