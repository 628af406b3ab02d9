/**
 * workerd, the runtime of Cloudflare Workers, over loopback: one process, one isolate, HTTP with a connection that is kept. It is no
 * dependency: npx fetches it (155 MB, once). Where it cannot be had the contestant is missing, and said to be.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { HONEST, INPUT } from './skein.ts';

const WORKERD = 'workerd@1.20261117.1';
const FETCH_MS = 240_000;

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .sum)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
const sum :Workerd.Worker = (
  modules = [(name = "main", esModule = embed "main.js"), (name = "skill", esModule = embed "skill.js")],
  compatibilityDate = "2026-01-01"
);
`;
const MAIN = `import handler from 'skill';
export default { async fetch(request) { return Response.json(await handler(await request.json())); } };
`;

/** @throws with the code ENOENT when it cannot be fetched, which the contest takes for "not installed" */
export function findWorkerd(): string {
  try {
    const args = ['--yes', `--package=${WORKERD}`, '--', 'sh', '-c', 'command -v workerd'];
    const options = { encoding: 'utf8', timeout: FETCH_MS, stdio: ['ignore', 'pipe', 'ignore'] };
    return realpathSync(execFileSync('npx', args, options as { encoding: 'utf8' }).trim());
  } catch {
    const reason = `npx could not fetch ${WORKERD}`;
    throw Object.assign(new Error(reason), { code: 'ENOENT' });
  }
}

export interface Workerd {
  readonly call: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Started, and listening. */
export async function startWorkerd(file: string): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'skein-bench-workerd-'));
  writeFileSync(join(folder, 'config.capnp'), CONFIG);
  writeFileSync(join(folder, 'main.js'), MAIN);
  writeFileSync(join(folder, 'skill.js'), HONEST);
  const args = ['serve', '--control-fd=3', join(folder, 'config.capnp')];
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  const lines = createInterface(child.stdio[3] as Readable);
  const [line] = (await once(lines, 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify(INPUT);
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  return {
    call: () =>
      new Promise((resolve, reject) => {
        const options = { port, host: '127.0.0.1', method: 'POST', agent, headers };
        const sent = request(options, async (response) => {
          let text = '';
          for await (const chunk of response.setEncoding('utf8')) text += chunk;
          if (text === '{"sum":3}') resolve();
          else reject(new Error(`workerd says ${text}`));
        });
        sent.on('error', reject);
        sent.end(body);
      }),
    end: async () => {
      agent.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}
