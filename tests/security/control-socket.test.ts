/** Somebody else on the machine made the folder of the control socket first, and answers there in the node's name. */
import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listenForControl } from '../../src/api/control-http.ts';
import { controlSocket } from '../../src/api/control-protocol.ts';
import { ControlClient } from '../../src/api/index.ts';
import { codeIn } from '../conformance/journal-suite.ts';

let base: string;
let server: Server;
let asked: number;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'skein-cs-'));
  vi.stubEnv('TMPDIR', base);
  asked = 0;
  server = createServer((_request, response) => {
    asked++;
    response.end(JSON.stringify({ value: { isHalted: true } }));
  });
  const { folder, path } = controlSocket(join(base, 'data'));
  mkdirSync(folder, { mode: 0o700 });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => server.close(resolve));
  rmSync(base, { recursive: true, force: true });
});

const dataDir = () => join(base, 'data');
const folder = () => dirname(controlSocket(dataDir()).path);
const FOREIGN: Readonly<Record<string, () => void>> = {
  'is open to all': () => chmodSync(folder(), 0o777),
  'is readable by others': () => chmodSync(folder(), 0o755),
  'is open to a group': () => chmodSync(folder(), 0o710),
  'is a link': () => {
    renameSync(folder(), `${folder()}-real`);
    symlinkSync(`${folder()}-real`, folder());
  },
  ...(process.getuid?.() === 0
    ? { 'belongs to somebody else': () => lchownSync(folder(), 65_534, 65_534) }
    : {}),
};

it('a folder of one’s own is used', async () => {
  const client = new ControlClient(dataDir());
  expect(await client.post('/v1/halts', {})).toEqual({ ok: true, value: { isHalted: true } });
  expect(asked).toBe(1);
});

it.each(Object.entries(FOREIGN))(
  'a command sends nothing there, and no node listens there, when it %s',
  async (_, spoil) => {
    spoil();
    const client = new ControlClient(dataDir());
    expect(codeIn(await client.get('/v1/status'))).toBe('CONFIG_INVALID');
    expect(codeIn(await client.post('/v1/halts', {}))).toBe('CONFIG_INVALID');
    const run = { target: { kind: 'skill', skill: 'hello' } } as const;
    expect(codeIn(await client.run(run, () => undefined))).toBe('CONFIG_INVALID');
    expect(asked).toBe(0);
    expect(codeIn(await listenForControl(dataDir(), async () => undefined))).toBe('CONFIG_INVALID');
  },
);
