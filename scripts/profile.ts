/**
 * `npm run profile -- messaging/tell [METRIC]`: one benchmark under clinic flame (https://clinicjs.org), Skein alone. Clinic is
 * fetched by npx when it is wanted; it is no dependency. The flame graph lies in `.clinic/` afterwards.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.ts';

const [wanted = 'messaging/tell', metric] = process.argv.slice(2).filter((word) => word !== '--');
const name = wanted === 'messaging' || wanted === 'threads' ? `${wanted}/tell` : wanted;
const file = join('bench', `${name}.ts`);
if (!existsSync(join(root, file))) {
  process.stderr.write(`there is no benchmark ${file}\n`);
  process.exit(2);
}
const METRICS: Readonly<Record<string, string>> = { 'threads/tell': 'one way, 100 B' };
const measured = metric ?? METRICS[name] ?? name.slice(name.indexOf('/') + 1);
const child = [process.execPath, '--disable-warning=ExperimentalWarning', file];
const args = ['--contestant=Skein', `--metric=${measured}`];
run(
  `clinic flame of ${name}`,
  'npx',
  ['--yes', 'clinic@13', 'flame', '--open=false', '--', ...child, ...args],
  { NO_INSIGHT: '1' },
);
