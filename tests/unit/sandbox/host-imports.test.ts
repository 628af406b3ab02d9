/** What a host process loads: little, so that it starts soon, and nothing that it cannot see behind its wall. */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HOST_PACKAGES } from '../../../src/sandbox/host-files.ts';

const SOURCES = fileURLToPath(new URL('../../../src', import.meta.url));
const IMPORT = /^(?:import|export)\s(?!type\b)[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;

/** Guest code is text in templates, and imports nothing here. */
const importsOf = (file: string): readonly string[] =>
  [
    ...readFileSync(file, 'utf8')
      .replaceAll(/`[^`]*`/g, '``')
      .matchAll(IMPORT),
  ].map(([, from, bare]) => from ?? bare ?? '');

function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith('.')) loadedBy(resolve(dirname(file), specifier), seen);
    else if (!specifier.startsWith('node:')) seen.add(`package ${specifier.split('/')[0]}`);
  }
  return seen;
}

test('a host process loads its own files and the packages that its wall shows it', () => {
  const loaded = [...loadedBy(resolve(SOURCES, 'sandbox/host-main.ts'))];
  const packages = loaded.filter((each) => each.startsWith('package '));
  expect(packages.sort()).toEqual(['package isolated-vm', 'package typebox']);
  for (const each of packages) expect(HOST_PACKAGES).toContain(each.slice('package '.length));
  const files = loaded
    .filter((each) => each.endsWith('.ts'))
    .map((each) => relative(SOURCES, each));
  expect(files.filter((each) => !each.startsWith('sandbox/'))).toEqual(['host/timers.ts']);
});
