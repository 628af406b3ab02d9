/** Skills that do not end by themselves, and a server on this machine that tells when their calls arrive. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Each calls `/ping` first, when it is told where. */
const BODIES = {
  /** Holds a native call that nothing in the isolate can interrupt. */
  native: `return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 'x');`,
  /** Waits for an answer that never comes. */
  hung: `return ctx.http.request({ url: input.url + '/hung', timeoutMs: 240_000 });`,
  /** One call after the other. */
  calling: `for (;;) await ctx.http.request({ url });`,
};
export type BusyKind = keyof typeof BODIES;

/** Writes the folder of a skill. @returns where it is */
export function busySkill(folder: string, kind: BusyKind, host: string): string {
  const path = join(folder, `busy_${kind}`);
  mkdirSync(path, { recursive: true });
  const manifest = {
    ...{ name: `busy_${kind}`, version: '1.0.0', description: `Busy: ${kind}.` },
    ...{ input: true, output: true, effects: 'idempotent' },
    resources: { cpuMs: 60_000, wallMs: 300_000, hostCalls: 100_000, hostCallsPerSecond: 100_000 },
    capabilities: { http: { hosts: [host], methods: ['GET'] } },
  };
  writeFileSync(join(path, 'skill.json'), JSON.stringify(manifest));
  const begin = 'const url = `${input?.url}/ping?${input?.actor}`;';
  const first = 'if (input?.url) await ctx.http.request({ url });';
  const body = [begin, first, BODIES[kind]].join('\n  ');
  const source = `export default async (input, ctx) => {\n  ${body}\n};\n`;
  writeFileSync(join(path, 'index.js'), source);
  return path;
}

export interface Arrivals {
  readonly url: string;
  readonly host: string;
  /** By the wall clock. */
  readonly atMs: readonly number[];
  /** What was asked for, each once. */
  readonly asked: ReadonlySet<string>;
  /** Connections that wait for an answer. */
  readonly hanging: () => number;
  readonly close: () => void;
}

/** Answers `/ping` after a while and leaves `/hung` open. */
export async function startArrivals(delayMs = 0): Promise<Arrivals> {
  const atMs: number[] = [];
  const asked = new Set<string>();
  let hanging = 0;
  const server = createServer((request, response) => {
    atMs.push(Date.now());
    asked.add(request.url ?? '');
    if (request.url !== '/hung') {
      setTimeout(() => response.end('pong'), delayMs);
      return;
    }
    hanging++;
    response.once('close', () => {
      hanging--;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url: `http://${host}`, host, atMs, asked },
    hanging: () => hanging,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
