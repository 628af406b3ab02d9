// Teaches: a plan fans out over files, verifies each piece by re-execution, and writes one report.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startNode } from 'skein';

const file = fileURLToPath(new URL('./plans/report.yaml', import.meta.url));
const files = ['package.json', 'tsconfig.json', 'biome.json'].map((name) =>
  fileURLToPath(new URL(`../${name}`, import.meta.url)),
);

const node = await startNode({ dataDir: 'memory' });
assert(node.ok, node.ok ? '' : node.error.message);
const target = { kind: 'plan-text', text: await readFile(file, 'utf8'), file } as const;
const outcome = await node.value.execute({ target, input: { files } });
await node.value.close();

assert(outcome.ok, outcome.ok ? '' : outcome.error.message);
const report = String(outcome.value);
for (const name of ['package.json', 'tsconfig.json', 'biome.json'])
  assert.match(report, new RegExp(`\\| ${name} \\|`));
console.log(report);
