/** `npm run docs`: writes what is generated. A test compares it with the sources, so it cannot grow old. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage, readmeWithExample } from './pages.ts';
import { root } from './run.ts';

writeFileSync(join(root, 'docs/errors.md'), errorsPage());
const readme = join(root, 'README.md');
writeFileSync(
  readme,
  readmeWithExample(
    readFileSync(readme, 'utf8'),
    readFileSync(join(root, 'examples/01-hello-actor.ts'), 'utf8'),
  ),
);
