#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// Finds a Node that is new enough, then the commands: sources in a checkout, compiled files in an installed package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MIN_MAJOR = 24;
const here = dirname(fileURLToPath(import.meta.url));

if (Number(process.versions.node.split('.')[0]) < MIN_MAJOR) {
  const newer = nodeFromPackage();
  if (!newer) {
    console.error(
      `skein needs Node ${MIN_MAJOR} or newer; this is ${process.version}.\n` +
        'Install a newer Node, or put one beside skein: npm install node@26 --allow-scripts=node',
    );
    process.exit(2);
  }
  const args = [
    '--disable-warning=ExperimentalWarning',
    fileURLToPath(import.meta.url),
    ...process.argv.slice(2),
  ];
  const { status, signal } = spawnSync(newer, args, { stdio: 'inherit' });
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
}

const source = join(here, '../src/cli/main.ts');
const isCheckout = existsSync(source) && !here.includes('node_modules');
const { main } = await import(isCheckout ? source : join(here, '../dist/cli/main.js'));
await main(process.argv.slice(2));

/** The `node` package from the registry, when the project has it. */
function nodeFromPackage() {
  for (const start of [join(process.cwd(), 'x.js'), fileURLToPath(import.meta.url)]) {
    try {
      const file = join(dirname(createRequire(start).resolve('node/package.json')), 'bin/node');
      if (existsSync(file)) return file;
    } catch {
      // Not installed there; look on.
    }
  }
  return undefined;
}
