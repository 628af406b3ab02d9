#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// Finds a Node that is new enough, then the commands: sources in a checkout, compiled files in an installed package.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  process.exit(await runUnder(newer, args));
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

/** Signals for this process are meant for the one it started. A terminal's Ctrl-C reaches both by itself, and counts once. */
async function runUnder(node, args) {
  const child = spawn(node, args, { stdio: 'inherit' });
  const pass = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
  const [code, signal] = await once(child, 'exit');
  return code ?? (signal === 'SIGINT' ? 130 : 1);
}
