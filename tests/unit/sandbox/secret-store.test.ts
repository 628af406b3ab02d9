/** The secrets of a node, from a real file and an environment: who may read them, when they are read again, what errors show. */
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SecretStore } from '../../../src/sandbox/secrets/secret-store.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skein-secrets-'));
  file = join(folder, 'secrets.yaml');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (text: string, mode = 0o600) => {
  writeFileSync(`${file}.new`, text);
  chmodSync(`${file}.new`, mode);
  renameSync(`${file}.new`, file);
};

it('gives what the file names, with its hosts', () => {
  write(
    'github: { value: ghp_0123456789, hosts: [api.github.com] }\nbare: { value: just a value }\n',
  );
  const store = new SecretStore({ file });
  expect(store.load()).toMatchObject({ ok: true });
  expect(store.find('github')).toEqual({
    ok: true,
    value: { value: 'ghp_0123456789', hosts: ['api.github.com'] },
  });
  expect(store.find('bare')).toMatchObject({ value: { hosts: [] } });
  expect(store.find('gitlab')).toMatchObject({ error: { code: 'SECRET_UNAVAILABLE' } });
  expect(store.find('constructor')).toMatchObject({ error: { code: 'SECRET_UNAVAILABLE' } });
});

it.each([0o640, 0o604, 0o660, 0o622])('refuses a file of mode %o', (mode) => {
  write('a: { value: 0123456789 }', mode);
  expect(new SecretStore({ file }).load()).toMatchObject({
    ok: false,
    error: { code: 'SECRETS_UNUSABLE', details: { reason: expect.stringContaining('mode') } },
  });
});

it.each([
  'a: { value: short }',
  'a: { value: "very\\nsecret-value" }',
  'a: { value: very-secret-value, host: x }',
  'Name: { value: very-secret-value }',
  'very-secret-value',
  'a: { value: very-secret-value',
])('refuses %j, and shows nothing of it', (text) => {
  write(text);
  const loaded = new SecretStore({ file }).load();
  expect(loaded).toMatchObject({ ok: false, error: { code: 'SECRETS_UNUSABLE' } });
  expect(JSON.stringify(loaded)).not.toContain('very');
});

it('refuses a file that there is not, and a folder', () => {
  expect(new SecretStore({ file }).load()).toMatchObject({ ok: false });
  expect(new SecretStore({ file: folder }).load()).toMatchObject({ ok: false });
});

it('reads the file again when it has changed, and gives none while it cannot be used', () => {
  write('a: { value: "the first value" }');
  const store = new SecretStore({ file });
  expect(store.find('a')).toMatchObject({ value: { value: 'the first value' } });
  write('a: { value: "the second value" }');
  expect(store.find('a')).toMatchObject({ value: { value: 'the second value' } });
  // What was sent before the change may come back after it.
  expect(store.values()).toEqual(['the first value', 'the second value']);
  chmodSync(file, 0o644);
  expect(store.find('a')).toMatchObject({ error: { code: 'SECRET_UNAVAILABLE' } });
  chmodSync(file, 0o600);
  expect(store.find('a')).toMatchObject({ ok: true });
  rmSync(file);
  expect(store.find('a')).toMatchObject({ error: { code: 'SECRET_UNAVAILABLE' } });
});

it('takes those of the environment too; the file goes before it', () => {
  write('both: { value: of the file }');
  const env = {
    SKEIN_SECRET_BOTH: 'of the environment',
    SKEIN_SECRET_API_KEY: 'another value',
    SKEIN_SECRET_API_KEY_HOSTS: 'a.test, b.test:8443',
    SKEIN_OTHER: 'ignored here',
  };
  const store = new SecretStore({ file, env });
  expect(store.find('both')).toMatchObject({ value: { value: 'of the file' } });
  expect(store.find('api_key')).toEqual({
    ok: true,
    value: { value: 'another value', hosts: ['a.test', 'b.test:8443'] },
  });
  expect(new SecretStore({ env: { SKEIN_SECRET_X: 'short' } }).load()).toMatchObject({ ok: false });
});
